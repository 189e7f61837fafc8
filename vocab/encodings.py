"""The encodings whose rank files are published without their pattern: file digests, patterns and special tokens.

Facts as the packages `tiktoken` (0.14) and `whisper` publish them. A rank file is one of these where its SHA-256 is, or
where it bears the name and has as many ranks; a file that merely has as many may have another pattern, so it is not.
`for_tokenizers` writes a pattern for the regex engine of the `tokenizers` library, which reads three signs otherwise.
"""

import re
from dataclasses import dataclass

_GPT2 = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
_CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
    r"|\s+(?!\S)|\s"
)
_O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_END = "<|endoftext|>"


@dataclass(frozen=True, slots=True)
class Encoding:
    """A published encoding: its names, the number of ranks and the SHA-256 of its file, its pattern, special tokens."""

    names: tuple[str, ...]
    ranks: int
    sha256: str
    pattern: str
    special_tokens: tuple[tuple[str, int], ...] = ()


ENCODINGS = (
    Encoding(
        ("r50k_base", "gpt2"),
        50_256,
        "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
        _GPT2,
        ((_END, 50_256),),
    ),
    Encoding(
        ("p50k_base",),
        50_280,
        "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069",
        _GPT2,
        ((_END, 50_256),),
    ),
    Encoding(
        ("cl100k_base",),
        100_256,
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        _CL100K,
        (
            (_END, 100_257),
            ("<|fim_prefix|>", 100_258),
            ("<|fim_middle|>", 100_259),
            ("<|fim_suffix|>", 100_260),
            ("<|endofprompt|>", 100_276),
        ),
    ),
    Encoding(
        ("o200k_base",),
        199_998,
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        _O200K,
        ((_END, 199_999), ("<|endofprompt|>", 200_018)),
    ),
    # Whisper's special tokens depend on the languages of the model, so they are no part of the encoding.
    Encoding(("multilingual",), 50_256, "b34b360dbb493e781e479794586d661700670d65564001f23024971d1f2fa126", _GPT2),
)

TEKKEN_SPECIAL_TOKENS = (
    "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
    "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]",
    "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
)  # fmt: skip
"""The special tokens, by id, of a tekken file that names none."""
TEKKEN_VERSIONS = ("v1", "v2", "v3", "v7")
"""Versions of a tekken file that may leave its special tokens out."""
TEKKEN_FILLER = "<SPECIAL_{}>"
"""The special token of an id that the file leaves without one."""

_PARTS = re.compile(
    r"(?P<atom>\\[pP]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\])|(?P<possessive>[?*+]\+|\{[0-9]+(?:,[0-9]*)?\}\+)"
    r"|(?P<edge>[$^])|(?P<other>.)",
    re.DOTALL,
)


def find_encoding(sha256: str, stem: str, ranks: int) -> Encoding | None:
    """The published encoding with this file digest, or of this name and as many ranks."""
    by_digest = [one for one in ENCODINGS if one.sha256 == sha256]
    by_name = [one for one in ENCODINGS if stem in one.names and one.ranks == ranks]
    return next(iter([*by_digest, *by_name]), None)


def for_tokenizers(pattern: str) -> str | None:
    r"""The pattern as the library's engine (Oniguruma) must read it to split as tiktoken's does; None where unknown.

    There `$` and `^` are edges of a line, here of the text; and `{m,n}+` repeats, here it gives no character back. At the
    end of an alternative nothing could ask for one back, so there the plain quantifier is written.
    """
    written: list[str] = []
    depth = 0
    for found in _PARTS.finditer(pattern):
        depth += {"(": 1, ")": -1}.get(found["other"] or "", 0)
        if not found["possessive"]:
            written.append({"$": r"\z", "^": r"\A"}.get(found["edge"] or "", found[0]))
        elif depth == 0 and pattern[found.end() : found.end() + 1] in ("", "|"):
            written.append(found[0][:-1])
        elif not found[0].startswith("{"):
            written.append(found[0])
        elif written and written[-1] != ")":
            written[-1] = f"(?>{written[-1]}{found[0][:-1]})"
        else:
            return None
    return "".join(written)

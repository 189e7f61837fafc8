"""Reads a base tokenizer: a Hugging Face folder, its `tokenizer.json`, or a rank file of byte-level BPE.

`load` gives the parsed file, its digest and what must be known before anything is added to it. A tekken.json and a
tiktoken file are read as the `tokenizer.json` that gives the same ids (`vocab.ranks`). A kind that no term can be added to
is refused in a sentence that says why. Nothing is fetched: a base is a path. The file format is that of the `tokenizers`
library, version "1.0". `vocab.model_base` reads a SentencePiece `.model`.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from govern.errors import InputError
from govern.files import parse_strict
from vocab.byte_alphabet import CHARACTERS, read, spell
from vocab.errors import VocabError
from vocab.rank_files import is_tekken, is_tiktoken, read_tekken, read_tiktoken
from vocab.ranks import spec_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER = "tokenizer.json"
CONFIG = "tokenizer_config.json"
SPECIAL_TOKENS = "special_tokens_map.json"
EXTENSION = "extension.json"
UNCHANGED = ("chat_template.jinja", "chat_template.json", "LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE")
"""Other files of a base folder that stay true of its extension, copied byte for byte."""

CLASS = "PreTrainedTokenizerFast"
"""The class of transformers that reads `tokenizer.json` as it stands."""
NORMALIZERS = (None, "NFC", "NFKC")
FAMILY = "byte-level BPE"
EXPORT, UNIGRAM, WORDS = "SentencePiece-style BPE", "Unigram", "WordPiece"
FAMILIES = (FAMILY, EXPORT, UNIGRAM, WORDS)
"""The families of a `tokenizer.json` that terms can be added to."""
_EXPECTED = "a tokenizer.json, a SentencePiece .model, a tekken.json or tiktoken ranks (.tiktoken)"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
MAX_IDS = 1 << 24
"""A vocabulary has fewer ids; a model has a row for each, whether used or not."""


@dataclass(frozen=True, slots=True)
class Base:
    """A tokenizer: where it lies, the SHA-256 of its file, and its parsed `tokenizer.json` (read it, never change it)."""

    path: Path
    sha256: str
    spec: dict[str, Any] = field(repr=False)
    _built: dict[str, "Tokenizer"] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The library's tokenizers of this value, by what was left out: each is built once."""

    @property
    def family(self) -> str:
        """One of `FAMILIES`, or the name of the model where it is none of them."""
        return family_of(self.spec)

    @property
    def space(self) -> str:
        """What its tokens have for a space before a word; '' where they have nothing."""
        return {FAMILY: "Ġ", EXPORT: "▁", UNIGRAM: "▁"}.get(self.family, "")

    @property
    def unknown_id(self) -> int | None:
        """The id of text that it cannot read; None where such text becomes bytes, or is lost."""
        model = self.spec["model"]
        if self.family == UNIGRAM:
            return None if model.get("byte_fallback") else model.get("unk_id")
        return None if self.family == FAMILY or model.get("byte_fallback") else self.vocab.get(model.get("unk_token"))

    def spelled(self, text: str) -> str:
        """A piece of normalised text as its tokens spell it."""
        return spell(text) if self.family == FAMILY else text

    def read(self, spelled: str) -> str:
        """The piece of normalised text that is spelled so."""
        return read(spelled).decode() if self.family == FAMILY else spelled

    @property
    def vocab(self) -> dict[str, int]:
        """Token (as the file spells it) to id, without added tokens that only `added` holds."""
        vocab: dict[str, int] | list[list[Any]] = self.spec["model"]["vocab"]
        return vocab if isinstance(vocab, dict) else {token: number for number, (token, _) in enumerate(vocab)}

    @property
    def merges(self) -> tuple[tuple[str, str], ...]:
        """The merges in order; earlier ones run first."""
        return tuple(_pair(merge) for merge in self.spec["model"].get("merges", ()))

    @property
    def added(self) -> dict[str, int]:
        """Special and other added tokens, as text, to id."""
        return {token["content"]: token["id"] for token in self.spec.get("added_tokens", ())}

    @property
    def next_id(self) -> int:
        """The first id above every id in use."""
        return max((*self.vocab.values(), *self.added.values())) + 1

    @property
    def missing_bytes(self) -> int:
        """How many of the 256 bytes have no token: text that holds one is lost by this tokenizer."""
        return sum(character not in self.vocab for character in CHARACTERS) if self.family == FAMILY else 0

    @property
    def ignores_merges(self) -> bool:
        """True where a pre-token that is itself a token takes its id without any merge."""
        return bool(self.spec["model"].get("ignore_merges"))

    def tokenizer(self) -> "Tokenizer":
        """The tokenizer, without truncation and padding, so that every token of a text is seen."""
        return self._build("whole", {})

    def inner(self) -> "Tokenizer":
        """The tokenizer of what stands inside a text: it puts no space before its first word."""
        parts = {part: self.spec.get(part) for part in ("normalizer", "pre_tokenizer")}
        bare = {name: part and without_prefix_space(part) for name, part in parts.items()}
        return self.tokenizer() if bare == parts else self._build("inner", bare)

    def model_alone(self) -> "Tokenizer":
        """The tokenizer of a pre-token as `vocab.pretokens` spells it: nothing is normalised, cut or looked for in it."""
        bare = dict.fromkeys(("normalizer", "pre_tokenizer", "post_processor", "decoder"))
        return self._build("model", {**bare, "added_tokens": []})

    def take_built(self, other: "Base") -> None:
        """Takes over the tokenizers that `other`, the same base, has built."""
        self._built.update(other._built)  # noqa: SLF001 (another of the same class)

    def _build(self, name: str, changed: dict[str, Any]) -> "Tokenizer":
        if name not in self._built:
            self._built[name] = build({**self.spec, **changed}, str(self.path))
        return self._built[name]


def load(path: Path) -> Base:
    """The tokenizer at `path`: a folder, a `tokenizer.json`, a tekken.json or tiktoken ranks.

    Raises:
        VocabError: nothing readable there, another kind of tokenizer, or one that was extended already.
    """
    file = find(path)
    data = read_file(file)
    if file.suffix == ".model" and not is_tiktoken(data, file):
        raise VocabError(f"{file}: a SentencePiece model, expected a tokenizer.json or ranks; name that file")
    base = Base(file, hashlib.sha256(data).hexdigest(), read_spec(data, file))
    refuse(base)
    return base


def refuse(base: Base) -> None:
    """Returns where terms can be added to `base`.

    Raises:
        VocabError: it is another kind of tokenizer, its ids are odd, or it was extended already.
    """
    refuse_extended(base.path)
    refuse_other_kinds(base.spec, str(base.path))
    refuse_odd_ids(base)


def refuse_extended(file: Path) -> None:
    """Returns where no extension's record stands beside `file`; else `VocabError`."""
    if (file.parent / EXTENSION).exists():
        raise VocabError(
            f"{file.parent}: holds {EXTENSION}, so it was extended already; extend its base again, with all term lists"
        )


def find(path: Path) -> Path:
    """The file of the tokenizer at `path`: `tokenizer.json`, or where there is none a SentencePiece model or rank file.

    Raises:
        VocabError: there is none, or several; the message says what was expected.
    """
    if path.is_file() and path.suffix in (".json", ".model", ".tiktoken"):
        return path
    if path.is_file():
        raise VocabError(f"{path}: no file of a tokenizer; expected {_EXPECTED}, or a folder with one of them")
    if not path.is_dir():
        raise VocabError(f"{path}: no such file or folder; give a local path, since nothing is downloaded")
    if (path / TOKENIZER).is_file():
        return path / TOKENIZER
    found = sorted(one for pattern in ("*.model", "*.tiktoken", "tekken*.json") for one in path.glob(pattern))
    if len(found) == 1:
        return found[0]
    several = f", and {len(found)} other files of tokenizers" if found else f"; expected {_EXPECTED}"
    raise VocabError(
        f"{path}: no {TOKENIZER} in this folder{several}; export the tokenizer with save_pretrained, or name its file"
    )


def read_file(file: Path) -> bytes:
    """The bytes of `file`; `VocabError` where they cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise VocabError(f"{file}: {error.strerror or 'cannot be read'}; check the file and its permissions") from None


def read_spec(data: bytes, file: Path) -> dict[str, Any]:
    """The parsed `tokenizer.json`, or the one that a rank file stands for; `VocabError` where it is neither."""
    if is_tiktoken(data, file):
        return spec_of(read_tiktoken(data, file))
    try:
        spec = parse_strict(data, str(file))
    except InputError as error:
        raise VocabError(str(error)) from None
    if _SURROGATE.search(data):  # written as \ud800 and the like: else the bytes would be no UTF-8
        try:
            json.dumps(spec, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise VocabError(f"{file}: holds half a surrogate pair, which is no character; export the tokenizer") from None
    if is_tekken(spec):
        return spec_of(read_tekken(spec, file))
    if not isinstance(spec, dict) or not isinstance(spec.get("model"), dict):
        raise VocabError(f"{file}: not a tokenizer.json (no 'model' in it); export the tokenizer with save_pretrained")
    return spec


def build(spec: dict[str, Any], where: str) -> "Tokenizer":
    """The library's tokenizer of a parsed `tokenizer.json`, without truncation and padding."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_str(json.dumps({**spec, "truncation": None, "padding": None}, ensure_ascii=False))
    except Exception as error:
        # The library raises bare Exception for every defect of a file; this is the boundary where it becomes a sentence.
        if type(error) is not Exception:
            raise
        raise VocabError(f"{where}: the tokenizers library cannot read it; export the tokenizer again") from None
    return tokenizer


def family_of(spec: dict[str, Any]) -> str:
    """The family of a parsed `tokenizer.json`: one of `FAMILIES`, or the name of its model."""
    model = spec["model"]
    kind = str(model.get("type") or ("BPE" if "merges" in model else "an unnamed model"))
    if kind == "BPE":
        parts = (("pre_tokenizer", "pretokenizers"), ("normalizer", "normalizers"))
        is_bytes = any("ByteLevel" in kinds(spec.get(part), inside) for part, inside in parts)
        return FAMILY if is_bytes else EXPORT
    return kind


def refuse_other_kinds(spec: dict[str, Any], where: str) -> None:
    """Returns where `spec` is a file that the library reads, of a family and form that terms can be added to.

    Raises:
        VocabError: it is not; the message names what differs.
    """
    model = spec["model"]
    kind = model.get("type") or ("BPE" if "merges" in model else "an unnamed model")
    if kind not in ("BPE", UNIGRAM, WORDS):
        _refuse(where, f"the model is {kind}")
    build(spec, where)
    family = family_of(spec)
    if family == FAMILY:
        _refuse_other_bytes(spec, where)
    elif family in (EXPORT, UNIGRAM):
        _refuse_other_exports(spec, where)
    elif spec["model"].get("unk_token") not in spec["model"]["vocab"]:
        _refuse(where, "no token for unknown words in its vocabulary")
    elif spec.get("pre_tokenizer") is None:
        _refuse(where, "WordPiece without a pre-tokenizer, so a whole text would be one word")


def _refuse_other_exports(spec: dict[str, Any], where: str) -> None:
    """Returns where `spec` writes a space as ▁ before a word, and each text in one way."""
    model, tokenizer = spec["model"], build(spec, where)
    plain = tokenizer.normalizer.normalize_str("a b") if tokenizer.normalizer else "a b"
    cut = tokenizer.pre_tokenizer.pre_tokenize_str(plain) if tokenizer.pre_tokenizer else [(plain, (0, 0))]
    if not any((row if isinstance(row, str) else row[0]).startswith("▁") for row in model["vocab"]):
        _refuse(where, "no token begins with ▁, expected that for a space")
    if "▁b" not in "".join(piece for piece, _ in cut):
        _refuse(where, "it writes a space not as ▁ before a word")
    if model.get("dropout") or model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
        _refuse(where, "BPE with dropout, prefixes or suffixes on its tokens")


def _refuse_other_bytes(spec: dict[str, Any], where: str) -> None:
    model = spec["model"]
    normalizer = (spec.get("normalizer") or {}).get("type")
    reason = None
    if "ByteLevel" not in kinds(spec.get("pre_tokenizer"), "pretokenizers"):
        reason = "byte-level BPE that cuts no text before its merges"
    elif "ByteLevel" not in kinds(spec.get("decoder"), "decoders"):
        reason = "its decoder is not that of bytes, so tokens would not join to text"
    elif model.get("dropout"):
        reason = "BPE with dropout, so the same text has many encodings"
    elif model.get("continuing_subword_prefix") or model.get("end_of_word_suffix"):
        reason = "BPE with prefixes or suffixes on its tokens"
    elif normalizer not in NORMALIZERS:
        reason = f"its normalizer is {normalizer}, expected none, NFC or NFKC"
    elif not isinstance(model.get("vocab"), dict) or not isinstance(model.get("merges"), list) or not model["vocab"]:
        reason = "its vocabulary or its merges are missing"
    if reason:
        _refuse(where, reason)


def refuse_odd_ids(base: Base) -> None:
    """Returns where each token has one id of its own, and the library gives it the id that the file says.

    Raises:
        VocabError: two tokens share an id, or the library gives an added token another id than the file.
    """
    said = {**base.vocab, **base.added}
    given = base.tokenizer().get_vocab(with_added_tokens=True)
    odd = sum(said.get(token) != number for token, number in given.items())
    shared = len(said) - len(set(said.values()))
    if odd or shared:
        what = f"{odd} tokens get another id from the tokenizers library than the file says" if odd else ""
        what = what or f"{shared} tokens share the id of another"
        raise VocabError(f"{base.path}: {what}, so ids have no one meaning; export it again with save_pretrained")
    if base.next_id > MAX_IDS:
        raise VocabError(f"{base.path}: ids up to {base.next_id - 1}, expected at most {MAX_IDS}; check the file")


def _refuse(where: str, reason: str) -> None:
    raise VocabError(f"{where}: {reason}; terms are added to {', '.join(FAMILIES)}; choose another base")


def kinds(part: dict[str, Any] | None, inside: str) -> tuple[str, ...]:
    """The types of a pre-tokenizer or decoder and of those `inside` a sequence, in order."""
    if part is None:
        return ()
    inner = part.get(inside, ())
    return tuple(kind for one in inner for kind in kinds(one, inside)) if inner else (str(part.get("type")),)


def without_prefix_space(part: dict[str, Any]) -> dict[str, Any]:
    """The pre-tokenizer or normalizer that puts no space before a text: what stands inside a text is split the same."""
    if part.get("type") == "Prepend":
        return {"type": "Sequence", "normalizers": []}
    if "normalizers" in part:
        return {**part, "normalizers": [without_prefix_space(one) for one in part["normalizers"]]}
    if part.get("type") == "Metaspace":
        return {**part, "prepend_scheme": "never"}
    if "pretokenizers" in part:
        return {**part, "pretokenizers": [without_prefix_space(one) for one in part["pretokenizers"]]}
    return {**part, "add_prefix_space": False} if "add_prefix_space" in part else part


def _pair(merge: str | list[str]) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right

"""A complete value of `coverage.json`, format 2, for what renders it: made up, with the relations that a run keeps.

Three tokenizers (a base, its extension, one of SentencePiece) over ten slices; sums are sums and ratios are of the counts
beside them. Names, terms, pieces and tokens hold what must do no harm to a page or a terminal. One slice has one document
without text, so every ratio of it is undefined.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from math import isqrt
from typing import Any

import pytest

from vocab.coverage.measures import MEASURES
from vocab.numbers import FORMATS
from vocab.trials import CONTEXTS

HOSTILE = (
    "<script>alert(1)</script>",
    "\u202eevil\u202c",
    "nul\x00byte",
    "\x1b[31mred\x1b[0m",
    "javascript:alert(1)",
    "\"'><img src=x onerror=alert(1)>",
    "]]></title><style>*{display:none}</style>",
    "{{ 7 * 7 }}{% raw %}",
    "👩‍💻🏦",
    "ربح صاف",
    "רווח נקי",
    "금리·통화 정책",
    "supercalifragilistic" * 4,
    "two\nlines\tand a tab\u00a0\u200b",
)
TERMS = (
    *("EBITDA", "covenant", "subordinated debenture", "net interest margin", "goodwill impairment", "amortization"),
    *(
        "기준금리",
        "당기순이익",
        "영업이익률",
        "전환사채",
        "신용부도스와프",
        "자기자본비율",
        "금융위원회",
        "파생결합증권",
    ),
)
SHAPES = {
    "date": ("2031-04-17", "2031년 4월 17일", "April 17, 2031"),
    "korean units": ("3조 5,417억 원", "71억", "1만 5천"),
    "currency": ("$1,284.50", "₩31,415", "27,182원"),
    "percent": ("3.75%", "25bp", "0.5%p"),
    "thousands": ("1,234,567", "98,765.4"),
    "decimal": ("3.14159", "0.005"),
    "integer": ("2718281828", "4096"),
}
OTHER = ("2031Q4", "3.5%p")
"""Examples of any other format."""
NAMES = {"base": "tekken", "pieces": "mistral-v1", "extended": "tekken+finance"}
LEAVES = (
    ("en", "filings", "10-K", False, 1200, 9_000_000, 8_950_000, 1_450_000),
    ("en", "speeches", "speech", False, 900, 4_000_000, 3_970_000, 660_000),
    ("en", "filings", "10-K", True, 120, 910_000, 905_000, 147_000),
    ("ko", "statutes", "statute", False, 700, 5_200_000, 2_150_000, 480_000),
    ("ko", "rulings", "<b>ruling</b>\u202e", False, 300, 2_600_000, 1_060_000, 240_000),
    ("ko", "statutes", "statute", True, 40, 300_000, 124_000, 28_000),
    ("und", "empty", "note", False, 1, 0, 0, 0),
)
"""Language, source, type, whether held out; documents, bytes, characters, words."""
BYTES_PER_TOKEN = {  # thousandths
    "base": {"en": 4350, "ko": 3020, "und": 1},
    "pieces": {"en": 3910, "ko": 1890, "und": 1},
    "extended": {"en": 4497, "ko": 3391, "und": 1},
}
SINGLE = {"base": 95, "pieces": 31, "extended": 999}  # thousandths of terms
RATIOS = ("bytes_per_token_ppm", "characters_per_token_ppm", "fertility_ppm")


def ppm(part: int, whole: int) -> int | None:
    return (part * 2_000_000 + whole) // (2 * whole) if whole else None


def interval(middle: int | None, documents: int, most: int = 10**9) -> list[int] | None:
    if middle is None or documents < 2:
        return None
    half = abs(middle) // (3 * isqrt(documents)) + 1
    return [middle - half, min(middle + half, most)]


def cut(text: str, kind: str) -> list[list[Any]]:
    """The pieces of a text by a made-up tokenizer of that kind."""
    if kind == "extended" and text in TERMS[::2]:
        return [[text, 1]]
    size, pieces, at = (2 if kind == "pieces" else 4), [], 0
    while at < len(text):
        if ord(text[at]) > 0xFFFF or (kind == "pieces" and "가" <= text[at] <= "힣" and ord(text[at]) % 3 == 0):
            pieces.append([text[at], len(text[at].encode())])
            at += 1
        else:
            step = size if text[at].isascii() else 2
            pieces.append([text[at : at + step], 1])
            at += step
    return pieces


def numbers(words: int, kind: str) -> dict[str, dict[str, Any]]:
    found = {}
    for at, name in enumerate(FORMATS):
        occurrences = words // (60 + 35 * at)
        each = sum(n for _, n in cut(SHAPES.get(name, OTHER)[0], kind))
        hits, cuts = occurrences * 2, occurrences * (2 + (each + at) % 3)
        found[name] = {
            "occurrences": occurrences,
            "tokens": occurrences * each - occurrences // 3,
            "single": occurrences // 50,
            "hits": hits,
            "cuts": cuts,
            "groups": occurrences * 3,
            "fused": occurrences // 90 if name == "korean units" else 0,
            "broken": 0,
        }
    return found


def rated(counts: dict[str, int]) -> dict[str, Any]:
    return {
        **counts,
        "tokens_each_ppm": ppm(counts["tokens"], counts["occurrences"]),
        "boundary_f1_ppm": ppm(2 * counts["hits"], counts["cuts"] + counts["groups"]),
    }


def counted(leaf: tuple[Any, ...], kind: str) -> dict[str, Any]:
    lang, _, _, _, documents, size, characters, words = leaf
    tokens = size * 1000 // BYTES_PER_TOKEN[kind][lang]
    terms = words // 40
    return {
        "documents": documents,
        "text_bytes": size,
        "characters": characters,
        "words": words,
        "tokens": tokens,
        "unknown_tokens": 0,
        "byte_tokens": tokens // 300 if kind == "pieces" and lang == "ko" else 0,
        "partial_tokens": 0 if kind == "pieces" else tokens // 900,
        "divided_characters": tokens // 2000,
        "lost_characters": words // 90_000 if kind == "pieces" else 0,
        "terms": {
            "occurrences": terms,
            "single": terms * SINGLE[kind] // 1000,
            "tokens": terms + (terms - terms * SINGLE[kind] // 1000) * 2,
        },
        "numbers": numbers(words, kind),
    }


def added(parts: Sequence[Any]) -> Any:
    """The sum of equal trees of whole numbers."""
    if isinstance(parts[0], dict):
        return {key: added([part[key] for part in parts]) for key in parts[0]}
    return sum(parts)


def sliced(name: str, leaves: Iterable[tuple[Any, ...]], kind: str) -> dict[str, Any]:
    chosen = list(leaves)
    one, first = (added([counted(leaf, which) for leaf in chosen]) for which in (kind, "base"))
    documents, tokens, saved = one["documents"], one["tokens"], first["tokens"] - one["tokens"]
    terms = one["terms"]
    terms |= {
        "tokens_each_ppm": ppm(terms["tokens"], terms["occurrences"]),
        "single_ppm": ppm(terms["single"], terms["occurrences"]),
    }
    one |= {
        "slice": name,
        "bytes_per_token_ppm": ppm(one["text_bytes"], tokens),
        "characters_per_token_ppm": ppm(one["characters"], tokens),
        "fertility_ppm": ppm(tokens, one["words"]),
        "unknown_ppm": ppm(one["unknown_tokens"], tokens),
        "byte_ppm": ppm(one["byte_tokens"], tokens),
        "partial_ppm": ppm(one["partial_tokens"], tokens),
        "all_numbers": rated(added(list(one["numbers"].values()))),
        "numbers": {key: rated(each) for key, each in one["numbers"].items()},
        "ids": {
            "used": min(tokens, 61_000),
            "utilisation_ppm": ppm(min(tokens, 61_000), 131_072),
            "renyi_ppm": 431_207 if tokens else None,
            "at_95": 7 if tokens else 0,
            "below_100": min(tokens, 44_000),
        },
        "windows": [
            {"tokens": size, "pages_ppm": ppm(size * one["characters"], tokens * 1800), "whole_documents": whole}
            for size, whole in ((8192, documents * 3 // 4), (32768, documents - documents // 40))
        ],
        "digit_runs": [
            {
                "length": size,
                "runs": tokens // size**3,
                "patterns": size - 1,
                "commonest_ppm": 1_000_000 - 60_000 * size,
            }
            for size in range(2, 13)
            if tokens // size**3
        ],
        "against_first": {
            "tokens_saved": saved,
            "saved_ppm": ppm(saved, first["tokens"]),
            "relative_cost_ppm": ppm(tokens, first["tokens"]),
            "documents_shorter": documents * 9 // 10 if saved > 0 else 0,
            "documents_longer": documents * 9 // 10 if saved < 0 else 0,
        },
        "changed": {"words": one["words"] // 30, "drift": 0, "leak": one["words"] // 9000}
        if kind == "extended"
        else None,
    }
    middles = {
        **{ratio: one[ratio] for ratio in RATIOS},
        "term_tokens_each_ppm": terms["tokens_each_ppm"],
        "term_single_ppm": terms["single_ppm"],
        "number_tokens_each_ppm": one["all_numbers"]["tokens_each_ppm"],
        "saved_ppm": one["against_first"]["saved_ppm"],
    }
    one["intervals"] = {ratio: interval(middle, documents) for ratio, middle in middles.items()}
    one["intervals"]["term_single_ppm"] = interval(terms["single_ppm"], documents, 1_000_000)
    return one


def slices(kind: str) -> list[dict[str, Any]]:
    found: dict[str, list[tuple[Any, ...]]] = {"all": list(LEAVES)}
    for place, prefix in enumerate(("lang", "source", "type")):
        for leaf in LEAVES:
            found.setdefault(f"{prefix}:{leaf[place]}", []).append(leaf)
    found["held-out"] = [leaf for leaf in LEAVES if leaf[3]]
    return [sliced(name, leaves, kind) for name, leaves in found.items()]


def new_ids() -> dict[str, Any]:
    spellings = [*(" " + term for term in TERMS), *HOSTILE, *TERMS, *(f"{at:03d}" for at in range(90)), "<PERSON_1>"]
    kinds = ["term"] * (2 * len(TERMS) + len(HOSTILE)) + ["number"] * 90 + ["tag"]
    rows = []
    for at, (token, kind) in enumerate(zip(spellings, kinds, strict=True)):
        count = 0 if at % 4 == 3 else 90_000 // (at + 1) ** 2
        rows.append(
            {
                "id": 131_072 + at,
                "token": token,
                "kind": "scaffold" if at % 11 == 5 else kind,
                "count": count,
                "held_out": 3 if at == 7 else count // 12,
            }
        )
    of = {kind: sum(row["kind"] == kind for row in rows) for kind in ("term", "scaffold", "number", "tag")}
    return {
        "ids": len(rows),
        **{kind + "s": of[kind] for kind in of},
        "zero": sum(not row["count"] + row["held_out"] for row in rows),
        "zero_terms": sum(not row["count"] + row["held_out"] and row["kind"] == "term" for row in rows),
        "rows": rows,
    }


def tokenizer(kind: str, kinds: Sequence[str]) -> dict[str, Any]:
    way, engine, reason = {
        "base": ("units", "tokenizers", ""),
        "pieces": ("whole documents", "sentencepiece", "a piece crosses the space between words in 3 of 400 texts"),
        "extended": ("units", "gigatoken", ""),
    }[kind]
    parity = {"base": 1_422_013, "pieces": 2_051_990, "extended": 1_201_444}[kind]
    return {
        "name": NAMES[kind],
        "sha256": "sha256:" + {"base": "ab", "pieces": "cd", "extended": "ef"}[kind] * 32,
        "family": "SentencePiece BPE" if kind == "pieces" else "byte-level BPE",
        "vocab_size": {"base": 131_072, "pieces": 32_000, "extended": 131_072 + len(new_ids()["rows"])}[kind],
        "method": {"way": way, "engine": engine, "reason": reason, "proved_texts": 400, "audited_documents": 64},
        "extends": NAMES["base"] if kind == "extended" and "base" in kinds else None,
        "unreachable": None if kind == "pieces" else {"ids": 14, "not_text": 1130},
        "aligned": {
            "tokens_en": 41_000,
            "tokens_ko": 41_000 * parity // 1_000_000,
            "parity_ppm": parity,
            "parity_interval_ppm": interval(parity, 50),
        },
        "contexts": [
            {"context": name, "terms": 1200 - 500 * (name in ("plural", "possessive")), "single": single}
            for at, (name, _, _) in enumerate(CONTEXTS)
            for single in [SINGLE[kind] * 7 * (40 - at) // 400]
        ],
        "term_types": {"terms": 1200, "single_ppm": ppm(SINGLE[kind] * 7 * 39 // 400, 1200)},
        "new_ids": new_ids() if kind == "extended" else None,
        "slices": slices(kind),
    }


def term_rows(kinds: Sequence[str], count: int) -> list[dict[str, Any]]:
    spellings = [*HOSTILE, *TERMS, *(f"{one} {two}" for one in TERMS for two in TERMS)][:count]
    rows = []
    for at, term in enumerate(spellings):
        occurrences, by = 9000 // (at + 1), []
        for kind in kinds:
            pieces = cut(term, kind)
            each = sum(n for _, n in pieces)
            single = occurrences if each == 1 else 0
            by.append({"tokens": occurrences * each, "single": single, "each_tokens": each, "pieces": pieces})
        rows.append({"term": term, "occurrences": occurrences, "by": by})
    return rows


def number_rows(kinds: Sequence[str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name in FORMATS:
        for example in SHAPES.get(name, OTHER):
            shape, occurrences = "".join("9" if one.isdigit() else one for one in example), 4000 // (len(rows) + 1)
            cuts = [cut(example, kind) for kind in kinds]
            more = occurrences // 10 if name == "date" else 0  # as where a date stands in brackets
            by = [{"tokens": occurrences * sum(n for _, n in each) + more, "pieces": each} for each in cuts]
            rows.append({"shape": shape, "example": example, "format": name, "occurrences": occurrences, "by": by})
    return rows


def made(kinds: Sequence[str] = ("base", "pieces", "extended")) -> dict[str, Any]:
    """A value for tokenizers of these kinds, in this order."""
    return {
        "format_version": 2,
        "kind": "assay-coverage-report",
        "corpus": {
            "name": "Filings & statutes <2031>\u202e",
            "certificate": "sha256:" + "12" * 32,
            "documents": sum(leaf[4] for leaf in LEAVES if not leaf[3]),
            "held_out": sum(leaf[4] for leaf in LEAVES if leaf[3]),
        },
        "splitter": "runs of non-space characters (in Korean: eojeol)",
        "page_characters": 1800,
        "bootstrap": {"replicates": 1000, "level_ppm": 950_000, "by": "document"},
        "measures": [asdict(measure) for measure in MEASURES],
        "term_lists": [
            {"name": "finance-en", "sha256": "sha256:" + "34" * 32},
            {"name": HOSTILE[0], "sha256": "sha256:" + "56" * 32},
        ],
        "terms": 1200,
        "aligned": {"name": "aligned sentences", "sha256": "sha256:" + "78" * 32, "pairs": 50},
        "tokenizers": [tokenizer(kind, kinds) for kind in kinds],
        "worst_terms": term_rows(kinds, 50),
        "gained_terms": term_rows(kinds, 20) if len(kinds) > 1 else [],
        "idle_terms": {"absent": 310, "already_single": 82, "still_split": 41, "single_now": 767},
        "worst_numbers": number_rows(kinds),
    }


def without_terms() -> dict[str, Any]:
    """A base alone, without a term, an aligned text, or a number."""
    one = made(("base",))
    one |= {
        "terms": 0,
        "term_lists": [],
        "worst_terms": [],
        "worst_numbers": [],
        "aligned": {"name": "", "sha256": "", "pairs": 0},
    }
    one["idle_terms"] = dict.fromkeys(one["idle_terms"], 0)
    tokenizer = one["tokenizers"][0]
    tokenizer["term_types"] = {"terms": 0, "single_ppm": None}
    tokenizer["aligned"] = {"tokens_en": 0, "tokens_ko": 0, "parity_ppm": None, "parity_interval_ppm": None}
    for context in tokenizer["contexts"]:
        context |= {"terms": 0, "single": 0}
    for part in tokenizer["slices"]:
        part["terms"] = {"occurrences": 0, "tokens": 0, "single": 0, "tokens_each_ppm": None, "single_ppm": None}
        part["digit_runs"] = []
        for cost in (*part["numbers"].values(), part["all_numbers"]):
            cost |= {**dict.fromkeys(cost, 0), "tokens_each_ppm": None, "boundary_f1_ppm": None}
    return one


def hostile_names() -> dict[str, Any]:
    """Names that are long, or would be markup or a change of direction."""
    one = made()
    for tokenizer, name in zip(
        one["tokenizers"], (HOSTILE[0], "\u202e" + "n" * 300, HOSTILE[5] + "🏦" * 80), strict=True
    ):
        tokenizer["name"] = name
    one["tokenizers"][-1]["extends"] = HOSTILE[0]
    one["corpus"]["name"] = "".join(HOSTILE)
    return one


@pytest.fixture(scope="session")
def make_value() -> Callable[..., dict[str, Any]]:
    """The function that makes a value for tokenizers of some kinds."""
    return made


@pytest.fixture(scope="session")
def value() -> dict[str, Any]:
    """The value for a base, a SentencePiece model and, as the candidate, the extension of the base."""
    return made()


@pytest.fixture(params=[made, hostile_names, without_terms], ids=["usual", "hostile names", "without terms"])
def any_value(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each value that a renderer must stand."""
    return dict(request.param())

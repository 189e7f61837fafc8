"""The texts on which a tokenizer is tried: terms in every context, and made-up strings of many scripts."""

import random
import unicodedata
from collections.abc import Sequence

PARTICLES = ("은", "는", "이", "가", "을", "를", "의", "에", "로", "도", "만", "과", "와", "부터")
CONTEXTS: tuple[tuple[str, str, str], ...] = (
    ("start", "", ""),
    ("space", "a ", ""),
    ("between words", "the ", " of"),
    ("round brackets", "(", ")"),
    ("square brackets", "[", "]"),
    ("double quotes", '"', '"'),
    ("single quotes", "'", "'"),
    ("curly quotes", "“", "”"),
    ("corner brackets", "「", "」"),
    ("newline", "\n", "\n"),
    ("tab", "\t", "\t"),
    ("comma", "a ", ","),
    ("full stop", "a ", "."),
    ("colon", "a ", ":"),
    ("question mark", "a ", "?"),
    ("slash", "/", "/"),
    ("hyphen", "non-", ""),
    ("before a hyphen", "a ", "-based"),
    ("plural", "the ", "s"),
    ("possessive", "the ", "'s"),
    ("after a number", "5", ""),
    ("before a number", "a ", "5"),
    *((f"particle {particle}", "그 ", particle) for particle in PARTICLES),
)
"""Where a term may stand: a name, the text before it, the text after it."""
ENGLISH_ENDINGS = frozenset(("plural", "possessive"))
"""Contexts of terms that end with a Latin letter; no other term has such forms."""

FUZZED = 2000
"""Made-up strings that every proof also encodes."""
_FUZZ = (
    *"aeinorst ABEIT,.;:-()[]{}%$₩€&/'\"“”\n\t\r\u00a0\u200b\u200d0123456789",
    *"가각금리를은는이의에조억만원율주식채권",
    *"\u1100\u1161\u11a8\u3131\u0301\u0308é e\u0301ßＡ①漢字ж🏦👩‍💻\U0010ffff\ufeff\ue000\x00\x7f",
    "  ", "\r\n", "\n\n", "1,234.56", "3조 5,000억 원", "<|endoftext|>", "</s>", "<PERSON_1>",
)  # fmt: skip


def fitting(context: str, terms: Sequence[str]) -> list[str]:
    """Those of `terms` that may stand in the context of that name."""
    return [one for one in terms if context not in ENGLISH_ENDINGS or (one[-1].isascii() and one[-1].isalpha())]


def made_up(terms: Sequence[str]) -> list[str]:
    """The same made-up strings for the same terms: pieces of many scripts, spaces and terms in random order."""
    source = random.Random(20240229)  # noqa: S311 (the same strings every time; nothing secret)
    pieces = (*_FUZZ, *terms)
    texts = ["".join(source.choices(pieces, k=source.randrange(1, 40))) for _ in range(FUZZED)]
    return [unicodedata.normalize("NFD", text) if at % 5 == 0 else text for at, text in enumerate(texts)]

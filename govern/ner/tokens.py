"""The tokens of the name model: words of letters and digits, single syllables of Hangul, single marks.

A Korean name stands in one eojeol with its title and particle (`홍길동은`), so that only syllables can end where it ends.
The rules are spaCy's own tokenizer's, so a saved pipeline needs nothing of this package.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokenizer import Tokenizer

HANGUL = "가-힣"
SPLIT = rf"(?<=[{HANGUL}])(?=\w)|(?<=\w)(?=[{HANGUL}])|(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])|[^\w\s]|_"
"""Where a run without blanks is taken apart: round each syllable, between letters and digits, and every mark by itself."""


def tokenizer(nlp: "Language") -> "Tokenizer":
    """The tokenizer of spaCy with these rules and no others."""
    from spacy.tokenizer import Tokenizer

    return Tokenizer(nlp.vocab, rules={}, infix_finditer=re.compile(SPLIT).finditer)

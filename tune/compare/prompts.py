"""The words around a task's text, in English and Korean: what a model reads, and what its answers are called.

In: the text of an item. Out: a prompt that ends before the answer, and for each label the completion that stands for it. Text
is put in as it stands: braces in it mean nothing. No example is shown to the model (zero-shot), and no chat template is used.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

LANGUAGES = ("en", "ko")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_PLACE = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class Wording:
    """Prompts by language, with `{text}` and the like for what an item holds, and each label's completion by language."""

    prompts: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]

    def prompt(self, lang: str, **values: str) -> str:
        """The prompt of an item in its language."""
        return _PLACE.sub(lambda found: values.get(found[1], found[0]), self.prompts[lang])

    def options(self, lang: str) -> tuple[str, ...]:
        """What completes the prompt for each label, in the order of the labels."""
        return tuple(" " + words[lang] for words in self.labels.values())


def language(text: str, stated: object = None) -> str:
    """`en` or `ko`: as stated, else by whether the text has Hangul."""
    if stated in LANGUAGES:
        return str(stated)
    return "ko" if _HANGUL.search(text) else "en"


def places(prompt: str) -> frozenset[str]:
    """What a prompt has places for."""
    return frozenset(_PLACE.findall(prompt))


SENTIMENT = {
    "positive": {"en": "positive", "ko": "긍정"},
    "neutral": {"en": "neutral", "ko": "중립"},
    "negative": {"en": "negative", "ko": "부정"},
}
STANCE = {
    "dovish": {"en": "dovish", "ko": "완화"},
    "hawkish": {"en": "hawkish", "ko": "긴축"},
    "neutral": {"en": "neutral", "ko": "중립"},
}
WORDINGS: Mapping[str, Wording] = MappingProxyType(
    {
        "phrasebank": Wording(
            {
                "en": "News: {text}\nQuestion: Is this news positive, neutral or negative for an investor?\nAnswer:",
                "ko": "뉴스: {text}\n질문: 이 뉴스는 투자자에게 긍정, 중립, 부정 가운데 무엇인가?\n답:",
            },
            SENTIMENT,
        ),
        "sentfin": Wording(
            {
                "en": "Headline: {text}\nQuestion: Is this headline positive, neutral or negative for {entity}?\nAnswer:",
                "ko": "제목: {text}\n질문: 이 제목은 {entity}에 대해 긍정, 중립, 부정 가운데 무엇인가?\n답:",
            },
            SENTIMENT,
        ),
        "fomc": Wording(
            {
                "en": "Statement: {text}\nQuestion: Is the monetary policy stance dovish, hawkish or neutral?\nAnswer:",
                "ko": "발언: {text}\n질문: 통화정책 기조는 완화, 긴축, 중립 가운데 무엇인가?\n답:",
            },
            STANCE,
        ),
        "tatqa": Wording(
            {
                "en": "{context}\n\nAnswer in a few words. Give a number with its scale "
                "(thousand, million, billion or percent). Put ; between several answers.\nQuestion: {question}\nAnswer:",
                "ko": "{context}\n\n짧게 답하라. 숫자에는 단위(천, 백만, 십억, 퍼센트)를 붙인다. "
                "답이 여럿이면 사이에 ; 를 쓴다.\n질문: {question}\n답:",
            },
            {},
        ),
        "answers": Wording(
            {
                "en": "{context}\n\nAnswer in a few words.\nQuestion: {question}\nAnswer:",
                "ko": "{context}\n\n짧게 답하라.\n질문: {question}\n답:",
            },
            {},
        ),
    }
)
"""Of each format that has words of its own."""

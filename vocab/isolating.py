r"""Patterns that cut given terms out of a text as pieces of their own, for the `Split` of the tokenizers library.

In: terms, without a space at their edges. Out: regular expressions in the dialect of Oniguruma, each built as a trie, so
that its cost grows with the depth of the terms and hardly with their number. A term is found where it is at a boundary:

- left: a term that begins with a letter does not follow a letter, a mark or an underscore (with Hangul: a letter); one
  that begins with a digit does not follow a digit either; any other term may follow anything;
- right: a term that ends with a letter or a digit may be followed by a plural s, which stays outside, and then by no
  letter, mark or underscore, but by Hangul, Han or kana, which are written without spaces; after a digit comes no digit;
- right, with Hangul: nothing or one particle, and then no Hangul.

One space before a term belongs to it. Of terms that begin at the same place the longest is taken.
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

_CASES = (
    "은", "는", "이", "가", "을", "를", "의", "와", "과", "도", "만", "로", "으로", "에", "에서", "에게", "부터", "까지",
    "보다", "처럼", "마다", "나", "이나", "라", "이라", "란", "이란", "라는", "이라는", "이다", "이며", "이고", "이므로",
    "입니다", "인", "등", "등의", "등을", "등이", "등에", "등은", "들", "들의", "들이", "들은", "들을", "뿐", "조차",
    "마저", "밖에", "로서", "으로서", "로써", "으로써", "로부터", "으로부터", "에서부터", "에까지", "였다", "이었다",
    "이라도", "라도", "께서", "한테", "와의", "과의", "와는", "과는", "까지의", "까지는", "까지도", "부터의", "보다는",
    "만을", "만이", "만의", "만으로",
)  # fmt: skip
_BEFORE_OTHERS = ("에", "에서", "에게", "로", "으로", "로서", "으로서")
PARTICLES = tuple(
    dict.fromkeys((*_CASES, *(first + second for first in _BEFORE_OTHERS for second in ("는", "도", "만", "의"))))
)
"""Korean particles and forms of the copula that may follow a term."""

_RUNS_ON = r"[[\p{L}\p{M}_]&&[^\p{Hangul}\p{Han}\p{Hiragana}\p{Katakana}]]"
_META = frozenset("\\.^$*+?()[]{}|")
_FEW = 6
"""Alternatives that are tried one by one; more are halved by ranges first."""
_CUT = ""
"""Stands in a trie for the place where a piece ends and its rest is only looked at."""


def finding(terms: Iterable[str], particles: Sequence[str], kept: Mapping[str, Sequence[tuple[str, str, bool]]]) -> str:
    """The pattern of a term at a boundary, with the space before it.

    Args:
        terms: what to find.
        particles: what may stand between a term in Hangul and the end of its word.
        kept: for a term, (text that ends with it, text after it, true for after a space too) where it is not to be found.
    """
    ends = {term: "".join(_unless(*context) for context in kept.get(term, ())) for term in terms}
    after = "|".join(map(literal, sorted(set(particles), key=lambda one: (-len(one), one))))
    return (
        f"{_left({term[0] for term in ends})}{_trie({tuple(term): end for term, end in ends.items()})}"
        rf"(?:(?<=\p{{Hangul}})(?=(?:{after})?(?!\p{{Hangul}}))"
        rf"|(?<=\p{{N}})(?=s?(?!{_RUNS_ON}|\p{{N}}))"
        rf"|(?<=[\p{{L}}\p{{M}}])(?<!\p{{Hangul}})(?=s?(?!{_RUNS_ON}))"
        r"|(?<![\p{L}\p{M}\p{N}]))"
    )


def _left(firsts: Collection[str]) -> str:
    """A space, or a place where a term that begins with one of `firsts` may begin; soon done inside a word."""
    signs = {one for one in firsts if unicodedata.category(one)[0] not in "LMN"}
    anywhere = f"|(?={_one_of(signs)})" if signs else ""
    hangul = r"|(?<=[\p{M}_])(?=\p{Hangul})"
    return rf"(?: |(?<![\p{{L}}\p{{M}}_])(?:(?!\p{{N}})|(?<!\p{{N}})){hangul}{anywhere})(?={_one_of(firsts)})"


def guarded(pattern: str, terms: Iterable[str], cuts: Mapping[str, int]) -> str:
    r"""`pattern`, by which a base cuts text, so that it leaves a piece that is a term whole.

    Inside a longer piece the base may cut out the same characters where no term is (`bp` in `bp_rate`). The model would
    take them for the term, so there they are cut in two; `\G` holds, since a base's pattern leaves no character out.

    Args:
        pattern: the base's.
        terms: all terms.
        cuts: texts that the base takes as one piece, and after how many characters each is cut.
    """
    whole = rf"\A ?{_trie({tuple(term): '' for term in terms})}\z"
    if not cuts:
        return f"{whole}|{pattern}"
    sizes: dict[int, list[str]] = {}
    for text in cuts:
        sizes.setdefault(len(text), []).append(text)
    inside = "|".join(
        rf"(?=(?>{pattern})(?<=\G(?m:.{{{size}}})))"
        + _trie({(*text[: cuts[text]], _CUT, *text[cuts[text] :]): "" for text in texts})
        for size, texts in sorted(sizes.items())
    )
    return f"{whole}|(?={_trie({tuple(text): '' for text in cuts})})(?:{inside})|{pattern}"


def _unless(before: str, after: str, spaced: bool) -> str:
    """At the end of a term: not where it ends `before`, and `after` follows (a particle with no Hangul after it).

    Not `spaced`: where a space stands before all that, the term is found.
    """
    stop = r"(?!\p{Hangul})" if after and "가" <= after[-1] <= "힣" else ""
    alone = "" if spaced else f"(?<! {literal(before)})"
    return f"(?!(?<={literal(before)}){alone}{literal(after)}{stop})"


def _trie(words: Mapping[tuple[str, ...], str]) -> str:
    """The pattern of one of `words`, the longest first; each has a condition at its end."""
    below: dict[str, dict[tuple[str, ...], str]] = {}
    for word, end in sorted(words.items()):
        if word:
            below.setdefault(word[0], {})[word[1:]] = end
    steps = [(first, _step(first, rest)) for first, rest in below.items()]
    if () in words:
        return f"(?:{_alternatives(steps)}|{words[()]})" if steps else words[()]
    return steps[0][1] if len(steps) == 1 else f"(?:{_alternatives(steps)})"


def _step(first: str, rest: Mapping[tuple[str, ...], str]) -> str:
    return f"(?={_trie(rest)})" if first == _CUT else literal(first) + _trie(rest)


def _alternatives(steps: Sequence[tuple[str, str]]) -> str:
    if len(steps) <= _FEW:
        return "|".join(pattern for _, pattern in steps)
    if steps[0][0] == _CUT:
        return f"{steps[0][1]}|{_alternatives(steps[1:])}"
    middle = len(steps) // 2
    halves = (steps[:middle], steps[middle:])
    return "|".join(f"(?=[{_code(half[0][0])}-{_code(half[-1][0])}])(?:{_alternatives(half)})" for half in halves)


def _one_of(characters: Iterable[str]) -> str:
    return f"[{''.join(map(_code, sorted(characters)))}]"


def _code(character: str) -> str:
    return rf"\x{{{ord(character):X}}}"


def literal(text: str) -> str:
    """The pattern of `text` itself."""
    return "".join("\\" + one if one in _META else one for one in text)

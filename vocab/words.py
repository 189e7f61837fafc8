"""Cuts a text into the words that a term can be made of, and Korean words into noun and particle.

A word is a run of Latin letters (with `&` or a hyphen inside), of Hangul, or of both. Whatever else stands between two
words but one space is a break, over which no term reaches: punctuation, line ends, words of other scripts, everything
that touches a digit, an underscore or a masking tag, addresses of mail and web. A masking tag is a break that is known as
such. Markup is a break, and so are two words in capitals side by side, which are a heading or a filled-in form. Time is
linear in the text.
"""

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

BREAK, TAG = "", "<>"
"""What `pieces` gives for a break and for a masking tag."""

_LATIN = "A-Za-zÀ-ÖØ-öø-ɏ"
_TAG_FORM = (
    r"<(?:[A-Z][A-Z_]{1,40}_(?:[1-9][0-9]{0,5}|[a-z]{12})|[A-Z]{1,20}(?:_[A-Z]{1,20}){1,4}|PERSON|PASSPORT|CRYPTO|PIN)>"
)
"""`<PERSON_1>`, `<PERSON_abcdefghijkl>` of pseudonyms, and `<PERSON>` of redacted values, which no tag of HTML looks like."""

_TAG = re.compile(_TAG_FORM)
_RUN = re.compile(r"\w+(?:[&\-'’]\w+)*")
_WORD = re.compile(rf"[{_LATIN}가-힣]+(?:[&\-][{_LATIN}가-힣]+)*")
_OWNED = ("'s", "’s", "'S", "’S")
_MARKUP = re.compile(rf"(?!{_TAG_FORM})<[A-Za-z/!?][^<>]{{0,2000}}>")
_NO_PROSE = ("@", "://", "www.", "\\", "=")
_INITIALS = re.compile(rf"(?:.*[&\-])?[{_LATIN}]")
_HANGUL = re.compile("[가-힣]")
MAX_CHARACTERS = 60
"""A longer word is no term; it is a break."""
CACHED = 1 << 16
"""Chunks between spaces whose pieces are remembered: text repeats itself."""

_VOWEL = ("는", "가", "를", "와", "로", "나", "라", "란", "라는", "라고", "라도", "라면", "든지", "로서", "로써", "로의",
          "로는", "로도", "로만", "로부터", "로부터의", "로서의", "로서는", "였다", "랑")  # fmt: skip
_CONSONANT = ("은", "이", "을", "과", "이나", "이라", "이란", "이라는", "이라고", "이라도", "이라면", "이든지", "이며", "이고",
              "이다", "인", "이었다", "으로", "으로서", "으로써", "으로의", "으로는", "으로도", "으로만", "으로부터",
              "으로부터의", "으로서의", "으로서는", "이랑")  # fmt: skip
_EITHER = (
    "의", "에", "에서", "에게", "에는", "에도", "에만", "에의", "에서는", "에서도", "에서의", "에게는",
    "에게도", "에게서", "에서부터", "에까지", "만", "만을", "만이", "만의", "만으로", "도", "까지",
    "까지의", "까지는", "까지도", "부터", "부터의", "보다", "보다는", "처럼", "마다", "뿐", "뿐만",
    "조차", "마저", "밖에", "입니다", "이므로", "임", "께", "께서", "한테", "들", "들의", "들이", "들은",
    "들을", "들에", "들에게", "들과", "들도", "등", "등의", "등을", "등이", "등에", "등은", "등과",
    "등으로", "등에서", "등에게", "와의", "과의", "와는", "과는",
)  # fmt: skip
_KINDS = {
    "의": "의", "을": "을", "를": "을", "이": "이", "가": "이", "은": "은", "는": "은", "과": "과", "와": "과",
    "에": "에", "에는": "에", "에서": "에서", "에게": "에게", "으로": "로", "로": "로",
}  # fmt: skip
"""Particles that count as evidence for a noun, those that differ only by the sound before them as one."""
_NOUN_ONLY = frozenset({"의", "을", "과", "에서", "에게"})
"""Kinds that follow nouns and hardly ever the stem of a verb."""
_ADNOMINAL = frozenset({"은", "을"})
"""Kinds that are also endings of verbs: `받은`, `받을`."""
_OBJECTS = frozenset({"을", "이", "에", "과", "의"})
MISTAKES = 50
"""Evidence for a noun is good where it is more than one in so many of its occurrences; less is a slip of the pen."""
OWN_PARTICLES = 5
"""A word that ends like a particle is whole where it takes more than one particle to so many of its bare occurrences."""
_RIEUL = 8
_LONGEST = max(map(len, (*_VOWEL, *_CONSONANT, *_EITHER)))
_ALL = {josa: side for side, some in (("v", _VOWEL), ("c", _CONSONANT), ("", _EITHER)) for josa in some}


def pieces(text: str) -> list[str]:
    """The words of `text` in order, `BREAK` where no term may reach over, `TAG` for a masking tag."""
    found: list[str] = []
    for line in _MARKUP.sub("\n", text).splitlines():
        for chunk in line.split(" "):
            found.extend(_chunk(chunk))
        found.append(BREAK)
    return _without_headings(found)


def _without_headings(found: list[str]) -> list[str]:
    """The same with a break for each word in capitals beside another."""
    capitals = [at for at, word in enumerate(found) if len(word) > 1 and word.isupper()]
    for first, second in itertools.pairwise(capitals):
        if second == first + 1:
            found[first] = found[second] = BREAK
    return found


def korean(word: str) -> bool:
    """Whether `word` holds Hangul."""
    return _HANGUL.search(word) is not None


@lru_cache(maxsize=CACHED)
def _chunk(chunk: str) -> tuple[str, ...]:
    """The pieces of what stands between two spaces."""
    if _WORD.fullmatch(chunk) and len(chunk) <= MAX_CHARACTERS:
        return (unicodedata.normalize("NFC", chunk),)
    if any(mark in chunk for mark in _NO_PROSE):
        return (BREAK,)
    found: list[str] = []
    last = 0
    for tag in _TAG.finditer(chunk):
        found += _words(chunk[last : tag.start()], glued_left=last > 0, glued_right=True)
        found.append(TAG)
        last = tag.end()
    found += _words(chunk[last:], glued_left=last > 0, glued_right=False)
    return tuple(found)


def _words(part: str, *, glued_left: bool, glued_right: bool) -> list[str]:
    """The words of a part without tags; a word that touches the tag beside it is a break."""
    part = unicodedata.normalize("NFC", part)
    found: list[str] = []
    last = 0
    for run in _RUN.finditer(part):
        found += _gap(part[last : run.start()])
        word = run[0][:-2] if run[0].endswith(_OWNED) else run[0]
        touches = (glued_left and run.start() == 0) or (glued_right and run.end() == len(part))
        initials = part[run.end() : run.end() + 1] == "." and _INITIALS.fullmatch(word) is not None
        usable = not (touches or initials or len(word) > MAX_CHARACTERS) and _WORD.fullmatch(word) is not None
        found += [word if usable else BREAK, *([BREAK] if word != run[0] else [])]
        last = run.end()
    return found + _gap(part[last:])


def _gap(between: str) -> list[str]:
    """A break, where anything stands there; two after a colon, so that a field's label is not beside its value."""
    return [BREAK] * (bool(between) + (":" in between))


class Nouns:
    """The nouns among the Korean words of a corpus, by the particles that each is seen with.

    A noun stands bare and before a particle, or before two particles that do not differ by sound alone; one of them must
    be a particle that verbs do not take. A word is a noun and the longest particle after it whose rest is a noun; where the
    word itself takes particles as an object does, it is whole (`신용도를` makes `신용도` a noun beside `신용`).

    Args:
        words: every Korean word of the corpus, particles and all, and how often it stands there.
    """

    def __init__(self, words: Mapping[str, int]) -> None:
        kinds: dict[str, Counter[str]] = {}
        for word, count in words.items():
            for stem, josa in _splits(word):
                if josa in _KINDS:
                    kinds.setdefault(stem, Counter())[_KINDS[josa]] += count
        self._nouns = {stem for stem, seen in kinds.items() if _is_noun(seen, words.get(stem, 0))}
        self._whole = {stem for stem in self._nouns if _is_object(kinds[stem], words.get(stem, 0))}

    def stem(self, word: str) -> str:
        """The noun in `word`, or '' where it is none."""
        for stem, josa in _splits(word):
            if stem in self._nouns and not (len(josa) == 1 and josa not in "만등들" and word in self._whole):
                return stem
        return word if word in self._nouns else ""


def _is_noun(kinds: Counter[str], bare: int) -> bool:
    """Whether a stem with these particles, and so often without one, is a noun: two pieces of evidence, one of them good."""
    good = sum(kinds[kind] for kind in _NOUN_ONLY)
    adnominal = not bare and kinds.keys() <= _ADNOMINAL
    return len(kinds) + (bare > 0) > 1 and good * MISTAKES > kinds.total() + bare and not adnominal


def _is_object(kinds: Counter[str], bare: int) -> bool:
    """Whether a noun takes two particles of its own often enough that its last syllable is none."""
    seen = [kind for kind in _OBJECTS if kinds[kind]]
    return len(seen) > 1 and sum(kinds[kind] for kind in seen) * OWN_PARTICLES > bare


def _splits(word: str) -> list[tuple[str, str]]:
    """Each way to cut `word` into a rest of two characters or more and a particle that may follow it, the longest first."""
    found = []
    for length in range(min(_LONGEST, len(word) - 2), 0, -1):
        stem, josa = word[:-length], word[-length:]
        side = _ALL.get(josa)
        if side is None or not stem[-1].isalpha():
            continue
        if side and "가" <= stem[-1] <= "힣":
            final = (ord(stem[-1]) - 0xAC00) % 28
            closed = final != 0 and not (final == _RIEUL and josa.startswith(("로", "으로")))
            if final == _RIEUL and josa.startswith("으로"):
                continue
            if closed != (side == "c"):
                continue
        found.append((stem, josa))
    return found

"""Tokens that go on over a space: terms of several words, pairs of words. Which words of a text one of them may join.

In: the texts of such tokens. A text is cut at spaces; two words that stand side by side in it may lie in one token where the
end of the one and the start of the other stand in that token so. Nothing else is asked, so more may be joined than a token
takes, and never less. Where that would be most words, or cannot be told, documents are better read whole (`joins_too_much`).
"""

from collections.abc import Iterable, Sequence

from vocab.coverage.readers import PART, Reader

MOST = 5_000
"""Tokens over spaces of one tokenizer; with more, hardly a cut is left."""
_Side = tuple[str, bool]
"""What a token has on one side of a space, and whether that is all up to the next space in it."""


class Spaced:
    """What may be joined; false where nothing is."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._after: dict[_Side, set[_Side]] = {}
        for token in tokens:
            parts = token.rstrip(PART).split(" ")
            for at in range(1 if parts[0] else 2, len(parts)):  # a space that the token begins with is no space in it
                before, after = (parts[at - 1], at > 1), (parts[at], at < len(parts) - 1)
                self._after.setdefault(before, set()).add(after)
        self._before = {side for sides in self._after.values() for side in sides}
        self._ends = _lengths((text for text, whole in self._after if not whole), last=True)
        self._starts = _lengths((text for text, whole in self._before if not whole), last=False)

    def __bool__(self) -> bool:
        return bool(self._after)

    def opens(self, piece: str) -> bool:
        """Whether a token could go on after the space that follows `piece`."""
        return bool(self._lefts(piece))

    def follows(self, piece: str) -> bool:
        """Whether `piece` could stand after a space in a token."""
        return bool(self._rights(piece))

    def crosses(self, piece: str, following: str) -> bool:
        """Whether a token could lie over the space between the two."""
        rights = self._rights(following)
        return any(side in self._after[left] for left in self._lefts(piece) for side in rights)

    def _lefts(self, piece: str) -> list[_Side]:
        ends = [(piece[len(piece) - size :], False) for size in self._ends.get(piece[-1:], ()) if size <= len(piece)]
        return [side for side in ((piece, True), *ends) if side in self._after]

    def _rights(self, piece: str) -> list[_Side]:
        starts = [(piece[:size], False) for size in self._starts.get(piece[:1], ()) if size <= len(piece)]
        return [side for side in ((piece, True), *starts) if side in self._before]


def joins_too_much(reader: Reader) -> str:
    """Why words that tokens of `reader` may lie over are not told from others, or are most words; '' where they are few."""
    tokens = reader.over_spaces
    if tokens and reader.normalizes:
        return "its tokens go on over spaces, and it reads some text as other text"
    if len(tokens) > MOST:
        return f"{len(tokens):,} of its tokens go on over a space"
    if any(token.endswith((" ", f" {PART}")) or token.startswith(PART) for token in tokens):
        return "its tokens go on over a space whatever stands before or after it"
    return ""


def _lengths(texts: Iterable[str], *, last: bool) -> dict[str, Sequence[int]]:
    """The lengths of `texts` by their last or first character."""
    found: dict[str, set[int]] = {}
    for text in texts:
        if text:
            found.setdefault(text[-1] if last else text[0], set()).add(len(text))
    return {character: sorted(sizes) for character, sizes in found.items()}

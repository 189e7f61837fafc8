"""How a base spells a text as one token, and which ids stand for such a token: one answer for each family.

Byte-level BPE spells in the byte alphabet, SentencePiece and its exports with ▁ for a space, WordPiece with `##` before what
stands inside a word. Normal forms count: a base that lower-cases spells lower case.
"""

from collections.abc import Callable, Sequence

from vocab.base import FAMILY, WORDS, Base
from vocab.byte_alphabet import spell
from vocab.merges import Merges
from vocab.model_base import Origin
from vocab.piece_models import SPACE


def whole(base: Origin) -> Callable[[str], str]:
    """A function from a text to the token that it would be, or '' where the base cuts or changes it so that it is none."""
    if isinstance(base, Base) and base.family == FAMILY:
        return _of_bytes(base)
    return _of_words(base) if isinstance(base, Base) and base.family == WORDS else _of_pieces(base)


def ids_of(base: Origin, texts: Sequence[str], spelled: Sequence[str]) -> list[list[int]]:
    """The ids of each text inside a text, given how it is spelled; none where it is not spelled."""
    if isinstance(base, Base) and base.family == FAMILY:
        return [one.ids for one in base.inner().encode_batch(list(texts), add_special_tokens=False)]
    if isinstance(base, Base) and base.family == WORDS:
        return list(map(_word_ids(base), spelled))
    encoded = base.model_alone().encode_batch([one or SPACE for one in spelled], add_special_tokens=False)
    return [list(one.ids) if token else [] for one, token in zip(encoded, spelled, strict=True)]


def sub_ids(base: Origin) -> Callable[[str], list[int]]:
    """A function from a token that the base lacks to the ids of its parts there, by which its row is made."""
    if isinstance(base, Base) and base.family == FAMILY:
        by_base = Merges(base.vocab, base.merges, next_id=base.next_id)
        return lambda token: [base.vocab[part] for part in by_base.split(token)]
    if isinstance(base, Base) and base.family == WORDS:
        return _word_ids(base)
    return lambda token: list(base.model_alone().encode(token, add_special_tokens=False).ids)


def _of_bytes(base: Base) -> Callable[[str], str]:
    inner = base.inner()

    def only(text: str) -> str:
        plain = inner.normalizer.normalize_str(text) if inner.normalizer else text
        pieces = inner.pre_tokenizer.pre_tokenize_str(plain)
        spelled = spell(plain)
        return spelled if [piece for piece, _ in pieces] == [spelled] else ""

    return only


def _of_pieces(base: Origin) -> Callable[[str], str]:
    normalizer = base.inner().normalizer

    def only(text: str) -> str:
        bare = text.removeprefix(" ")
        form = (normalizer.normalize_str(bare) if normalizer else bare).replace(" ", SPACE)
        return (SPACE if form and bare != text else "") + form

    return only


def _of_words(base: Base) -> Callable[[str], str]:
    tokenizer, prefix = base.tokenizer(), base.spec["model"]["continuing_subword_prefix"]

    def only(text: str) -> str:
        bare = text.removeprefix(prefix)
        plain = tokenizer.normalizer.normalize_str(bare) if tokenizer.normalizer else bare
        pieces = tokenizer.pre_tokenizer.pre_tokenize_str(plain) if tokenizer.pre_tokenizer else [(plain, (0, 0))]
        return (prefix if bare != text else "") + plain if [piece for piece, _ in pieces] == [plain] else ""

    return only


def _word_ids(base: Base) -> Callable[[str], list[int]]:
    """The ids of a token of WordPiece; of one inside a word, those that follow some digit or sign before it."""
    alone, prefix = base.model_alone(), base.spec["model"]["continuing_subword_prefix"]
    unknown, vocab = base.unknown_id, base.vocab
    heads = sorted((one for one in vocab if len(one) == 1), key=lambda one: (not one.isdigit(), one))

    def ids(token: str) -> list[int]:
        if not token.startswith(prefix):
            return list(alone.encode(token, add_special_tokens=False).ids) if token else []
        for first in heads:
            found = list(alone.encode(first + token.removeprefix(prefix), add_special_tokens=False).ids)
            if found[0] == vocab[first] and unknown not in found:
                return found[1:]
        return [unknown] if unknown is not None else []

    return ids

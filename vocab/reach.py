"""Finds the tokens of byte-level BPE that are never produced for their own text, by running each one.

A token can be out of reach because no merges make it, because the pre-tokenizer cuts its text, or because the normalizer
changes it. Those that are a whole piece for the pre-tokenizer matter to whoever sets `ignore_merges`: it would produce them.
"""

from dataclasses import dataclass

from vocab.base import Base
from vocab.byte_alphabet import read


@dataclass(frozen=True, slots=True)
class Never:
    """Tokens never produced for their own text, by id; those among them that are a whole pre-token; and how many are no text.

    `not_utf8` tokens hold a part of a character, so no text is theirs alone; they are in neither list.
    """

    tokens: tuple[str, ...]
    whole: tuple[str, ...]
    not_utf8: int


def never_produced(base: Base) -> Never:
    """Runs the text of each token, added ones aside, through `base` as it would stand inside a text."""
    inner = base.inner()
    texts: dict[str, str] = {}
    never = []
    not_utf8 = 0
    for token in base.vocab.keys() - base.added.keys():
        try:
            texts[token] = read(token).decode()
        except UnicodeDecodeError:
            not_utf8 += 1
        except KeyError:  # not of the byte alphabet: no text is spelled like this
            never.append(token)
    encoded = inner.encode_batch(list(texts.values()), add_special_tokens=False)
    never += [token for token, one in zip(texts, encoded, strict=True) if one.ids != [base.vocab[token]]]
    never.sort(key=base.vocab.__getitem__)
    whole = []
    for token in never:
        text = texts.get(token, "")
        plain = inner.normalizer.normalize_str(text) if inner.normalizer else text
        if [piece for piece, _ in inner.pre_tokenizer.pre_tokenize_str(plain)] == [token]:
            whole.append(token)
    return Never(tuple(never), tuple(whole), not_utf8)

"""Writes a SentencePiece model as the `tokenizer.json` of the Hugging Face library, where that gives the same ids.

In: a model as read. Out: a parsed `tokenizer.json` (version "1.0") of BPE or Unigram over the whole text, with no
pre-tokenizer, since the model has none. `export` refuses what that format cannot say, `parity` counts the texts with other
ids, and `exported` gives a file only where there are none.

What the two libraries do in different ways, whatever is written:

- Unigram: the library adds scores up in float32 from the start of a text, so that near its end, or between paths of the same
  score (`......` and `.`), rounding decides. Hugging Face adds up in float64.
- A map of characters (`nmt_nfkc`): Hugging Face looks up a character together with its marks and takes the shortest match,
  the library takes the longest.
- The name of a control piece in a text (`</s>`): Hugging Face takes it for the piece itself, and puts a ▁ before what follows.
  `parity` leaves out such texts.

User-defined pieces, masking tags among them, are found as the library finds them, with one ▁ in front of the whole text. Only
a text that is nothing but such a piece lacks that ▁.
"""

import base64
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from vocab.base import build
from vocab.errors import VocabRefused
from vocab.isolating import literal
from vocab.piece_models import SPACE
from vocab.sentence_piece import BPE, SentencePiece

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Spec = dict[str, Any]
_AT_ENDS = rf"\A +|[ {SPACE}]+\z"
"""What `remove_extra_whitespaces` takes away; at the end that is also a ▁ of the text itself."""
_COMPOSING = ("nfkc", "nmt_nfkc")
"""Normalizers that compose: letters of Hangul among them, which Hugging Face would look up one by one."""
_CONTROL = ("control", "unknown")
_SPECIAL = ("control", "unknown", "user-defined")
_BATCH = 512


def exported(model: SentencePiece, texts: Iterable[str]) -> Spec:
    """The `tokenizer.json` of `model`, which gives the ids of the library on all of `texts`.

    Raises:
        VocabRefused: it cannot be written, or some texts have other ids.
    """
    spec = export(model)
    every = list(texts)
    other = parity(model, spec, every)
    if other:
        raise VocabRefused(
            (f"{model.file}: {other:,} of {len(every):,} texts have other ids by a tokenizer.json, expected none",)
        )
    return spec


def export(model: SentencePiece) -> Spec:
    """The `tokenizer.json` of `model`; whether it gives the same ids on some texts is for `parity` to say.

    Raises:
        VocabRefused: the format cannot say what the model does; the sentence names the reason.
    """
    reason = _inexact(model)
    if reason:
        raise VocabRefused((f"{model.file}: {reason}; keep the .model, which the sentencepiece library reads",))
    added = [
        {
            "id": at,
            "content": piece.text,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": piece.kind == "user-defined",
            "special": piece.kind != "user-defined",
        }
        for at, piece in enumerate(model.pieces)
        if piece.kind in _SPECIAL
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": _normalizers(model)},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": _decoders(model)},
        "model": _bpe(model) if model.family == BPE else _unigram(model),
    }


def parity(model: SentencePiece, spec: Spec, texts: Iterable[str]) -> int:
    """How many of `texts` have other ids by `spec` than by the library; texts that name a control piece are left out."""
    names = [piece.text for piece in model.pieces if piece.kind in _CONTROL]
    plain = [text for text in texts if not any(name in text for name in names)]
    processor, tokenizer = model.processor(), build(spec, str(model.file))
    batches = (plain[at : at + _BATCH] for at in range(0, len(plain), _BATCH))
    return sum(_differing(processor, tokenizer, batch) for batch in batches)


def _differing(processor: Any, tokenizer: "Tokenizer", texts: Sequence[str]) -> int:
    theirs = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
    return sum(one.ids != ids for one, ids in zip(theirs, processor.encode(list(texts)), strict=True))


def _inexact(model: SentencePiece) -> str:
    """Why no `tokenizer.json` gives the ids of `model`, or ''."""
    if model.processor().normalize("a b").lstrip(SPACE) != f"a{SPACE}b":
        return f"it writes a space not as {SPACE} before a word"
    own = [piece.text for piece in model.pieces if piece.kind == "user-defined"]
    if any(SPACE in text or " " in text or (model.charsmap and normalize("NFKC", text) != text) for text in own):
        return "Hugging Face would normalise a user-defined piece, which the library leaves as it is"
    unused = sum(piece.kind == "unused" for piece in model.pieces)
    if unused:
        return f"{unused} of its pieces are unused, and Hugging Face would give them"
    if model.family != BPE:
        return "it is Unigram with byte pieces, which text such as <0x41> would give" if model.byte_fallback else ""
    known = {piece.text for piece in model.pieces if piece.kind == "normal"}
    lost = [at for at, piece in enumerate(model.pieces) if piece.kind == "normal" and not known.issuperset(piece.text)]
    if lost:
        return (
            f"{len(lost)} of its pieces, the first with id {lost[0]}, hold a character that is no piece itself, so no merge of "
            "two tokens makes them"
        )
    return ""


def _normalizers(model: SentencePiece) -> list[Spec]:
    steps: list[Spec] = []
    charsmap = model.charsmap
    if charsmap:
        if model.normalizer.startswith(_COMPOSING):
            steps.append({"type": "NFC"})
        steps.append({"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()})
    if model.remove_extra_whitespaces:
        steps.append({"type": "Replace", "pattern": {"Regex": _AT_ENDS}, "content": ""})
        steps.append({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})
    if model.add_dummy_prefix:
        steps.append({"type": "Prepend", "prepend": SPACE})
    steps.append({"type": "Replace", "pattern": {"String": " "}, "content": SPACE})
    own = [literal(piece.text) for piece in model.pieces if piece.kind == "user-defined"]
    if own and model.add_dummy_prefix:
        # Hugging Face looks for what the normalizer makes of such a piece, so by itself it has to stay as it is.
        alone = rf"\A{SPACE}(?=(?:{'|'.join(own)})\z)"
        steps.append({"type": "Replace", "pattern": {"Regex": alone}, "content": ""})
    return steps


def _decoders(model: SentencePiece) -> list[Spec]:
    steps: list[Spec] = [{"type": "Replace", "pattern": {"String": SPACE}, "content": " "}]
    if model.byte_fallback:
        steps.append({"type": "ByteFallback"})
    steps.append({"type": "Fuse"})
    if model.add_dummy_prefix or model.remove_extra_whitespaces:
        steps.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return steps


def _unigram(model: SentencePiece) -> Spec:
    return {
        "type": "Unigram",
        "unk_id": model.unk_id,
        "vocab": [[piece.text, piece.score] for piece in model.pieces],
        "byte_fallback": False,
    }


def _bpe(model: SentencePiece) -> Spec:
    """BPE with a merge for every pair of pieces that makes a piece.

    Merges run in the order of scores. Of equal ones the library joins the leftmost first; that with the longer left part
    comes first here, which gives the same for runs of one character.
    """
    scores = {piece.text: piece.score for piece in model.pieces if piece.kind == "normal"}
    merges = sorted(
        (
            (text[:at], text[at:])
            for text in scores
            for at in range(1, len(text))
            if text[:at] in scores and text[at:] in scores
        ),
        key=lambda pair: (-scores[pair[0] + pair[1]], -len(pair[0]), -len(pair[1])),
    )
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": model.pieces[model.unk_id].text,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": model.byte_fallback,
        "ignore_merges": False,
        "vocab": {piece.text: at for at, piece in enumerate(model.pieces)},
        "merges": [list(pair) for pair in merges],
    }

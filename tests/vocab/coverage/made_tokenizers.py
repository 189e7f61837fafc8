"""Small tokenizers of every family, and the plain way to count what they cost: each document encoded whole by the library.

In: texts to train on and a folder. Out: files of tokenizers by name. The same texts give the same files.
"""

import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from vocab.coverage.readers import Reader
from vocab.piece_export import export
from vocab.sentence_piece import read_model

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
ACROSS = r" ?\p{L}+ \p{L}+|" + GPT2
"""Cuts pairs of words, as no common tokenizer does."""
PIECES = {
    "bpe": {"model_type": "bpe", "vocab_size": 700, "byte_fallback": True, "normalization_rule_name": "identity"},
    "bpe_plain": {
        "model_type": "bpe", "vocab_size": 700, "byte_fallback": True, "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False, "add_dummy_prefix": False,
    },
    "bpe_over_spaces": {
        "model_type": "bpe", "vocab_size": 700, "normalization_rule_name": "identity", "split_by_whitespace": False,
        "remove_extra_whitespaces": False,
    },
    "unigram": {"model_type": "unigram", "vocab_size": 300},
}  # fmt: skip
"""SentencePiece models by name, with what the trainer is told."""


def write_all(texts: Sequence[str], folder: Path) -> dict[str, Path]:
    """One tokenizer of each kind, trained on `texts`."""
    found = {f"{name}.model": _pieces(texts, folder / f"{name}.model", options) for name, options in PIECES.items()}
    for name in ("bpe", "unigram"):
        spec = export(read_model(found[f"{name}.model"]))
        found[f"{name}_export"] = write_spec(folder / f"{name}_export", spec)
    for name, options in _BYTES.items():
        found[name] = write_spec(folder / name, json.loads(_bytes(texts, **options).to_str()))
    found["word_pieces"] = write_spec(folder / "word_pieces", json.loads(_words(texts).to_str()))
    return found


def write_spec(folder: Path, spec: dict[str, Any]) -> Path:
    """A folder with this `tokenizer.json`."""
    folder.mkdir()
    (folder / "tokenizer.json").write_text(json.dumps(spec, ensure_ascii=False), "utf-8")
    return folder


def counted(reader: Reader, texts: Sequence[str]) -> Counter[int]:
    """How often each id stands in `texts`, each encoded whole by the library itself."""
    tokenizer = reader.origin.tokenizer()
    found: Counter[int] = Counter()
    for text in texts:
        found.update(tokenizer.encode(text, add_special_tokens=False).ids)
    return found


_BYTES: dict[str, dict[str, Any]] = {
    "gpt2": {"pattern": ""},
    "prefix_space": {"pattern": "", "prefix": True},
    "qwen": {"pattern": QWEN, "normalizer": normalizers.NFC(), "special": ["<|im_start|>", "<|im_end|>"]},
    "nfkc": {"pattern": QWEN, "normalizer": normalizers.NFKC()},
    "across": {"pattern": ACROSS},
}


def _bytes(
    texts: Sequence[str], pattern: str, normalizer: Any = None, prefix: bool = False, special: Sequence[str] = ()
) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tail = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=not pattern)
    split = [pre_tokenizers.Split(Regex(pattern), "isolated")] if pattern else []
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*split, tail]) if split else tail
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=900, initial_alphabet=tail.alphabet(), special_tokens=list(special), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _words(texts: Sequence[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.decoder = normalizers.BertNormalizer(), decoders.WordPiece()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _pieces(texts: Sequence[str], file: Path, options: dict[str, Any]) -> Path:
    from sentencepiece import SentencePieceTrainer

    written = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter([*texts] * 3), model_writer=written, minloglevel=2, hard_vocab_limit=False, num_threads=1,
        **options,
    )  # fmt: skip
    file.write_bytes(written.getvalue())
    return file


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The `tokenizer.json` in `folder` after `change`."""
    spec: dict[str, Any] = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    change(spec)
    return spec

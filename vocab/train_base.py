"""Trains a small byte-level BPE base from certified text, for the demonstration and for tests.

The base is built by this project and says so: it is a stand-in where no licensed base may be shipped, not a tokenizer
to build a model on. Digits never join (no number becomes a token), and only pre-tokens of at least
`MIN_DOCUMENTS` documents are learned from. The same documents in any order give the same bytes.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from govern.files import write_whole
from vocab.base import CONFIG, SPECIAL_TOKENS, TOKENIZER
from vocab.errors import VocabError
from vocab.folders import building
from vocab.pretokens import batches

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from govern.attestation import CertifiedCorpus

MIN_DOCUMENTS = 3
PATTERN = r"'(?:[sdmt]|ll|ve|re)| ?[\p{L}\p{M}]+| ?\p{N}| ?[^\s\p{L}\p{M}\p{N}]+|\s*[\r\n]+|\s+(?!\S)|\s+"
"""The pre-tokenizer: that of GPT-2 with marks beside letters, digits one by one, and line ends apart."""
END, PAD = "<|endoftext|>", "<|padding|>"
ALPHABET = 256
CARD = """---
library_name: transformers
---

# Demonstration base

A byte-level BPE tokenizer trained by this project on one certified corpus, for its demonstration and tests. It is small,
knows little, and belongs to no released model.
"""


def train_base(texts: Iterable[str], size: int) -> "Tokenizer":
    """A byte-level BPE tokenizer of at most `size` tokens with the special tokens `END` and `PAD`.

    Raises:
        VocabError: `size` leaves no room for a merge.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    if size <= ALPHABET + 2:
        raise VocabError(f"size {size}: expected more than {ALPHABET + 2} (every byte and two special tokens)")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[END, PAD],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_learned_from(texts), trainer)
    return tokenizer


def write_base(corpus: "CertifiedCorpus", size: int, out: Path) -> Path:
    """Trains a base on the documents of `corpus` (not those held out) and writes it to the new folder `out`."""
    tokenizer = train_base((text for batch in batches(corpus) for text, _ in batch), size)
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": END,
        "eos_token": END,
        "pad_token": PAD,
        "clean_up_tokenization_spaces": False,
    }
    special = {role: value for role, value in config.items() if role in ("bos_token", "eos_token", "pad_token")}
    with building(out, TOKENIZER) as partial:
        write_whole(partial / TOKENIZER, tokenizer.to_str().encode())
        write_whole(partial / CONFIG, json.dumps(config, indent=2).encode())
        write_whole(partial / SPECIAL_TOKENS, json.dumps(special, indent=2).encode())
        write_whole(partial / "README.md", CARD.encode())
    return out


def _learned_from(texts: Iterable[str]) -> Iterator[str]:
    """Each word of at least `MIN_DOCUMENTS` documents, as often as it occurs, in sorted order."""
    import re

    words = re.compile(r"\s*\S+|\s+")
    total: Counter[str] = Counter()
    documents: Counter[str] = Counter()
    for text in texts:
        counts = Counter(words.findall(text))
        total.update(counts)
        documents.update(counts.keys())
    for word in sorted(total):
        if documents[word] >= MIN_DOCUMENTS:
            for _ in range(total[word]):
                yield word

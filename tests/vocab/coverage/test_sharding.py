"""What a corpus is cut into, what is forgotten, and which way counts: nothing of that changes a number."""

import pickle
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.attestation import CertifiedCorpus
from govern.errors import VerificationError
from govern.files import canonical
from tests.vocab.conftest import ENGLISH, KOREAN
from vocab.coverage import cover, covering, desk, encoding, tally
from vocab.coverage.counts import Coverage
from vocab.coverage.covering import DOCUMENTS
from vocab.coverage.desk import Desk
from vocab.coverage.encoding import Way
from vocab.coverage.partial import Cell, Partial, Plan, Task
from vocab.coverage.readers import opened
from vocab.coverage.value import to_json
from vocab.extend import extend
from vocab.term_lists import parse
from vocab.trials import made_up

from .made_corpora import ODD, Document, Writer, altered, certified, is_exact, texts_of
from .made_tokenizers import write_all

TERMS = ("EBITDA", "기준금리", "net interest margin", "mortgage", "금리")


@pytest.fixture(scope="module", autouse=True)
def _fewer_trials() -> Iterator[None]:
    """The proof, which other files test, on fewer texts."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(covering, "made_up", lambda terms: made_up(terms)[:200])
        yield


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory, base_folder: Path, corpus: CertifiedCorpus) -> dict[str, Path]:
    """A tokenizer of each kind, the small base and its extension in two ways."""
    folder = tmp_path_factory.mktemp("tokenizers")
    terms = parse("EBITDA\n기준금리\nmortgage\n억원\n".encode(), "list")
    return {
        **write_all([*ENGLISH, *KOREAN], folder),
        "base": base_folder,
        "portable": extend(base_folder, corpus, [terms], folder / "portable", digits="r2l3").folder,
        "exact": extend(base_folder, corpus, [terms], folder / "exact", profile="exact", digits="r2l3").folder,
    }


PIECES = (
    "net", "interest", "margin", "rates", "금리를", "기준금리", "(EBITDA)", "3조", "5,000억", "원", "USD", "1,234.5", "January",
    "5,", "2024년", "3월", "", "\n", "a\n", "\tb", "\u3000", "%", "bp", "Q3", "FY", "12", "x\x1cy", "￦", "e\u0301", "ﬁ", "각",
    "123456789", "0.00012345", "10%p", "<|im_start|>", "<|endoftext|>", "억원을", "🏦", "\x00", "don't", "1/2", "①5", "½",
)  # fmt: skip
TEXTS = st.lists(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=12).map(" ".join), min_size=1, max_size=8
)
BOTH_WAYS = ("bpe_plain.model", "gpt2", "prefix_space", "nfkc", "word_pieces", "portable")
CELL = Cell(DOCUMENTS, "en", "notes", "")


def plan_of(paths: Sequence[Path], ways: Sequence[Way]) -> Plan:
    readers = opened(tuple(paths))
    digests = tuple(reader.sha256 for reader in readers)
    extends = covering._extends(readers)
    return Plan(tuple(paths), digests, tuple(ways), extends, TERMS, "type", 1)


def at_desk(plan: Plan, texts: Sequence[str]) -> Partial:
    """What one desk counts in `texts`, in two goes."""
    made = Desk(plan)
    for part in (texts[: len(texts) // 2], texts[len(texts) // 2 :]):
        if part:
            made.count([f"{one!r}" for one in part], part, [CELL] * len(part))
    return made.collect()


@settings(max_examples=15, deadline=None)
@given(texts=TEXTS)
def test_units_count_what_whole_documents_count(paths: dict[str, Path], texts: list[str]) -> None:
    """Ids, terms, numbers, runs, lost characters and replicates, for whatever can be counted both ways."""
    some = [paths[name] for name in BOTH_WAYS]
    one, two = (at_desk(plan_of(some, [Way(units=units)] * len(some)), texts) for units in (True, False))
    for at, path in enumerate(some):
        for field in fields(Coverage):
            if field.name != "changed":
                got, wanted = (getattr(part.coverage[CELL][at], field.name) for part in (one, two))
                assert got == wanted, (path.name, field.name)
    assert np.array_equal(one.terms, two.terms)
    assert np.array_equal(one.replicates[CELL], two.replicates[CELL])
    assert {key: row.tolist() for key, row in one.shapes.items()} == {
        key: row.tolist() for key, row in two.shapes.items()
    }


def without_sharding(value: dict[str, Any]) -> bytes:
    """The bytes of `coverage.json` but for the certificate's digest, which the cut into shards changes."""
    return canonical({**value, "corpus": {**value["corpus"], "certificate": ""}})


@pytest.fixture(scope="module")
def sharded(
    tmp_path_factory: pytest.TempPathFactory, keys: Path, corpus_writer: Writer
) -> Callable[[int], CertifiedCorpus]:
    """The same 128 documents, two of them held out, in so many shards."""
    kinds = ("filing", "speech", "")
    documents = [
        Document(text, "en" if at % 2 else "ko", f"source {at % 3}", kinds[at % 3], id=f"document {at}")
        for at, text in enumerate([*ENGLISH, *KOREAN, *ODD[3:11]])
    ]
    held_out = [one._replace(part="held-out") for one in documents[5:7]]
    rest = [one for one in documents if one not in documents[5:7]]

    def make(shards: int) -> CertifiedCorpus:
        folder = tmp_path_factory.mktemp("sharded") / "corpus"
        size = -(-len(rest) // shards)
        made = certified(folder, keys, corpus_writer, [*rest, *held_out], shard_documents=size)
        assert len(made.documents) == shards
        return made

    return make


@pytest.fixture(scope="module")
def some(paths: dict[str, Path]) -> list[Path]:
    """Tokenizers of both ways, with an extension."""
    return [paths["base"], paths["portable"], paths["unigram.model"]]


@pytest.fixture(scope="module")
def once(sharded: Callable[[int], CertifiedCorpus], some: list[Path]) -> tuple[CertifiedCorpus, bytes]:
    """The corpus in one shard, and its value."""
    corpus = sharded(1)
    return corpus, without_sharding(to_json(corpus, [], cover(some, corpus, TERMS)))


@pytest.mark.parametrize(("shards", "workers"), [(2, 1), (7, 1), (63, 1), (7, 3)])
def test_the_same_documents_have_the_same_value(
    sharded: Callable[[int], CertifiedCorpus], some: list[Path], once: tuple[CertifiedCorpus, bytes], shards: int, workers: int
) -> None:  # fmt: skip
    """In any number of shards, counted by any number of processes, byte by byte."""
    corpus = sharded(shards)
    value = to_json(corpus, [], cover(some, corpus, TERMS, workers=workers))
    assert corpus.certificate.digest != once[0].certificate.digest
    assert without_sharding(value) == once[1]


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (desk, "MOST_UNITS", 50), (desk, "MOST_PRETOKENS", 20), (desk, "WHOLE_CHARACTERS", 300), (tally, "BLOCK_DOCUMENTS", 3),
        (tally, "BLOCK_CHARACTERS", 1000), (encoding, "WORDS", 3), (encoding, "PRETOKENS", 2),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
def test_what_is_forgotten_and_done_together_changes_nothing(
    some: list[Path], once: tuple[CertifiedCorpus, bytes], monkeypatch: pytest.MonkeyPatch, module: Any, name: str, value: int
) -> None:  # fmt: skip
    """Units are let go and looked at again; blocks are of any size."""
    forgotten: list[int] = []
    forget = Desk.forget
    monkeypatch.setattr(Desk, "forget", lambda self: [forgotten.append(1), forget(self)][1])
    if name == "MOST_PRETOKENS":
        monkeypatch.setattr(desk, "MOST_UNITS", 50)
    monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(tally, "BLOCK_DOCUMENTS", min(tally.BLOCK_DOCUMENTS, 10))
    tally.desk_of.cache_clear()
    assert without_sharding(to_json(once[0], [], cover(some, once[0], TERMS))) == once[1]
    assert len(forgotten) > (8 if name.startswith("MOST") else 0)


def test_what_was_interrupted_is_not_counted_with_the_next(
    once: tuple[CertifiedCorpus, bytes],
    paths: dict[str, Path],
    tmp_path: Path,
    keys: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one process a second run has the numbers of the first, whether that ended in the middle of a shard or between two."""
    one, path = once[0], paths["gpt2"]
    count = Desk.count
    calls: list[int] = []

    def interrupted(self: Desk, *block: Any) -> None:
        count(self, *block)
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tally, "BLOCK_DOCUMENTS", 7)
        patched.setattr(Desk, "count", interrupted)
        with pytest.raises(KeyboardInterrupt):
            cover([path], one, TERMS)
    with pytest.raises(VerificationError):
        cover([path], altered(one, tmp_path / "altered", keys), TERMS)
    is_exact(cover([path], one, TERMS), 0, texts_of(one))


def test_a_shard_and_what_was_counted_go_between_processes(
    once: tuple[CertifiedCorpus, bytes], paths: dict[str, Path]
) -> None:
    """A task is small, holds paths and no text, and the counts come back as they were."""
    plan = plan_of([paths["gpt2"]], [Way()])
    sent = pickle.dumps(Task(plan, once[0].documents[0], DOCUMENTS))
    assert len(sent) < 2000
    found = tally.tally(pickle.loads(sent))
    back = pickle.loads(pickle.dumps(found))
    assert back.coverage == found.coverage
    assert (found + Partial()).coverage == (Partial() + back).coverage == found.coverage

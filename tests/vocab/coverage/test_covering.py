"""A corpus covered by tokenizers of every family: totals are those of whole documents, whatever is cut, cached or shared."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from govern.attestation import CertifiedCorpus
from govern.errors import VerificationError
from tests.vocab.conftest import ENGLISH, KOREAN
from vocab.coverage import cover, covering, encoding, tally
from vocab.coverage.covering import Covered
from vocab.coverage.encoding import Way
from vocab.coverage.value import to_json
from vocab.errors import VocabError
from vocab.extend import extend
from vocab.term_lists import parse
from vocab.trials import made_up

from .made_corpora import ODD, Document, Writer, altered, certified, is_exact, texts_of, total
from .made_tokenizers import QWEN, changed, write_all, write_spec

TERMS = ("EBITDA", "기준금리", "net interest margin", "mortgage", "금리")
BY_UNITS = ("bpe_over_spaces.model", "bpe_plain.model", "gpt2", "prefix_space", "qwen", "nfkc", "word_pieces", "base")
WHOLE = ("bpe.model", "unigram.model", "bpe_export", "unigram_export", "across")
"""Families by how they can be counted: white space is taken away, or a token goes on over a space."""


@pytest.fixture(autouse=True)
def _fewer_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof on fewer texts, but for what is covered once for this whole file."""
    monkeypatch.setattr(covering, "made_up", lambda terms: made_up(terms)[:200])


@pytest.fixture(scope="module")
def odd_corpus(tmp_path_factory: pytest.TempPathFactory, keys: Path, corpus_writer: Writer) -> CertifiedCorpus:
    """A corpus with every oddness of text in it, one document without any, and two held out."""
    documents = [
        *(Document(text) for text in ENGLISH[:30]), *(Document(text, "ko", "press") for text in KOREAN[:30]),
        *(Document(text, "und") for text in ODD), Document(ENGLISH[40], part="held-out"), Document("", "ko", part="held-out"),
    ]  # fmt: skip
    return certified(tmp_path_factory.mktemp("odd") / "corpus", keys, corpus_writer, documents, shard_documents=20)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory, base_folder: Path) -> dict[str, Path]:
    """A tokenizer of each kind, by name, and the small base."""
    return {**write_all([*ENGLISH, *KOREAN], tmp_path_factory.mktemp("tokenizers")), "base": base_folder}


@pytest.fixture(scope="module")
def extended(
    paths: dict[str, Path], corpus: CertifiedCorpus, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Extensions of the base by profile and digits, and one of a model by a term of several words."""
    folder = tmp_path_factory.mktemp("extended")
    terms = parse("EBITDA\n기준금리\n영업이익\nmortgage\n억원\nM&A\n대출금리\n".encode(), "list")
    found: dict[str, Path] = {}
    for profile, digits in (("portable", "keep"), ("portable", "r2l3"), ("exact", "keep"), ("exact", "r2l3")):
        name = f"{profile} {digits}"
        found[name] = extend(paths["base"], corpus, [terms], folder / name, profile=profile, digits=digits).folder  # type: ignore[arg-type]
    several = parse(b"repaid its mortgage\nEBITDA\n", "list")
    found["several words"] = extend(paths["bpe_plain.model"], corpus, [several], folder / "several words").folder
    return found


@pytest.fixture(scope="module")
def covered(
    odd_corpus: CertifiedCorpus, paths: dict[str, Path], extended: dict[str, Path]
) -> dict[str, tuple[Covered, int]]:
    """The odd corpus covered by all of them at once: for each name the result and its place there."""
    every = {**paths, **extended}
    result = cover(list(every.values()), odd_corpus, TERMS)
    return {name: (result, at) for at, name in enumerate(every)}


EXACT = ("exact keep", "exact r2l3")
RULES = {
    **dict.fromkeys(EXACT, "its patterns ask where a text begins or ends"),
    "across": "its tokens go on over a space whatever stands before or after it",
}
EVERY = [*BY_UNITS, *WHOLE, "portable keep", "portable r2l3", *EXACT, "several words"]


@pytest.mark.parametrize("name", EVERY)
def test_totals_are_those_of_whole_documents(
    covered: dict[str, tuple[Covered, int]], odd_corpus: CertifiedCorpus, paths: dict[str, Path],
    extended: dict[str, Path], name: str,
) -> None:  # fmt: skip
    """Every id as often as the library gives it, for every family."""
    assert covered.keys() == {*EVERY}
    is_exact(*covered[name], texts_of(odd_corpus))


def test_how_each_was_counted_is_said(covered: dict[str, tuple[Covered, int]]) -> None:
    """By units where no token crosses them; else by whole documents, and the reason with the number of texts."""
    for name, (result, at) in covered.items():
        method, is_whole = result.methods[at], name in (*WHOLE, *EXACT)
        assert method.way == Way(units=not is_whole), name
        assert method.proved > 2000
        said = "the ids of a text are not those of its parts one after the other in "
        if name in RULES:
            assert method.reason == RULES[name]
        else:
            assert method.reason.startswith(said) if is_whole else method.reason == "", name
            assert method.reason.endswith(f" of {method.proved:,} odd and made-up texts") if is_whole else True, name
        assert method.audited == (0 if is_whole else result.partial.audited)


def test_an_extension_knows_its_base(covered: dict[str, tuple[Covered, int]]) -> None:
    """By the digest; what has no record extends nothing."""
    place = {name: at for name, (_, at) in covered.items()}
    (result, _) = covered["base"]
    expected = {
        **dict.fromkeys(("portable keep", "portable r2l3", "exact keep", "exact r2l3"), "base"),
        "several words": "bpe_plain.model",
    }
    assert {name: place[expected[name]] if name in expected else None for name in place} == {
        name: result.extends[at] for name, at in place.items()
    }


def test_what_changed_is_counted_where_both_are_read_in_units(covered: dict[str, tuple[Covered, int]]) -> None:
    """Whole documents have no units to compare."""
    assert {name for name, (result, at) in covered.items() if total(result, at).changed is not None} == {
        *("portable keep", "portable r2l3", "several words")
    }


def ahead(paths: dict[str, Path], folder: Path) -> Path:
    """A tokenizer that cuts as any other does, but for one word, which it cuts in two before one other."""

    def look(spec: dict[str, Any]) -> None:
        spec["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = " mort(?=gage qvut)|" + QWEN

    return write_spec(folder, changed(paths["qwen"], look))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_document_that_disagrees_has_the_corpus_counted_again(
    paths: dict[str, Path], tmp_path: Path, keys: Path, corpus_writer: Writer, workers: int
) -> None:
    """What no made-up text showed is seen in an audited document; then every document is read whole, by that tokenizer only."""
    path = ahead(paths, tmp_path / "ahead")
    documents = [*(Document(text) for text in ENGLISH[:20]), Document("the mortgage qvut rose")]
    corpus = certified(tmp_path / "corpus", keys, corpus_writer, documents, shard_documents=7)
    result = cover([paths["gpt2"], path], corpus, TERMS, workers=workers)
    first, second = result.methods
    assert (first.way, first.reason, first.audited) == (Way(), "", result.partial.audited)
    assert second.way == Way(units=False)
    assert (
        second.reason == "the ids of a text are not those of its parts one after the other in a document of the corpus"
    )
    assert (result.partial.audited, second.audited) == (21, 0)
    for at, _one in enumerate((paths["gpt2"], path)):
        is_exact(result, at, texts_of(corpus))


def test_without_the_audit_that_document_would_not_be_seen(
    paths: dict[str, Path], tmp_path: Path, keys: Path, corpus_writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test above tests the audit: the proof passes."""
    monkeypatch.setattr(covering, "audit_every", lambda _: 2**62)
    corpus = certified(tmp_path / "corpus", keys, corpus_writer, [Document("the mortgage qvut rose")])
    (method,) = cover([ahead(paths, tmp_path / "ahead")], corpus, TERMS).methods
    assert (method.way, method.audited) == (Way(), 0)


@pytest.mark.parametrize(("documents", "every"), [(0, 1), (150, 1), (10_000, 100), (10**9, 256)])
def test_a_hundred_documents_are_audited_and_a_share_of_many(documents: int, every: int) -> None:
    """All of a small corpus."""
    assert covering.audit_every(documents) == every


@pytest.mark.parametrize("change", ["added token", "stripping", "looking ahead"])
def test_what_crosses_a_space_is_read_whole(
    paths: dict[str, Path], odd_corpus: CertifiedCorpus, tmp_path: Path, change: str
) -> None:
    """An added token of two words, one that takes the space after it, a pattern that looks at the next word."""

    def make(spec: dict[str, Any]) -> None:
        token = {"single_word": False, "lstrip": False, "normalized": False, "special": False}
        number = len({*spec["model"]["vocab"], *(one["content"] for one in spec["added_tokens"])})
        if change == "added token":
            spec["added_tokens"].append({"id": number, "content": "its mortgage", "rstrip": True, **token})
        elif change == "stripping":
            spec["added_tokens"].append({"id": number, "content": "repaid", "rstrip": True, **token})
        else:
            split = spec["pre_tokenizer"]["pretokenizers"][0]
            split["pattern"]["Regex"] = r" ?\p{L}+(?=\p{L} )|" + QWEN

    path = write_spec(tmp_path / "made", changed(paths["qwen"], make))
    result = cover([path], odd_corpus, TERMS)
    assert result.methods[0].way == Way(units=False)
    is_exact(result, 0, texts_of(odd_corpus))


def test_terms_side_by_side_are_counted_as_they_are_cut(
    paths: dict[str, Path], corpus: CertifiedCorpus, tmp_path: Path, keys: Path, corpus_writer: Writer
) -> None:
    """What follows a term that is isolated is a part of the text until the next, spaces or not: the end of a unit is none."""
    terms = parse("mortgage\n기준금리\n".encode(), "list")
    folder = extend(paths["base"], corpus, [terms], tmp_path / "made", profile="exact").folder
    texts = ["a mortgage기준금리 ж", "a mortgage기준금리", "mortgage기준금리 mortgage  b"]
    result = cover(
        [folder], certified(tmp_path / "corpus", keys, corpus_writer, [Document(text) for text in texts]), ()
    )
    is_exact(result, 0, texts)


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gigatoken that gives another id than the library for one word."""

    class Wrong:
        def __init__(self, reader: Any) -> None:
            self._reader = reader

        def encode(self, texts: Sequence[str]) -> encoding.Encoded:
            rows = self._reader.ids(texts, inside=True)
            return encoding.encoded_flat(
                [[0] if "mortgage" in text else ids for text, ids in zip(texts, rows, strict=True)]
            )

    monkeypatch.setattr(encoding, "ByGigatoken", Wrong)


@pytest.mark.usefixtures("wrong")
@pytest.mark.parametrize(("terms", "where"), [(TERMS, "odd and made-up texts"), ((), "in a document of the corpus")])
def test_an_engine_with_other_ids_gives_way_to_the_library(
    paths: dict[str, Path], tmp_path: Path, keys: Path, corpus_writer: Writer, terms: tuple[str, ...], where: str
) -> None:
    """Seen on made-up texts or in the audit, and said; the units stay."""
    documents = [
        *(Document(text, id=f"{at}") for at, text in enumerate(ENGLISH)),
        Document(ENGLISH[0], id="again"),
    ]
    corpus = certified(tmp_path / "corpus", keys, corpus_writer, documents)
    result = cover([paths["gpt2"]], corpus, terms, engine="gigatoken")
    (method,) = result.methods
    assert method.way == Way(units=True, gigatoken=False)
    assert method.reason.startswith("gigatoken gives other ids than the tokenizers library in ")
    assert where in method.reason
    is_exact(result, 0, texts_of(corpus))


def test_gigatoken_has_the_same_value(
    paths: dict[str, Path], extended: dict[str, Path], odd_corpus: CertifiedCorpus
) -> None:
    """But for the engine that is named."""
    pytest.importorskip("gigatoken")
    listed = [paths["gpt2"], paths["qwen"], paths["unigram.model"]]
    values = [to_json(odd_corpus, [], cover(listed, odd_corpus, TERMS, engine=name)) for name in covering.ENGINES]
    engines = [[one["method"].pop("engine") for one in value["tokenizers"]] for value in values]
    assert engines == [["tokenizers", "tokenizers", "sentencepiece"], ["gigatoken", "gigatoken", "sentencepiece"]]
    assert values[0] == values[1]


@pytest.mark.parametrize("workers", [1, 3])
def test_an_altered_shard_is_refused(
    odd_corpus: CertifiedCorpus, paths: dict[str, Path], tmp_path: Path, keys: Path, workers: int
) -> None:
    """Whichever process reads it."""
    with pytest.raises(VerificationError) as caught:
        cover([paths["gpt2"]], altered(odd_corpus, tmp_path / "altered", keys), TERMS, workers=workers)
    assert "does not match the manifest's" in str(caught.value).replace("\n", "")


def test_nothing_to_cover_by_is_a_sentence(odd_corpus: CertifiedCorpus, paths: dict[str, Path], tmp_path: Path) -> None:
    """No tokenizer, one that is missing, a column that is none of types, a term that is none."""
    with pytest.raises(VocabError, match="no tokenizer to cover a corpus by"):
        cover([], odd_corpus, TERMS)
    with pytest.raises(VocabError, match="no such file or folder"):
        cover([paths["gpt2"], tmp_path / "absent"], odd_corpus, TERMS)
    for column in ("id", "text", "lang", "source"):
        with pytest.raises(VocabError, match=f"column '{column}': expected a kept column of document types"):
            cover([paths["gpt2"]], odd_corpus, TERMS, type_column=column)
    with pytest.raises(VocabError, match="expected a term that begins and ends with another character"):
        cover([paths["gpt2"]], odd_corpus, ["EBITDA", " rate"])


def test_a_record_that_does_not_fit_is_refused(
    odd_corpus: CertifiedCorpus, extended: dict[str, Path], tmp_path: Path
) -> None:
    """The tokenizer beside it is not the one that was extended."""
    folder = tmp_path / "made"
    shutil.copytree(extended["portable keep"], folder)
    spec = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps(spec, indent=1), "utf-8")
    with pytest.raises(VocabError, match="sha256 is not the one in its record beside it"):
        cover([folder], odd_corpus, TERMS)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "금리"])
def test_a_corpus_of_one_document_and_no_term_is_counted(
    paths: dict[str, Path], tmp_path: Path, keys: Path, corpus_writer: Writer, text: str
) -> None:
    """By units and whole, without a held-out part; nothing divides by nothing."""
    corpus = certified(tmp_path / "corpus", keys, corpus_writer, [Document(text)])
    listed = [paths["gpt2"], paths["unigram.model"]]
    result = cover(listed, corpus, ())
    for at, _path in enumerate(listed):
        is_exact(result, at, [text])
        assert result.methods[at].way.units == (at == 0)
    assert result.partial.terms.size == 0
    assert to_json(corpus, [], result)["tokenizers"][0]["slices"][0]["documents"] == 1


def test_a_column_of_many_values_is_none_of_types(
    paths: dict[str, Path], tmp_path: Path, keys: Path, corpus_writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may hold text of the corpus, which a report must not; though no shard alone holds many."""
    documents = [Document("a rate", type=f"kind {at}") for at in range(4)]
    corpus = certified(tmp_path / "corpus", keys, corpus_writer, documents, shard_documents=1)
    monkeypatch.setattr(tally, "MOST_TYPES", 4)
    assert {cell.type for cell in cover([paths["gpt2"]], corpus, ()).partial.coverage} == {
        f"kind {at}" for at in range(4)
    }
    monkeypatch.setattr(tally, "MOST_TYPES", 3)
    with pytest.raises(VocabError, match="column 'type': holds more than 3 different values") as caught:
        cover([paths["gpt2"]], corpus, ())
    assert "kind 1" not in str(caught.value)

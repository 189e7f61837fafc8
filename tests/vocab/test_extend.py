"""Extending: terms become one token, the base keeps its meaning, the same inputs give the same bytes."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from govern.attestation import PREDICATE_TOKENIZER, CertifiedCorpus, verify, verify_folder
from govern.errors import Refused
from govern.files import manifest
from govern.keys import load_private
from vocab.base import load
from vocab.errors import VocabError
from vocab.extend import ExtendedTokenizer, extend
from vocab.grow import grow
from vocab.pretokens import histogram
from vocab.term_lists import load as load_terms
from vocab.term_lists import parse, usable

LISTS = ("finance-en", "finance-ko")
NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def extended(
    tmp_path_factory: pytest.TempPathFactory, base_folder: Path, corpus: CertifiedCorpus, keys: Path
) -> ExtendedTokenizer:
    out = tmp_path_factory.mktemp("extended") / "tokenizer"
    lists = [load_terms(name) for name in LISTS]
    return extend(base_folder, corpus, lists, out, key=load_private(keys / "sign.pem"), issued=NOW)


def test_the_proof_holds_and_no_document_is_longer(extended: ExtendedTokenizer) -> None:
    """Every claim is measured on the corpus itself."""
    proof = extended.proof
    assert proof.passed
    assert proof.problems == ()
    assert proof.corpus is not None
    assert (proof.corpus.documents, proof.corpus.documents_longer) == (120, 0)
    assert proof.corpus.tokens_extended < proof.corpus.tokens_base
    assert proof.single_rate[1] > 0.8 > 0.2 > proof.single_rate[0]


def test_every_added_variant_is_one_token(extended: ExtendedTokenizer) -> None:
    """The library gives the recorded id, and nothing else, for each variant."""
    tokenizer = Tokenizer.from_file(str(extended.folder / "tokenizer.json"))
    variants = [one for term in extended.growth.terms for one in term.variants if one.status == "added"]
    assert len(variants) > 600
    for one in variants:
        assert tokenizer.encode(one.text).ids == [one.id]


def test_ids_of_the_base_keep_their_meaning(extended: ExtendedTokenizer, base_folder: Path) -> None:
    """Special tokens too: the library would give them other ids if they stood in the added tokens alone."""
    before = Tokenizer.from_file(str(base_folder / "tokenizer.json"))
    after = Tokenizer.from_file(str(extended.folder / "tokenizer.json"))
    now = after.get_vocab(with_added_tokens=True)
    assert all(now[token] == number for token, number in before.get_vocab(with_added_tokens=True).items())
    assert after.encode("<|endoftext|>").ids == before.encode("<|endoftext|>").ids


def test_casings_that_the_corpus_attests_are_variants(extended: ExtendedTokenizer) -> None:
    """Ebitda stands in the corpus beside EBITDA."""
    texts = {one.text for term in extended.growth.terms for one in term.variants}
    assert {"EBITDA", " EBITDA", "Ebitda", " Ebitda"} <= texts


def test_what_was_not_added_is_said(extended: ExtendedTokenizer) -> None:
    """Terms that the pre-tokenizer cuts stand in the record with the reason."""
    record = json.loads((extended.folder / "extension.json").read_text("utf-8"))
    cut = {term["term"]: term["reason"] for term in record["terms"] if term["status"] == "cut"}
    assert "M&A" in cut
    assert "pre-tokenizer" in cut["M&A"]
    assert len(record["terms"]) == sum(one["terms"] for one in record["term_lists"])


def test_no_text_of_the_corpus_but_terms_stands_in_a_file(
    tmp_path: Path, base_folder: Path, keys: Path, documents: list[tuple[str, str]], corpus_writer: Callable[..., Path]
) -> None:
    """A word that only documents hold is in no file, whole or as a new token."""
    canary = "Zyxquorl"
    folder = corpus_writer(tmp_path / "corpus", {"documents": [(f"{canary} {t}", lang) for t, lang in documents]}, keys)
    made = verify(folder, [keys / "sign.pub"], now=NOW)
    out = tmp_path / "tokenizer"
    extend(base_folder, made, [parse("EBITDA\n금리\n".encode(), "list")], out)
    for path in out.iterdir():
        data = path.read_bytes()
        assert canary.encode() not in data
        assert b"yxquor" not in data


def test_the_same_inputs_give_the_same_bytes(
    extended: ExtendedTokenizer, tmp_path: Path, base_folder: Path, corpus: CertifiedCorpus
) -> None:
    """SHA256SUMS is the same, signed or not."""
    again = extend(base_folder, corpus, [load_terms(name) for name in LISTS], tmp_path / "again")
    assert again.digest == extended.digest
    assert (tmp_path / "again/SHA256SUMS").read_bytes() == (extended.folder / "SHA256SUMS").read_bytes()
    assert manifest(extended.folder) == (extended.folder / "SHA256SUMS").read_bytes()


def test_the_order_of_a_list_changes_no_id(base_folder: Path, corpus: CertifiedCorpus) -> None:
    """Shorter terms are joined first, whatever the order they are listed in."""
    base = load(base_folder)
    counts: Counter[str] = Counter()
    lines = ["주택담보대출", "금리", "기준금리", "EBITDA", "mortgage", "담보대출"]
    first, second = (
        grow(base, usable([parse("\n".join(order).encode(), "list")], base.added), counts)
        for order in (lines, lines[::-1])
    )
    assert first.appended == second.appended


def test_the_signature_is_over_the_folder(extended: ExtendedTokenizer, keys: Path) -> None:
    """The predicate names extension, base and certificate."""
    opened = verify_folder(extended.folder, [keys / "sign.pub"], PREDICATE_TOKENIZER, now=NOW)
    assert opened.predicate["extension"] == extended.digest
    assert opened.predicate["certificate"] == extended.certificate


def test_an_extended_tokenizer_is_not_extended_again(
    extended: ExtendedTokenizer, tmp_path: Path, corpus: CertifiedCorpus
) -> None:
    """Its base is the one to extend."""
    with pytest.raises(VocabError, match="extended already"):
        extend(extended.folder, corpus, [load_terms("finance-en")], tmp_path / "twice")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_else_is_not_touched(
    tmp_path: Path, base_folder: Path, corpus: CertifiedCorpus
) -> None:
    """Neither a stranger's file nor another extension is replaced."""
    lists = [parse(b"EBITDA\n", "list")]
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / "notes.txt").write_text("mine")
    with pytest.raises(VocabError, match="something else"):
        extend(base_folder, corpus, lists, stranger)
    out = tmp_path / "tokenizer"
    first = extend(base_folder, corpus, lists, out)
    with pytest.raises(VocabError, match="other inputs"):
        extend(base_folder, corpus, [parse(b"EBIT\n", "list")], out)
    assert extend(base_folder, corpus, lists, out).digest == first.digest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stranger", "tokenizer"]


def test_what_a_kill_left_is_replaced_and_what_somebody_else_left_is_not(
    tmp_path: Path, base_folder: Path, corpus: CertifiedCorpus
) -> None:
    """`OUT.partial` is removed only where it is this command's own, and not while another process works in it."""
    from govern.lock import alone

    lists = [parse(b"EBITDA\n", "list")]
    out, partial = tmp_path / "tokenizer", tmp_path / "tokenizer.partial"
    (partial / "checkpoints").mkdir(parents=True)
    with pytest.raises(VocabError, match="not what this command left"):
        extend(base_folder, corpus, lists, out)
    assert (partial / "checkpoints").is_dir()
    (partial / "checkpoints").rename(partial / "making")
    with alone(partial), pytest.raises(Refused, match="another process"):
        extend(base_folder, corpus, lists, out)
    assert (partial / "making").is_dir()
    extend(base_folder, corpus, lists, out)
    assert [path.name for path in tmp_path.iterdir()] == ["tokenizer"]


def test_half_a_surrogate_pair_in_a_configuration_is_a_sentence(
    tmp_path: Path, base_folder: Path, corpus: CertifiedCorpus
) -> None:
    """JSON can spell what no UTF-8 file can hold."""
    base = shutil.copytree(base_folder, tmp_path / "base")
    (base / "tokenizer_config.json").write_text('{"bos_token": "\\ud800"}')
    with pytest.raises(VocabError, match=r"tokenizer_config\.json.*surrogate"):
        extend(base, corpus, [parse(b"EBITDA\n", "list")], tmp_path / "out")


def test_a_changed_shard_is_refused(tmp_path: Path, base_folder: Path, corpus_folder: Path, keys: Path) -> None:
    """The bytes that are parsed are the bytes that were certified."""
    copy = tmp_path / "corpus"
    shutil.copytree(corpus_folder, copy)
    corpus = verify(copy, [keys / "sign.pub"], now=NOW)
    shard = copy / "documents/part-00000.parquet"
    shard.write_bytes(shard.read_bytes() + b"x")
    with pytest.raises(Refused, match="part-00000"):
        extend(base_folder, corpus, [parse(b"EBITDA\n", "list")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_base_configuration_is_kept_under_the_plain_class(extended: ExtendedTokenizer) -> None:
    """Special tokens keep their roles; the class reads tokenizer.json as it stands."""
    config = json.loads((extended.folder / "tokenizer_config.json").read_text("utf-8"))
    special = json.loads((extended.folder / "special_tokens_map.json").read_text("utf-8"))
    assert config["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert special["eos_token"] == "<|endoftext|>"


def test_a_chat_template_and_a_licence_are_copied(tmp_path: Path, base_folder: Path, corpus: CertifiedCorpus) -> None:
    """Files that stay true are copied byte for byte; a vocab.json, which would not, is left behind."""
    folder = tmp_path / "base"
    shutil.copytree(base_folder, folder)
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    (folder / "LICENSE").write_text("a licence")
    (folder / "vocab.json").write_text("{}")
    extend(folder, corpus, [parse(b"EBITDA\n", "list")], tmp_path / "out")
    assert (tmp_path / "out/chat_template.jinja").read_text() == "{{ messages }}"
    assert (tmp_path / "out/LICENSE").read_text() == "a licence"
    assert not (tmp_path / "out/vocab.json").exists()


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_text_round_trips_and_never_grows(extended: ExtendedTokenizer, base_folder: Path, text: str) -> None:
    """`decode(encode(x))` is the normalised x, in no more tokens than the base takes."""
    before, after = _loaded(base_folder), _loaded(extended.folder)
    ids = after.encode(text, add_special_tokens=False).ids
    assert after.decode(ids, skip_special_tokens=False) == before.normalizer.normalize_str(text)
    assert len(ids) <= len(before.encode(text, add_special_tokens=False).ids)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 120))
def test_pre_tokens_add_up_under_any_sharding(base_folder: Path, documents: list[tuple[str, str]], cut: int) -> None:
    """The histogram of two parts is the histogram of the whole."""
    base = load(base_folder)
    texts = [text for text, _ in documents][:24]
    assert histogram(base, texts[: cut % 24]) + histogram(base, texts[cut % 24 :]) == histogram(base, texts)


_LOADED: dict[Path, Tokenizer] = {}


def _loaded(folder: Path) -> Tokenizer:
    if folder not in _LOADED:
        _LOADED[folder] = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return _LOADED[folder]


@pytest.mark.parametrize("holes", [0, 1000])
def test_a_base_with_a_prefix_space_or_holes_is_extended_and_proved(
    tmp_path: Path, base_folder: Path, corpus: CertifiedCorpus, holes: int
) -> None:
    """A base that puts a space before a text has bare terms inside it; ids may leave gaps. Both keep every base id."""
    from vocab.check import check

    spec = json.loads((base_folder / "tokenizer.json").read_text("utf-8"))
    if holes:
        vocab = spec["model"]["vocab"]
        spec["model"]["vocab"] = {token: at if at < 300 else at + holes for token, at in vocab.items()}
    else:
        spec["pre_tokenizer"] = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
    base = tmp_path / "base"
    base.mkdir()
    (base / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    made = extend(base, corpus, [parse("EBITDA\n순이자마진\n".encode(), "list")], tmp_path / "out")
    assert made.proof.base_ids_changed == 0
    assert min(made.new_ids) == load(base).next_id
    statuses = {variant.text: variant.status for term in made.growth.terms for variant in term.variants}
    assert statuses["순이자마진"] == "added"
    assert set(statuses.values()) <= {"added", "already single"}
    assert check(tmp_path / "out", corpus).passed
    before = Tokenizer.from_file(str(base / "tokenizer.json")).get_vocab()
    after = Tokenizer.from_file(str(tmp_path / "out/tokenizer.json")).get_vocab()
    assert all(after[token] == at for token, at in before.items())

"""Extensions by profile, digits, budget and tags: what the record says, and that `check` finds it again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from govern.attestation import CertifiedCorpus, verify
from vocab.base import load
from vocab.check import check
from vocab.errors import VocabError, VocabRefused
from vocab.extend import ExtendedTokenizer, extend
from vocab.extension import read
from vocab.ground import ground
from vocab.grow import OVER
from vocab.tags import MIN_DOCUMENTS, tags_in
from vocab.term_lists import parse

from .conftest import ENGLISH, KOREAN, NOW

TERMS = parse("EBITDA\n기준금리\n영업이익\nmortgage\n억원\nM&A\n대출금리\n".encode(), "list")


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory, keys: Path, corpus_writer: Callable[..., Path]) -> CertifiedCorpus:
    """A corpus with masking tags, which its certificate names."""
    documents = [
        *(
            (f"<PERSON_1>님과 <PERSON_2>은 <KR_RRN_{1 + at % 2}>를 냈다. {text}", "ko")
            for at, text in enumerate(KOREAN)
        ),
        *((f"{text} Call <PERSON_1>.", "en") for text in ENGLISH),
        ("<PERSON_9> and <OTHER_1>", "en"),
    ]
    folder = corpus_writer(
        tmp_path_factory.mktemp("tagged") / "corpus",
        {"documents": documents},
        keys,
        entities=("PERSON", "KR_RRN", "EMAIL_ADDRESS"),
    )
    return verify(folder, [keys / "sign.pub"], now=NOW)


@pytest.fixture(
    scope="module", params=[("exact", "keep"), ("exact", "r2l3"), ("portable", "r2l3"), ("portable", "keep")]
)
def made(
    request: pytest.FixtureRequest, base_folder: Path, tagged: CertifiedCorpus, tmp_path_factory: pytest.TempPathFactory
) -> ExtendedTokenizer:
    """An extension of each kind, on the corpus with tags."""
    profile, digits = request.param
    out = tmp_path_factory.mktemp("made") / "tokenizer"
    return extend(base_folder, tagged, [TERMS], out, profile=profile, digits=digits)


def test_every_kind_of_extension_is_proved_again(made: ExtendedTokenizer, tagged: CertifiedCorpus) -> None:
    """From its files alone, and on the corpus."""
    assert check(made.folder).passed
    again = check(made.folder, tagged)
    assert again.to_json() == made.proof.to_json()


def test_every_kind_of_extension_gives_its_base_back(made: ExtendedTokenizer, base_folder: Path) -> None:
    """Without the additions, and with the replaced parts put back, the file is the base's, value for value."""
    assert read(made.folder).base.spec == load(base_folder).spec


def test_no_document_is_longer_unless_numbers_are_grouped(made: ExtendedTokenizer) -> None:
    """Beside the base, or beside the base with groups."""
    assert made.proof.corpus is not None
    assert made.proof.corpus.documents_longer == 0
    assert made.proof.corpus.decoded_otherwise == 0


def test_isolated_terms_need_no_scaffold_and_leave_other_text_alone(made: ExtendedTokenizer) -> None:
    """`exact` has drift in the place of leaks, and every new id is a term."""
    proof = made.proof
    if made.profile == "portable":
        assert proof.drift is None
        assert proof.leak is not None
        return
    assert proof.leak is None
    assert proof.drift is not None
    assert proof.drift.broken == ()
    assert proof.drift.documents == len(ENGLISH) + len(KOREAN) + 1
    assert made.growth.scaffolds == ()
    tokenizer = read(made.folder).tokenizer.tokenizer()
    assert len(tokenizer.encode("M&A", add_special_tokens=False).ids) == 1


def test_tags_of_the_corpus_are_single_special_tokens(made: ExtendedTokenizer) -> None:
    """Those in enough documents and of the certificate's types; beside a word too, and gone where specials are skipped."""
    assert [tag for tag, _ in made.ground.tags] == ["<KR_RRN_1>", "<KR_RRN_2>", "<PERSON_1>", "<PERSON_2>"]
    assert made.proof.tags is not None
    assert made.proof.tags.not_single == 0
    tokenizer = read(made.folder).tokenizer.tokenizer()
    ids = dict(made.ground.tags)
    text = "(<PERSON_1>님의 <KR_RRN_2>)"
    found = tokenizer.encode(text, add_special_tokens=False).ids
    assert found.count(ids["<PERSON_1>"]) == found.count(ids["<KR_RRN_2>"]) == 1
    assert tokenizer.decode(found, skip_special_tokens=False) == text
    assert "PERSON" not in tokenizer.decode(found)
    kinds = [one["kind"] for one in json.loads((made.folder / "extension.json").read_text("utf-8"))["new_ids"]]
    assert kinds.count("tag") == 4


def test_a_tag_that_the_base_knows_is_left_to_it(base_folder: Path) -> None:
    """It has an id already; the same tags give the same ground again."""
    once = ground(load(base_folder), "keep", ["<PERSON_1>"])
    assert ground(once.base, "keep", ["<PERSON_1>"]).base is once.base


def test_tags_are_counted_by_document(tagged: CertifiedCorpus) -> None:
    """Ten in one document are one document."""
    texts = ["<PERSON_1>" * 10] * (MIN_DOCUMENTS - 1) + ["<EMAIL_ADDRESS_3> <PERSON_01>"] * MIN_DOCUMENTS
    assert tags_in(tagged.certificate, texts) == ("<EMAIL_ADDRESS_3>",)


@pytest.mark.parametrize("profile", ["portable", "exact"])
def test_a_budget_takes_the_terms_that_save_most(
    base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path, profile: str
) -> None:
    """No more ids than it says; what is left out says so, and the term that saves most is first."""
    whole = extend(base_folder, corpus, [TERMS], tmp_path / "whole", profile=profile)
    base = load(base_folder).tokenizer()
    saved = {term: one.count * (len(base.encode(" " + term).ids) - 1) for term, one in whole.standing.items()}
    best = max(saved, key=saved.__getitem__)
    for budget in (0, 4, 16, len(whole.new_ids)):
        made = extend(base_folder, corpus, [TERMS], tmp_path / str(budget), profile=profile, budget=budget)
        assert len(made.new_ids) <= budget
        left = [term for term in made.growth.terms if term.status in (OVER, "partly added")]
        assert left or budget >= len(whole.new_ids)
        assert best not in {term.entry.term for term in left} or budget < 16
        assert check(made.folder, corpus).passed


def test_a_budget_that_groups_of_digits_use_up_is_refused(
    base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path
) -> None:
    """The sentence says how many they need."""
    with pytest.raises(VocabError, match=r"budget of 10 ids, but groups of digits and masking tags take [0-9,]+"):
        extend(base_folder, corpus, [TERMS], tmp_path / "out", digits="r2l3", budget=10)


def test_a_rare_mined_term_is_left_out_and_a_rare_listed_one_is_kept_with_a_warning(
    base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path
) -> None:
    """A mined list is known by the counts in it."""
    mined = parse("term\tcategory\tcount\n대주단\tmined-ko\t9\n영업이익\tmined-ko\t60\n".encode(), "mined.tsv")
    made = extend(base_folder, corpus, [mined, parse("통화스와프\n".encode(), "own.txt")], tmp_path / "out")
    rare, known, _ = made.growth.terms
    assert (rare.entry.term, rare.entry.place, rare.status) == ("", "mined.tsv:2", "rejected")
    assert "stands 0 times in 0 documents" in rare.entry.reason
    assert known.status == "added"
    assert all("대주단" not in path.read_text("utf-8") for path in made.folder.iterdir())
    assert made.rare == ("통화스와프",)
    assert any("fewer than 5" in warning for warning in made.warnings)


def test_a_line_that_is_personal_data_is_refused_and_stands_nowhere(
    base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path
) -> None:
    """The place is said, not the text."""
    lists = [parse(b"EBITDA\njane.roe@example.com\n", "own.txt")]
    made = extend(base_folder, corpus, lists, tmp_path / "out")
    refused = made.growth.terms[1]
    assert (refused.entry.term, refused.entry.place, refused.status) == ("", "own.txt:2", "rejected")
    assert "EMAIL_ADDRESS" in refused.entry.reason
    assert all(b"jane.roe" not in path.read_bytes() for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize(("profile", "digits"), [("exact", "keep"), ("portable", "r2l3")])
def test_a_model_that_discards_pre_tokenizers_is_refused(
    base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path, profile: str, digits: str
) -> None:
    """qwen2 in transformers 5 would cut terms and numbers as before."""
    copy = tmp_path / "base"
    copy.mkdir()
    (copy / "tokenizer.json").write_bytes((base_folder / "tokenizer.json").read_bytes())
    (copy / "config.json").write_text('{"model_type": "qwen2"}', "utf-8")
    with pytest.raises(VocabError, match="qwen2"):
        extend(copy, corpus, [TERMS], tmp_path / "out", profile=profile, digits=digits)
    assert extend(copy, corpus, [TERMS], tmp_path / "out").proof.passed


def test_many_isolated_terms_are_warned_of(base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path) -> None:
    """Over 500 make the tokenizer a third slower."""
    from vocab.term_lists import load as load_terms
    from vocab.term_lists import terms_of

    many = "\n".join(term for term in terms_of([load_terms("finance-ko")]) if len(term) < 7)
    made = extend(base_folder, corpus, [parse(many.encode(), "many.txt")], tmp_path / "out", profile="exact")
    assert any("slower" in warning for warning in made.warnings)
    assert any("Hugging Face tokenizers only" in warning for warning in made.warnings)


def test_an_isolated_term_that_was_tampered_with_is_found(
    base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path
) -> None:
    """A record of `exact` whose replaced part is another one no longer gives the base."""
    from govern.files import canonical, manifest

    made = extend(base_folder, corpus, [TERMS], tmp_path / "out", profile="exact")
    file = made.folder / "extension.json"
    value = json.loads(file.read_text("utf-8"))
    value["base"]["replaced"]["ignore_merges"] = True
    file.write_bytes(canonical(value))
    (made.folder / "SHA256SUMS").write_bytes(manifest(made.folder))
    with pytest.raises((VocabError, VocabRefused), match="not the base"):
        check(made.folder)


def test_terms_with_a_particle_become_tokens_where_that_saves_most(
    base_folder: Path, corpus: CertifiedCorpus, tmp_path: Path
) -> None:
    """As many as asked for, each a variant of its term, proved like any other; a budget counts them."""
    plain = extend(base_folder, corpus, [TERMS], tmp_path / "plain")
    made = extend(base_folder, corpus, [TERMS], tmp_path / "closed", particles=2)
    assert plain.proof.corpus is not None
    assert made.proof.corpus is not None
    texts = [one.text for term in made.growth.terms for one in term.variants if one.status == "added"]
    assert "억원으로" in texts
    assert len(made.growth.terms[4].variants) == 3
    assert made.proof.corpus.tokens_extended < plain.proof.corpus.tokens_extended
    assert check(made.folder, corpus).passed
    limit = len(plain.new_ids)
    assert len(extend(base_folder, corpus, [TERMS], tmp_path / "few", particles=2, budget=limit).new_ids) <= limit
    with pytest.raises(VocabError, match="leave --particles out"):
        extend(base_folder, corpus, [TERMS], tmp_path / "exact", profile="exact", particles=1)

"""What terms are added to: numbers grouped, their tokens and merges, found again from the record alone."""

import json
from dataclasses import replace

import pytest

from vocab.base import load
from vocab.check import check
from vocab.errors import VocabError, VocabRefused
from vocab.extend import extend
from vocab.extension import read
from vocab.ground import ground
from vocab.term_lists import parse
from vocab.train_base import PATTERN

TERMS = parse("EBITDA\n기준금리\n영업이익\nmortgage\n억원".encode(), "list")


@pytest.fixture(scope="module")
def made(base_folder, corpus, tmp_path_factory):
    return extend(base_folder, corpus, [TERMS], tmp_path_factory.mktemp("made") / "out", digits="r2l3")


def test_keeping_digits_changes_nothing(base_folder):
    """The ground is the base."""
    base = load(base_folder)
    found = ground(base, "keep")
    assert found.base is base
    assert (found.numbers, found.tags, found.merges, found.replaced) == ((), (), 0, {})


def test_groups_take_the_first_new_ids_and_the_base_is_kept_beside_them(base_folder):
    """Ids of the base stay; what was replaced is the pre-tokenizer, as it was."""
    base = load(base_folder)
    found = ground(base, "r2l3")
    ids = [number for _, number in found.numbers]
    assert ids == list(range(base.next_id, base.next_id + len(ids)))
    assert all(found.base.vocab[token] == number for token, number in base.vocab.items())
    assert found.replaced == {"pre_tokenizer": base.spec["pre_tokenizer"]}
    assert found == ground(base, "r2l3")


@pytest.mark.parametrize(
    ("text", "groups"),
    [("1234567", ["1", "234", "567"]), ("12345억원", ["12", "345", "억원"]), ("0.12345", ["0", ".", "123", "45"])],
)
def test_numbers_are_cut_from_the_right_and_terms_stay_one_token(made, text, groups):
    """A unit that is a term stands behind its groups."""
    tokenizer = read(made.folder).tokenizer.tokenizer()
    encoding = tokenizer.encode(text, add_special_tokens=False)
    assert [text[start:end] for start, end in encoding.offsets] == groups
    assert tokenizer.decode(encoding.ids) == text


def test_the_proof_says_what_grouping_did_and_holds_again(made, corpus):
    """From the files alone, and on the corpus."""
    numbers = made.proof.numbers
    assert numbers is not None
    assert (numbers.not_single, numbers.cut_otherwise, numbers.policy) == ((), 0, "single")
    assert numbers.corpus.documents == 120
    assert numbers.corpus.documents_longer == 0
    assert check(made.folder).numbers == replace(numbers, corpus=None)
    assert check(made.folder, corpus).numbers == numbers


def test_the_record_names_each_group_and_rebuilds_the_base(made, base_folder):
    """Kind, id and sub-tokens of every group; without the additions the file is the base."""
    value = json.loads((made.folder / "extension.json").read_text("utf-8"))
    kinds = [one["kind"] for one in value["new_ids"]]
    assert (value["format_version"], value["digits"]) == (3, "r2l3")
    assert kinds.count("number") == len(made.ground.numbers) > 1000
    assert kinds == sorted(kinds, key=lambda kind: kind != "number")
    assert read(made.folder).base.spec == load(base_folder).spec


def test_a_changed_pre_tokenizer_is_refused(made, tmp_path):
    """`tokenizer.json` and its record are held together by digests; the sums are made anew here."""
    from govern.files import manifest

    folder = tmp_path / "copy"
    folder.mkdir()
    for file in made.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    record = (folder / "extension.json").read_text("utf-8")
    assert '"digits":"r2l3"' in record
    (folder / "extension.json").write_text(record.replace('"digits":"r2l3"', '"digits":"keep"'), "utf-8")
    (folder / "SHA256SUMS").write_bytes(manifest(folder))
    with pytest.raises((VocabRefused, VocabError)):
        check(folder)


def test_a_base_whose_numbers_cannot_be_cut_is_refused_in_a_sentence(base_folder, corpus, tmp_path):
    """Nothing is left in the folder."""
    folder = tmp_path / "base"
    folder.mkdir()
    spec = json.loads((base_folder / "tokenizer.json").read_text("utf-8"))
    spec["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = PATTERN.replace(r" ?\p{N}", r" ?[\p{N}x]{1,2}")
    (folder / "tokenizer.json").write_text(json.dumps(spec), "utf-8")
    with pytest.raises(VocabError, match="--digits r2l3 is not possible"):
        extend(folder, corpus, [TERMS], tmp_path / "out", digits="r2l3")
    assert not (tmp_path / "out").exists()

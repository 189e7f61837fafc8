"""The policy: what it accepts, what it refuses, what its digest depends on."""

from pathlib import Path

import pytest

from govern import policy
from govern.errors import InputError
from govern.policy import ENTITY_TYPES, KEPT, Policy, load

DEFAULTS = {name: "keep" if name in KEPT else "tag" for name in ENTITY_TYPES}

MINIMAL = 'name = "mine"\n[entities]\nPERSON = "tag"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_default_policy_tags_every_supported_entity_type():
    """Nothing that can be found is left by default."""
    assert load("default").entities == DEFAULTS


def test_the_packaged_defaults_are_the_defaults_of_the_model():
    """The packaged file and the code do not say two things."""
    assert load("default") == Policy(name="default", entities=DEFAULTS)


def test_a_policy_file_is_read_with_defaults_filled_in(tmp_path):
    """A short file resolves to a whole policy."""
    mine = load(write(tmp_path, MINIMAL))
    assert mine.purposes == ("train", "evaluate")
    assert mine.resolved()["max_document_characters"] == 2_000_000
    assert mine.resolved()["entities"] == DEFAULTS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MINIMAL.replace("[entities]", "min_scor = 0.5\n[entities]"), "unknown key 'min_scor'"),
        ('name = "x"\n[entities]\nPERSONS = "tag"\n', "nothing finds 'PERSONS'"),
        ('name = "x"\n[entities]\nPERSON = "hash"\n', "entities.PERSON"),
        ('name = "x"\nentities = 3\n', "entities"),
        ("name = ", "not TOML"),
        (MINIMAL.replace("[entities]", "min_score = 2.0\n[entities]"), "min_score"),
        (MINIMAL.replace("[entities]", 'purposes = ["sell"]\n[entities]'), "purposes"),
        (MINIMAL.replace("[entities]", 'purposes = ["train", "train"]\n[entities]'), "twice"),
        (MINIMAL.replace("[entities]", "signatures_required = 0\n[entities]"), "signatures_required"),
        (MINIMAL + '[[sources]]\nmatch = "*"\n', "sources.0.name"),
        (MINIMAL + '[names]\nspacy = "x"\n', "names.spacy"),
    ],
)
def test_what_does_not_fit_is_refused_by_file_and_key(tmp_path, text, words):
    """The message names the file and the key, and what to do."""
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert words in str(caught.value)


def test_a_missing_policy_is_named(tmp_path):
    """Neither a packaged name nor a path that exists."""
    with pytest.raises(InputError, match=r"nothing\.toml: No such file"):
        load(tmp_path / "nothing.toml")
    with pytest.raises(InputError, match="policy 'strict': not packaged; use one of default"):
        load("strict")


def test_the_order_of_keys_never_changes_the_digest(tmp_path):
    """Two spellings of one policy are one policy."""
    one = load(write(tmp_path, 'name = "a"\nmin_score = 0.5\n[entities]\nPERSON = "tag"\nUS_SSN = "keep"\n'))
    two = load(write(tmp_path, 'min_score = 0.5\nname = "a"\n[entities]\nUS_SSN = "keep"\nPERSON = "tag"\n'))
    assert one.digest == two.digest


def test_every_value_changes_the_digest(tmp_path):
    """A policy that masks less has another digest."""
    kept = load(write(tmp_path, MINIMAL.replace('"tag"', '"keep"')))
    assert kept.digest != load(write(tmp_path, MINIMAL)).digest


def test_a_policy_cannot_be_changed_after_reading():
    """Frozen, as every value that a certificate names."""
    with pytest.raises(ValueError, match="frozen"):
        load("default").min_score = 0.1


def test_the_first_matching_source_counts(tmp_path):
    """Sources are declared by file name."""
    calls = '[[sources]]\nmatch = "calls-*"\nname = "calls"\nowner = "Retail"\n'
    text = MINIMAL + calls + '[[sources]]\nmatch = "*"\nname = "rest"\n'
    mine = load(write(tmp_path, text))
    assert mine.source("calls-1.jsonl").owner == "Retail"
    assert mine.source("other.jsonl").name == "rest"
    assert load("default").source("calls-1.jsonl") is None


def test_the_pipeline_lies_relative_to_the_policy_file(tmp_path):
    """And the folder is no part of the digest."""
    text = MINIMAL + '[names]\nspacy_pipeline = "models/names"\n'
    (tmp_path / "deep").mkdir()
    here, there = load(write(tmp_path, text)), load(write(tmp_path / "deep", text))
    assert here.name_model == tmp_path / "models/names"
    assert here.digest == there.digest


def test_the_commented_source_of_the_packaged_policy_is_valid():
    """What the default policy shows as an example can be used as it stands."""
    from importlib import resources

    text = resources.files("govern").joinpath("policies", "default.toml").read_text("utf-8")
    example = text[text.index("# [[sources]]") :]
    lines = [line.removeprefix("# ") for line in example.splitlines()]
    assert policy._parse((MINIMAL + "\n".join(lines)).encode(), "example", Path()).sources[0].name == "call notes"


def test_a_type_that_the_policy_does_not_name_is_masked(tmp_path: Path) -> None:
    """A policy that says nothing of entities, or keeps one, masks all the others."""
    assert load(write(tmp_path, 'name = "bare"\n')).entities == DEFAULTS
    kept = load(write(tmp_path, 'name = "kept"\n[entities]\nKR_BRN = "keep"\n')).entities
    assert kept == {**DEFAULTS, "KR_BRN": "keep"}


@pytest.mark.parametrize("names", ['["text"]', '["spans"]', '["desk", "desk"]'])
def test_a_kept_column_may_not_take_a_name_of_ours(tmp_path: Path, names: str) -> None:
    """Columns that a run makes cannot be kept ones."""
    with pytest.raises(InputError, match="rename the input's column"):
        load(write(tmp_path, f'name = "x"\nkeep_columns = {names}\n'))


def test_one_name_model_is_named_by_one_key(tmp_path):
    """Two keys of one thing would leave one of the models out in silence."""
    with pytest.raises(InputError, match="model and spacy_pipeline are both given"):
        load(write(tmp_path, MINIMAL + '[names]\nspacy_pipeline = "a"\nmodel = "b"\n'))

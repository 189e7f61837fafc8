"""Tokens kept between runs: used where a signed record says what they are, made anew elsewhere."""

import json
import shutil

import pytest
from tune_world import NOW, write_corpus

from govern.keys import generate, load_private
from tune import cache, gate
from tune.dataset import Part, build_all
from tune.errors import TuneError
from tune.recipe import Data

pytestmark = pytest.mark.tune


@pytest.fixture
def passed(world_with_model):
    """What passed the gate of the small world."""
    return gate.check(world_with_model.recipe(), now=NOW)


@pytest.fixture
def kept(world_with_model, passed, tmp_path):
    """A function that gives the cached dataset, what was said, and whether it was built."""
    root = world_with_model.root

    def make(sign_key=root / "keys/sign.pem", **changes):
        recipe = world_with_model.recipe()
        built, said = [], []

        def build(folder):
            built.append(folder)
            parts = [Part(one.documents) for one in passed.corpora]
            return build_all(parts, passed.tokenizer, 64, with_bytes=True, folder=folder)

        shaped_by = {**cache.key(recipe, passed, "documents", "sources"), **changes}
        data = cache.kept(tmp_path / "cache", shaped_by, load_private(sign_key), build, said.append)
        return data, said, bool(built)

    return make


def test_the_second_time_nothing_is_built(kept):
    """The same dataset, mapped; its counts and bytes too."""
    first, _, built = kept()
    assert built
    second, said, built = kept()
    assert not built
    assert said == []
    assert second.digest == first.digest
    assert second.counts == first.counts
    assert second.text_bytes.tolist() == first.text_bytes.tolist()
    assert [second[row] for row in range(len(second))] == [first[row] for row in range(len(first))]


@pytest.mark.parametrize(
    "name", ["ids.bin", "learned.bin", "starts.bin", "members.bin", "row_starts.bin", "text_bytes.bin"]
)
def test_one_altered_bit_is_never_trained_on(kept, tmp_path, name):
    """It is made anew, and said."""
    first, _, _ = kept()
    expected = first.digest
    (path,) = (tmp_path / "cache").glob(f"*/{name}")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    second, said, built = kept()
    assert built
    assert second.digest == expected
    assert name in said[0]
    assert "made anew" in said[0]
    assert not kept()[2]


def test_a_record_that_does_not_hold_is_made_anew(kept, tmp_path):
    """Altered, missing, or with a file too many."""
    kept()
    (record,) = (tmp_path / "cache").glob(f"*/{cache.RECORD}")
    for change in (
        lambda: record.write_bytes(record.read_bytes().replace(b"a", b"b", 1)),
        record.unlink,
        lambda: (record.parent / "more.bin").write_bytes(b"1"),
        (record.parent / "ids.bin").unlink,
    ):
        change()
        _, said, built = kept()
        assert built
        assert len(said) == 1


def test_tokens_that_another_key_signed_are_made_anew(kept, tmp_path):
    """Whoever can write the folder cannot choose what is trained on."""
    generate(tmp_path / "keys")
    kept(tmp_path / "keys/sign.pem")
    _, said, built = kept()
    assert built
    assert "trusted" in said[0]


def test_an_entry_moved_to_another_name_is_made_anew(kept, tmp_path):
    """Its record names what it was made from."""
    kept()
    (entry,) = (tmp_path / "cache").iterdir()
    _, _, _ = kept(max_length=128)
    (other,) = (one for one in (tmp_path / "cache").iterdir() if one != entry)
    shutil.rmtree(other)
    shutil.copytree(entry, other)
    _, said, built = kept(max_length=128)
    assert built
    assert "other inputs" in said[0]


def test_the_name_follows_everything_that_shapes_tokens(world_with_model, passed):
    """Another corpus, weight, window, format, overlap or code is another entry; an adapter's rank is not."""
    recipe = world_with_model.recipe()
    key = cache.key(recipe, passed, "documents", "a")
    others = [
        cache.key(recipe, passed, "held-out", "a"),
        cache.key(recipe, passed, "documents", "b"),
        cache.key(recipe.model_copy(update={"data": Data(overlap=2)}), passed, "documents", "a"),
        cache.key(
            recipe.model_copy(update={"training": recipe.training.model_copy(update={"max_length": 32})}),
            passed, "documents", "a",
        ),
    ]  # fmt: skip
    assert len({json.dumps(one, sort_keys=True) for one in (key, *others)}) == 5
    same = recipe.model_copy(update={"lora": recipe.lora.model_copy(update={"rank": 4})})
    assert cache.key(same, passed, "documents", "a") == key


def test_a_folder_that_cannot_be_made_is_a_sentence(world_with_model, passed, tmp_path):
    """Nothing is left."""
    (tmp_path / "file").write_text("x", "utf-8")
    key = load_private(world_with_model.root / "keys/sign.pem")
    with pytest.raises(TuneError, match="name another folder as 'cache'"):
        cache.kept(tmp_path / "file/cache", {"a": 1}, key, lambda _: None)


def test_a_build_that_fails_leaves_no_entry(world_with_model, tmp_path):
    """Nor a part of one."""
    key = load_private(world_with_model.root / "keys/sign.pem")

    def fail(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.kept(tmp_path / "cache", {"a": 1}, key, fail)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_run_with_a_cache_gives_the_same_adapter_and_keeps_tokens(trained, tmp_path):
    """Twice: built, then read."""
    from tune.running import run

    weights = []
    for number in range(2):
        said = []
        result = run(
            trained.recipe(out=tmp_path / f"adapter{number}", cache=tmp_path / "cache"), now=NOW, say=said.append
        )
        weights.append(result.weights)
    assert weights[0] == weights[1]
    entries = [one.name for one in (tmp_path / "cache").iterdir()]
    assert len(entries) == 2
    assert not [name for name in entries if "partial" in name]


def test_a_run_on_two_corpora_names_both_and_verify_asks_for_both(trained, tmp_path):
    """With their weights; the same corpus twice is refused."""
    from tune.chain import verify
    from tune.errors import TuneRefused
    from tune.recipe import Source
    from tune.running import run

    key = load_private(trained.root / "keys/sign.pem")
    other = write_corpus(tmp_path / "other", key, statement="Another corpus.")
    also = (Source(corpus=other, weight=2.0),)
    result = run(trained.recipe(out=tmp_path / "adapter", also=also, weight=0.5), now=NOW)
    claim = result.predicate
    assert (claim["corpus"]["weight"], [one["weight"] for one in claim["also"]]) == (0.5, [2.0])
    assert claim["dataset"]["documents"] == 100
    assert claim["dataset"]["counts"]["not_chosen"] > 0
    statuses = {}
    for name, given in {
        "none": None, "one": trained.root / "corpus", "both": [other, trained.root / "corpus"], "twice": [other, other],
    }.items():  # fmt: skip
        links = {link.name: link for link in verify(result.adapter, trained.trust, now=NOW, corpus=given).links}
        statuses[name] = (links["certificate"].status, links["shards"].status)
        if name == "one":
            assert "not given; add --corpus DIR" in links["shards"].sentence
    assert statuses == {
        "none": ("not_checked", "not_checked"),
        "one": ("not_checked", "not_checked"),
        "both": ("verified", "verified"),
        "twice": ("failed", "not_checked"),
    }
    path = other / "documents/part-00001.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    links = {
        link.name: link
        for link in verify(result.adapter, trained.trust, now=NOW, corpus=[other, trained.root / "corpus"]).links
    }
    assert links["shards"].status == "failed"
    with pytest.raises(TuneRefused, match="the same corpus as"):
        run(trained.recipe(out=tmp_path / "b", also=(Source(corpus=trained.root / "corpus"),)), now=NOW)

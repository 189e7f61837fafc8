"""A development run on text that nobody certified: it works, says what it is, and nothing takes it for more."""

import json
import shutil

import pytest
from tune_world import NOW, texts

from tune.adapter import CARD, PROVENANCE, UNGOVERNED, WEIGHTS, is_marked
from tune.chain import verify
from tune.cli import main
from tune.errors import TuneError
from tune.gate import check_ungoverned
from tune.running import run

pytestmark = pytest.mark.tune


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """A folder of Parquet files."""
    import polars as pl

    folder = tmp_path_factory.mktemp("raw")
    pl.DataFrame({"text": texts(30)}).write_parquet(folder / "a.parquet")
    return folder


@pytest.fixture(scope="module")
def made(world_with_model, raw, tmp_path_factory):
    """An ungoverned adapter, and what was said meanwhile; no key that the recipe names exists."""
    out = tmp_path_factory.mktemp("out") / "adapter"
    said = []
    recipe = world_with_model.recipe(corpus=raw, out=out, sign_key=out / "none.pem", trust=(out / "none.pub",))
    run(recipe, now=NOW, governed=False, say=said.append)
    return out, said


def test_it_is_said_before_and_after(made):
    """On the terminal, in the folder, on the card."""
    out, said = made
    assert said[0].startswith("UNGOVERNED: nobody certified this text")
    assert (out / CARD).read_text("utf-8").split("---\n")[2].startswith("# UNGOVERNED adapter")
    statement = json.loads((out / UNGOVERNED).read_bytes())
    assert statement["predicate"]["governance"] == "ungoverned"
    assert statement["predicate"]["corpus"]["certificate"] is None
    assert not (out / PROVENANCE).exists()


def test_its_weights_carry_the_mark_wherever_they_go(made, trained):
    """In their own header; those of a governed run do not, and PEFT reads both."""
    from safetensors.numpy import load_file

    out, _ = made
    assert is_marked(out / WEIGHTS)
    assert not is_marked(trained.adapter / WEIGHTS)
    assert load_file(out / WEIGHTS).keys() == load_file(trained.adapter / WEIGHTS).keys()


def test_verify_refuses_it(made, trained, capsys):
    """With the reason; also where a provenance was put beside the mark."""
    out, _ = made
    assert main(["verify", str(out), "--trust", str(trained.root / "keys/sign.pub")]) == 1
    assert "ungoverned, trained on text that nobody certified" in capsys.readouterr().out
    copied = out.with_name("copied")
    shutil.copytree(out, copied)
    shutil.copy(trained.adapter / PROVENANCE, copied)
    chain = verify(copied, trained.trust, now=NOW)
    assert chain.links[0].status == "failed"
    assert "ungoverned" in chain.links[0].sentence
    (copied / UNGOVERNED).unlink()
    chain = verify(copied, trained.trust, now=NOW)
    assert {link.name: link.status for link in chain.links}["files"] == "failed"


def test_a_governed_run_does_not_take_the_folder(world_with_model, raw, tmp_path):
    """The flag is the only way in."""
    from govern.errors import GovernError

    with pytest.raises(GovernError):
        run(world_with_model.recipe(corpus=raw, out=tmp_path / "adapter"), now=NOW)
    assert list(tmp_path.iterdir()) == []


def test_a_certified_corpus_trained_on_with_the_flag_is_ungoverned_too(trained, tmp_path):
    """Nothing was verified, so nothing is claimed; what is trained is the same."""
    from safetensors.numpy import load_file

    out = tmp_path / "adapter"
    run(trained.recipe(out=out), now=NOW, governed=False)
    assert is_marked(out / WEIGHTS)
    first, second = load_file(out / WEIGHTS), load_file(trained.adapter / WEIGHTS)
    assert all((first[name] == second[name]).all() for name in first)


def test_a_run_is_resumed_as_what_it_began_as(trained, raw, tmp_path):
    """An ungoverned run does not become a governed one."""
    from tune.errors import TuneInterrupted, TuneRefused

    def stop(step, *_):
        if step == 3:
            raise KeyboardInterrupt

    recipe = trained.recipe(out=tmp_path / "adapter")
    with pytest.raises(TuneInterrupted):
        run(recipe, now=NOW, governed=False, report=stop)
    with pytest.raises(TuneRefused, match="another"):
        run(recipe, now=NOW, resume=True)
    run(recipe, now=NOW, governed=False, resume=True)


def test_other_folders_are_a_sentence(world_with_model, tmp_path):
    """None, an empty one, one with a broken file; a model's rules hold as ever."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/a.parquet").write_bytes(b"x")
    for name in ("none", "empty", "broken"):
        with pytest.raises(TuneError, match="Parquet"):
            check_ungoverned(world_with_model.recipe(corpus=tmp_path / name))

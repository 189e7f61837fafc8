"""Recipes: what a file may say, and the sentence where it may not."""

import pytest
from pydantic import ValidationError

from tune.errors import TuneError
from tune.recipe import Recipe, load

BASE = 'corpus="c"\ntrust=["k.pub"]\nmodel="m"\ntokenizer="t"\nout="o"\nsign_key="s.pem"\n'


@pytest.fixture
def write(tmp_path):
    """A function that writes a recipe file and returns its path."""

    def make(text: str):
        path = tmp_path / "recipe.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def test_paths_are_relative_to_the_recipe(write, tmp_path):
    """Every path, trusted keys too, is placed beside the recipe file; an absolute one stays."""
    recipe = load(write(BASE.replace('"m"', '"/models/m"')))
    assert (recipe.corpus, recipe.trust, recipe.sign_key) == (tmp_path / "c", (tmp_path / "k.pub",), tmp_path / "s.pem")
    assert str(recipe.model) == "/models/m"


def test_defaults_are_those_of_qlora(write):
    """A recipe of paths alone trains with the documented numbers."""
    recipe = load(write(BASE))
    training, lora = recipe.training, recipe.lora
    assert (training.learning_rate, training.warm_up, training.clip, training.batch) == (2e-4, 0.03, 1.0, 16)
    assert (lora.rank, lora.alpha, lora.dropout) == (16, 32, 0.05)
    assert recipe.quantisation.type == "nf4"
    assert recipe.quantisation.double


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("colour=1", "key 'colour' is not one a recipe has"),
        ("[training]\nlr=2", "key 'training.lr' is not one a recipe has"),
        ("[training]\nseed='1'", "key 'training.seed'"),
        ("[training]\nlearning_rate=nan", "key 'training.learning_rate'"),
        ("[training]\nepochs=1\nsteps=3", "epochs and steps are both given"),
        ("[training]\nbatch=5\nmicro_batch=2", "batch 5 is not a multiple of micro_batch 2"),
        ("[quantisation]\ntype='fp4'", "key 'quantisation.type'"),
        ("[training]\nschedule='step'", "key 'training.schedule'"),
        ("[training]\npatience=2", "patience is given without evaluation_steps"),
        ("[training]\nevaluation_steps=2\nevaluation_rows=0", "evaluation_steps is given, and evaluation_rows is 0"),
        ("[lora]\ntargets=[]", "key 'lora.targets'"),
        ("also='x'", "key 'also': expected a list"),
        ("[[also]]", "key 'also.0.corpus' is missing"),
        ("[[also]]\ncorpus=''", "key 'also.corpus' is empty"),
        ("[[also]]\ncorpus='a'\nweight=0", "key 'also.0.weight'"),
        ("weight=0.0", "key 'weight'"),
        ("data=3", "key 'data': expected a table"),
        ("[data]\ntemplate=''", "key 'data.template' is empty"),
        ("[data]\nformat='chat'", "key 'data.format'"),
        ("[data]\noverlap=512", "data.overlap 512 is half of training.max_length 1024 or more"),
        ("[training]\nbatch=9007199254740993", "key 'training.batch'"),
        ("[card]\nowner='.'", "key 'card.owner': holds no word"),
        ("model_digest='abc'", "key 'model_digest'"),
        ("[lora]\ntargets='q'", "key 'lora.targets': expected a list"),
        ('"a\\nb"=1', "key 'a?b' is not one a recipe has"),
        ("skip_gate=true", "key 'skip_gate' is not one a recipe has"),
    ],
)
def test_what_no_recipe_has_is_refused_with_file_and_key(write, text, sentence):
    """The message names the file and the key."""
    path = write(BASE + text)
    with pytest.raises(TuneError) as caught:
        load(path)
    assert str(path) in str(caught.value)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("key", ["corpus", "trust", "model", "tokenizer", "out", "sign_key"])
def test_a_missing_key_is_named(write, key):
    """No path has a default."""
    kept = "".join(line + "\n" for line in BASE.splitlines() if not line.startswith(key + "="))
    with pytest.raises(TuneError, match=f"key '{key}' is missing"):
        load(write(kept))


def test_an_empty_trust_list_is_refused(write):
    """Somebody must be trusted."""
    with pytest.raises(TuneError, match="key 'trust'"):
        load(write(BASE.replace('["k.pub"]', "[]")))


@pytest.mark.parametrize("data", [b"corpus = ", b"\xff\xfe"])
def test_what_is_not_toml_is_refused(tmp_path, data):
    """Broken syntax and broken UTF-8 are sentences."""
    path = tmp_path / "recipe.toml"
    path.write_bytes(data)
    with pytest.raises(TuneError, match="not"):
        load(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BASE.replace('"c"', '""'), "key 'corpus' is empty"),
        (BASE.replace('"c"', '"a\\u0000b"'), "key 'corpus' is empty or holds a zero byte"),
        (BASE.replace('"k.pub"', '"a\\u0000b"'), "key 'trust' is empty or holds a zero byte"),
        (BASE.replace('"c"', "3"), "expected a path in quotes"),
        (BASE.replace('["k.pub"]', '"k.pub"'), "key 'trust': expected a list"),
        (BASE + "training = 3\n", "key 'training': expected a table"),
        (BASE + "[training]\nclip = inf\n", "finite number"),
        (BASE + "[training]\nepochs = inf\n", "finite number"),
        ("a=" + "[" * 5000, "nested too deep"),
    ],
)
def test_values_that_no_run_could_use_are_refused_in_a_sentence(write, text, sentence):
    """Zero bytes, infinities, wrong kinds and endless nesting stop at the file, never in a library."""
    with pytest.raises(TuneError, match=sentence):
        load(write(text))


def test_a_missing_file_is_refused(tmp_path):
    """The message names the path."""
    with pytest.raises(TuneError, match=r"nowhere\.toml"):
        load(tmp_path / "nowhere.toml")


def test_the_digest_is_of_the_numbers_not_of_the_paths(write):
    """The same training under other paths has the same digest; another rate has another."""
    first = load(write(BASE)).digest
    assert load(write(BASE.replace('"m"', '"n"'))).digest == first
    assert load(write(BASE + "[training]\nlearning_rate=1e-4")).digest != first
    assert "/" not in str(load(write(BASE)).record())


def test_a_recipe_is_frozen(write):
    """Nothing changes a recipe after it was read."""
    recipe = load(write(BASE))
    assert isinstance(recipe, Recipe)
    with pytest.raises(ValidationError):
        recipe.out = recipe.corpus

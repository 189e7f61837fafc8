"""Engines that models run in: what is exported gives the same ids, and what would not is refused or told."""

import base64
import copy
import itertools
import json
import random
import subprocess
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocab import engines
from vocab.base import Base, load
from vocab.byte_alphabet import CHARACTERS
from vocab.cutting import GPT2, cutting
from vocab.encodings import ENCODINGS, for_tokenizers
from vocab.engines import Parity, discarding, llama_cpp_parity, parities, tiktoken_parity, transformers_parity
from vocab.errors import VocabError
from vocab.exact import isolated
from vocab.extend import extend
from vocab.extension import Extended, read
from vocab.gguf_file import LLAMA3, QWEN2, TEKKEN, pre_tokenizer
from vocab.ground import ground, grown_spec
from vocab.grow import grow
from vocab.ranks import joins
from vocab.term_lists import parse, usable
from vocab.tiktoken_ranks import join, parse_ranks, refusal, tiktoken_ranks
from vocab.tiktoken_ranks import settings as tiktoken_settings
from vocab.train_base import train_base
from vocab.trials import made_up

GPT2_FOLDER = Path(__file__).parents[3] / "shared/data/tokenizers/whisper_gpt2"
TERMS = ("EBITDA", "credit risk", "금리", "억원")
SAMPLES = [
    "The bank (EBITDA) repaid credit risk and credits of 5bp in 2024; 1234567.89 mortgage",
    "기준금리를 올리자 대출금리가 올랐고 환율은 1,234억원",
]
PATTERNS = {"gpt2": GPT2, "llama": LLAMA3, "qwen2": QWEN2, "tekken": TEKKEN}

Spec = dict[str, Any]


def with_patterns(spec: Spec, *patterns: str) -> Spec:
    """The tokenizer with other patterns and no normalizer."""
    splits = [{"type": "Split", "pattern": {"Regex": one}, "behavior": "Isolated", "invert": False} for one in patterns]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    return {**spec, "normalizer": None, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [*splits, level]}}


@cache
def trained(pattern: str = GPT2) -> Base:
    """A small base that joins bytes, letters, digits and signs."""
    spec = with_patterns(json.loads(train_base(SAMPLES * 3, 420).to_str()), pattern)
    return Base(Path("tokenizer.json"), "", spec)


def portable(base: Base) -> Base:
    """The base with terms by merges, as `vocab extend` appends them."""
    growth = grow(
        base, usable([parse("\n".join((*TERMS, "amortization", "당기순이익")).encode(), "list")], base.added), Counter()
    )
    assert len(growth.appended) > len(TERMS)
    return Base(Path("tokenizer.json"), "", grown_spec(base, growth.new_tokens, [one.pair for one in growth.appended]))


def exact(base: Base) -> Base:
    return Base(Path("tokenizer.json"), "", isolated(base, TERMS).spec)


def r2l3(base: Base) -> Base:
    return ground(base, "r2l3").base


def written(base: Base, folder: Path) -> Path:
    """A folder as `vocab extend` writes it."""
    folder.mkdir()
    (folder / "tokenizer.json").write_text(json.dumps(base.spec, ensure_ascii=False), encoding="utf-8")
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def texts() -> list[str]:
    return [*SAMPLES, *made_up(TERMS)[:200]]


@cache
def small(seed: int, shuffled: bool) -> Base:
    """A base whose merges were drawn at random from tokens over `ab `; ids in the order of merges unless `shuffled`."""
    draw = random.Random(seed)
    tokens = [CHARACTERS[ord(one)] for one in "ab "]
    merges: list[tuple[str, str]] = []
    for _ in range(12):
        pair = (draw.choice(tokens), draw.choice(tokens))
        merges.append(pair)
        tokens.append(pair[0] + pair[1])
    products = list(dict.fromkeys(one + two for one, two in merges))
    if shuffled:
        draw.shuffle(products)
    vocab = {character: at for at, character in enumerate(CHARACTERS)}
    vocab |= {token: at for at, token in enumerate(products, 256)}
    unique = list(dict.fromkeys(merges))
    spec = with_patterns(trained().spec, r"[\s\S]+")
    model = {**spec["model"], "vocab": vocab, "merges": [list(one) for one in unique], "ignore_merges": False}
    return Base(Path("tokenizer.json"), "", {**spec, "added_tokens": [], "model": model})


@given(st.integers(0, 300), st.booleans(), st.lists(st.text("ab ", min_size=1, max_size=14), min_size=1, max_size=20))
@settings(deadline=None, max_examples=150)
def test_whatever_is_not_refused_has_the_same_ids_by_the_rule_of_tiktoken(
    seed: int, shuffled: bool, some: list[str]
) -> None:
    """The three conditions are enough: merges drawn at random, and any text over their characters."""
    base = small(seed, shuffled)
    if refusal(base.spec):
        return
    ranks = parse_ranks(tiktoken_ranks(base.spec))
    assert [join(text.encode(), ranks) for text in some] == [one.ids for one in base.tokenizer().encode_batch(some)]


def test_of_random_merges_some_are_exact_and_most_of_the_refused_differ() -> None:
    """The conditions are neither empty nor far too strict."""
    some = ["".join(one) for size in range(1, 9) for one in itertools.product("ab ", repeat=size)][:1200]
    kept = refused = differs = 0
    for seed in range(60):
        base = small(seed, seed % 2 == 0)
        if not refusal(base.spec):
            kept += 1
            continue
        refused += 1
        ranks = {
            bytes(ord(" ") if c == "Ġ" else ord(c) for c in t): n for t, n in base.vocab.items() if set(t) <= set("abĠ")
        }
        ours = [one.ids for one in base.tokenizer().encode_batch(some)]
        differs += any(join(text.encode(), ranks) != ids for text, ids in zip(some, ours, strict=True))
    assert kept >= 5
    assert differs >= refused * 0.7, (refused, differs)


def test_a_token_may_have_several_merges_as_exports_of_rank_files_have() -> None:
    """`abc` is also made of `a` and `bc`: these never stand side by side, since `ab` is joined first."""
    base = small(0, shuffled=False)
    plain = {token: number for token, number in base.vocab.items() if number < 256}
    vocab = plain | {"ab": 256, "bc": 257, "abc": 258, "cabc": 259}
    merges = [["a", "b"], ["b", "c"], ["ab", "c"], ["a", "bc"], ["c", "abc"]]
    spec = {**base.spec, "model": {**base.spec["model"], "vocab": vocab, "merges": merges}}
    some = ["".join(one) for size in range(1, 7) for one in itertools.product("abc", repeat=size)]
    assert refusal(spec) == ""
    assert tiktoken_parity(base, Base(base.path, "", spec), some).status == "same"
    only_other = {**spec["model"], "merges": [one for one in merges if one != ["ab", "c"]]}
    assert refusal({**spec, "model": only_other}) == "1 tokens have no merge by the pair that tiktoken would join"


def test_merges_in_another_order_than_ids_are_refused() -> None:
    base = trained()
    products = [one + two for one, two in base.merges]
    numbers = [base.vocab[token] for token in products]
    turned = {**base.vocab, **dict(zip(products, reversed(numbers), strict=True))}
    spec = {**base.spec, "model": {**base.spec["model"], "vocab": turned}}
    assert "in another order than the ids" in refusal(spec)
    with pytest.raises(VocabError, match=r"base\.json: .* so tiktoken would give other ids; use the tokenizer.json"):
        tiktoken_ranks(spec, "base.json")


def test_a_token_without_its_merge_is_refused() -> None:
    """As new tokens of the profile `exact` are, and as a base whose merges were cut off is."""
    base = trained()
    spec = {**base.spec, "model": {**base.spec["model"], "merges": [list(one) for one in base.merges[:-3]]}}
    assert refusal(spec) == "3 tokens have no merge by the pair that tiktoken would join"


def test_a_base_without_some_bytes_is_refused() -> None:
    base = trained()
    less = {token: number for token, number in base.vocab.items() if token != CHARACTERS[0]}
    assert refusal({**base.spec, "model": {**base.spec["model"], "vocab": less}}) == "1 of the 256 bytes have no token"


@pytest.mark.parametrize("pattern", [*PATTERNS.values(), *(for_tokenizers(one.pattern) or "" for one in ENCODINGS)])
def test_the_patterns_in_use_are_read_alike_by_both_engines(pattern: str) -> None:
    assert refusal(trained(pattern).spec) == ""


@pytest.mark.parametrize(
    ("pattern", "sign"),
    [(r"\w+|\W", r"\w"), (r"^a|[\s\S]", "^"), (r"\p{N}{1,3}+|\D", "{"), (r"[[:alpha:]]+|[\s\S]", "["), (r".|\n", "."),
     (r"[\s\S]$|[\s\S]", "$"), (r"[a&&b]|[\s\S]", "["), (r"\bx|[\s\S]", r"\b")],
)  # fmt: skip
def test_signs_that_the_two_engines_read_otherwise_are_refused(pattern: str, sign: str) -> None:
    assert refusal(with_patterns(trained().spec, pattern)) == (
        f"its pattern has {sign!r}, which tiktoken's engine reads in another way"
    )


def test_what_no_single_pattern_says_is_refused_with_the_reason() -> None:
    """Two patterns, a space before each text, another part, an added token that takes the space beside it."""
    spec = trained().spec
    assert "by 2 patterns in turn" in refusal(with_patterns(spec, r"\p{N}", GPT2))
    spaced = copy.deepcopy(spec)
    spaced["pre_tokenizer"]["pretokenizers"][-1]["add_prefix_space"] = True
    assert "puts a space before" in refusal(spaced)
    other = copy.deepcopy(spec)
    other["pre_tokenizer"]["pretokenizers"].insert(0, {"type": "Punctuation", "behavior": "Isolated"})
    assert "a part Punctuation" in refusal(other)
    assert "does not end with bytes" in refusal({**spec, "pre_tokenizer": None})
    assert "its model is Unigram" in refusal({**spec, "model": {"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 0}})
    assert "its normalizer is Lowercase" in refusal({**spec, "normalizer": {"type": "Lowercase"}})
    assert "on chance" in refusal({**spec, "model": {**spec["model"], "dropout": 0.1}})
    greedy = copy.deepcopy(spec)
    greedy["added_tokens"][0]["lstrip"] = True
    assert "takes the space beside it" in refusal(greedy)


def test_cutting_reads_every_part_that_a_pattern_stands_for() -> None:
    parts = [
        {"type": "Digits", "individual_digits": True},
        {"type": "Digits", "individual_digits": False},
        {"type": "Split", "pattern": {"String": "a.b"}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ]
    spec = {
        **trained().spec,
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": parts},
    }
    found = cutting(spec)
    assert found.patterns == (r"\p{N}", r"\p{N}+", r"a\.b", GPT2)
    assert (found.normalizer, found.reason) == ("NFC", "")


def test_the_rank_file_lists_every_token_but_special_ones_by_id() -> None:
    base = portable(trained())
    lines = [line.split() for line in tiktoken_ranks(base.spec).splitlines()]
    assert [int(rank) for _, rank in lines] == sorted(
        base.vocab[token] for token in base.vocab.keys() - base.added.keys()
    )
    assert b"EBITDA" in {base64.b64decode(token) for token, _ in lines}
    said = tiktoken_settings(base.spec)
    assert said == {"pat_str": GPT2, "special_tokens": base.added, "normalizer": None}


@pytest.mark.parametrize("name", PATTERNS)
def test_merges_appended_and_numbers_grouped_keep_their_ids_by_the_rule_and_isolated_terms_are_refused(
    name: str,
) -> None:
    """Groups of digits stand in one pattern with merges in order, so tiktoken can hold them; it cannot hold `exact`."""
    base = trained(PATTERNS[name])
    for one in (portable(base), r2l3(base)):
        found = tiktoken_parity(base, one, texts())
        assert (found.status, found.texts, found.different) == ("same", len(texts()), 0)
    assert tiktoken_parity(base, exact(base), texts()).status == "refused"


def test_the_installed_tiktoken_agrees_with_its_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tiktoken")
    for base in map(trained, PATTERNS.values()):
        for one in (portable(base), r2l3(base)):
            found = tiktoken_parity(base, one, texts())
            assert (found.status, found.version != engines.RULE) == ("same", True)
            assert [*map(list, engines._by_rule(one, texts()))] == [*map(list, engines._by_tiktoken(one, texts()))]


def test_special_tokens_inside_a_text_are_read_as_such() -> None:
    base = trained()
    text = "a<|endoftext|>b <|padding|>"
    assert engines._by_rule(base, [text]) == [base.tokenizer().encode(text).ids]


def test_a_normalizer_that_the_engine_lacks_is_named_and_its_texts_are_compared_in_that_form() -> None:
    base = Base(Path("tokenizer.json"), "", {**trained().spec, "normalizer": {"type": "NFC"}})
    found = tiktoken_parity(base, base, ["가 é", "금리"])
    assert str(found) == "same ids on 2 texts (in NFC, which the engine does not bring text to)"
    assert tiktoken_settings(base.spec)["normalizer"] == "NFC"


def test_texts_that_the_base_encodes_otherwise_too_are_told_from_those_of_the_extension() -> None:
    base, after = trained(), portable(trained())

    def encode(one: Base, some: Sequence[str]) -> engines.Ids:
        ids = [found.ids for found in one.tokenizer().encode_batch(list(some))]
        wrong = ("x",) if one is base else ("x", "y")
        return [[*found, 0] if text[:1] in wrong else found for text, found in zip(some, ids, strict=True)]

    found = engines._compared("an engine", "1", encode, base, after, ["x1", "y1", "z", "y2"])
    assert (found.different, found.of_base, found.by_extension) == (3, 1, 2)
    assert str(found) == "differs on 3 of 4 texts, 1 of them by the base too"
    assert found.to_json()["says"] == str(found)
    assert found.to_json()["by_extension"] == 2


def test_a_base_that_the_engine_cannot_hold_takes_no_difference_on_itself() -> None:
    base, after = trained(), portable(trained())

    def encode(one: Base, some: Sequence[str]) -> engines.Ids:
        if one is base:
            raise VocabError("no name for it")
        return [None] * len(some)

    found = engines._compared("an engine", "1", encode, base, after, ["x", "y"])
    assert (found.status, found.different, found.by_extension) == ("differs", 2, 2)


def test_a_text_without_ids_counts_as_different_and_no_texts_prove_nothing() -> None:
    base = trained()
    found = engines._compared("an engine", "1", lambda one, some: [None] * len(some), None, base, ["a", "b"])
    assert (found.status, found.different) == ("differs", 2)
    empty = engines._compared("an engine", "1", lambda one, some: [], None, base, [])
    assert str(empty) == "not checked: there is no text to compare on"


def test_patterns_that_llama_cpp_has_no_name_for_are_refused() -> None:
    """Groups of digits, isolated terms, and the pattern of this package's own small bases."""
    base = trained()
    own = Base(Path("tokenizer.json"), "", json.loads(train_base(SAMPLES, 300).to_str()))
    for one in (r2l3(base), exact(base), own):
        assert str(llama_cpp_parity(base, one, ["a"])) == ("refused: llama.cpp has no pre-tokenizer with its patterns")


def test_a_text_that_ends_llama_cpp_has_no_ids_and_the_next_ones_go_to_a_new_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs = []

    def run(command: Sequence[str], **keywords: Any) -> subprocess.CompletedProcess[bytes]:
        some = [json.loads(line) for line in keywords["input"].splitlines()]
        runs.append(some)
        answered = list(itertools.takewhile(lambda text: text != "end", some))
        return subprocess.CompletedProcess(command, -11, b"".join(b"[1]\n" for _ in answered), b"")

    monkeypatch.setattr(subprocess, "run", run)
    assert engines._by_llama_cpp(trained(), ["a", "end", "b", "c"]) == [[1], None, [1], [1]]
    assert [len(one) for one in runs] == [4, 2]
    runs.clear()
    assert engines._by_llama_cpp(trained(), ["end"] * 9) == [None] * 9
    assert len(runs) == engines.ENGINE_ENDS


def test_without_an_engine_the_parity_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None)
    base = trained()
    folder = written(base, tmp_path / "one")
    assert (
        str(transformers_parity(folder, ["a"], {"model_type": "llama"})) == "not checked: transformers is not installed"
    )
    assert str(llama_cpp_parity(base, base, ["a"])) == "not checked: llama_cpp is not installed"
    found = tiktoken_parity(base, base, ["a"])
    assert (found.status, found.version) == ("same", engines.RULE)


@pytest.mark.parametrize("kind", engines.MODEL_TYPES)
@pytest.mark.parametrize("make", [portable, exact, r2l3])
def test_auto_tokenizer_keeps_the_pre_tokenizer_beside_every_family_but_those_that_discard_it(
    make: Callable[[Base], Base], kind: str, tmp_path: Path
) -> None:
    """The base cuts as GPT-2, so a Qwen2 config changes the ids of its base too; refused is what it changes."""
    pytest.importorskip("transformers")
    base = trained()
    found = transformers_parity(written(make(base), tmp_path / "one"), texts(), {"model_type": kind}, base)
    if discarding({"model_type": kind}):
        assert (found.status, found.different > 0, kind) == ("refused", True, "qwen2")
        assert str(found) == "refused: transformers 5 builds its own pre-tokenizer for model_type qwen2"
    else:
        assert (found.status, found.different) == ("same", 0)


def test_the_option_that_replaces_a_changed_pre_tokenizer_of_mistral_is_named(tmp_path: Path) -> None:
    """Transformers advises it for every Mistral config of version 4; merges alone survive it."""
    pytest.importorskip("transformers")
    base, config = trained(TEKKEN), {"model_type": "mistral", "transformers_version": "4.43.0"}
    said = [
        str(transformers_parity(written(one, tmp_path / str(at)), ["EBITDA 1234"], config, base))
        for at, one in enumerate((portable(base), r2l3(base)))
    ]
    assert said[0] == "same ids on 1 texts"
    assert said[1] == ("same ids on 1 texts (never with fix_mistral_regex=True, which replaces its pre-tokenizer)")


def test_a_model_that_discards_a_pre_tokenizer_equal_to_its_own_is_not_refused(tmp_path: Path) -> None:
    """Merges appended to a Qwen2 base survive; its own pre-tokenizer is what is built again."""
    pytest.importorskip("transformers")
    base = trained(QWEN2)
    spec = {**portable(base).spec, "normalizer": {"type": "NFC"}}
    found = transformers_parity(written(Base(base.path, "", spec), tmp_path / "one"), texts(), {"model_type": "qwen2"})
    assert (found.status, found.different) == ("same", 0)
    changed = Base(base.path, "", {**r2l3(base).spec, "normalizer": {"type": "NFC"}})
    found = transformers_parity(written(changed, tmp_path / "two"), texts(), {"model_type": "qwen2"})
    assert (found.status, found.by_extension > 0) == ("refused", True)


def test_a_folder_that_transformers_cannot_read_differs_on_every_text(tmp_path: Path) -> None:
    """A model type whose class needs tokens that are not there raises from within the tokenizers library."""
    pytest.importorskip("transformers")
    folder = written(trained(), tmp_path / "one")
    assert transformers_parity(folder, texts(), {"model_type": "siglip2"}).status == "refused"
    (folder / "tokenizer_config.json").write_text("{", encoding="utf-8")
    found = transformers_parity(folder, ["a", "b"], {"model_type": "llama"})
    assert (found.status, found.different) == ("differs", 2)


def test_code_in_a_folder_or_a_configuration_is_never_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Transformers reads the tokenizer without it, and neither asks nor says anything on the way."""
    pytest.importorskip("transformers")
    folder = written(trained(), tmp_path / "one")
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    config["auto_map"] = {"AutoTokenizer": ["code.Tokenizer", None]}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    ran = tmp_path / "ran"
    (folder / "code.py").write_text(f"open({str(ran)!r}, 'w')", encoding="utf-8")
    found = transformers_parity(folder, ["a"], {"model_type": "brandnew", "auto_map": {"AutoConfig": "code.Config"}})
    assert (found.status, ran.exists()) == ("same", False)
    assert capfd.readouterr().err == ""


def test_parities_of_an_extension_name_every_engine(tmp_path: Path, corpus: Any, base_folder: Path) -> None:
    """Of a folder that `extend` wrote; the JSON of each is plain."""
    out = tmp_path / "extended"
    extend(base_folder, corpus, [parse(b"EBITDA\n" + "금리".encode() + b"\n", "list")], out)
    extended: Extended = read(out)
    found = parities(extended, texts()[:50], {"model_type": "llama"})
    assert [one.engine for one in found] == ["transformers, model_type llama", "tiktoken", "llama.cpp"]
    assert found[1].status == "same"
    assert found[2].status == "refused"
    assert not any(one.by_extension for one in found)
    assert json.loads(json.dumps([one.to_json() for one in found]))[1]["texts"] == 50
    assert len(parities(extended, ["a"])) == len(engines.MODEL_TYPES) + 2
    model = replace(extended, base=object())
    assert {one.status for one in parities(model, ["a"])} == {"not checked"}
    assert tuple(one.engine for one in parities(model, ["a"])) == engines.ENGINES


@pytest.mark.shared
def test_gpt_2_is_exact_in_tiktoken_with_terms_and_with_grouped_numbers() -> None:
    if not GPT2_FOLDER.exists():
        pytest.skip("no shared data")
    base = load(GPT2_FOLDER)
    assert joins(parse_ranks(tiktoken_ranks(base.spec))).whole_only == ()
    for one in (portable(base), r2l3(base)):
        assert tiktoken_parity(base, one, texts()).status == "same"
        assert pre_tokenizer(portable(base).spec) == ("gpt-2", "")


def test_a_parity_reads_as_one_sentence() -> None:
    assert str(Parity("e", "1", "same", 2000)) == "same ids on 2,000 texts"
    assert str(Parity("e", "1", "differs", 2000, 3)) == "differs on 3 of 2,000 texts"
    assert str(Parity("e", "", "refused", reason="why")) == "refused: why"

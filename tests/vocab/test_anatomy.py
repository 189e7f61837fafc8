"""An anatomy says what the library does with a tokenizer, whatever its family is."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from vocab.anatomy import LEFT, OTHER, RIGHT, RUNS, SINGLE, anatomy, lines
from vocab.cli import main
from vocab.errors import VocabError

DATA = Path(__file__).parents[2].parent / "shared/data/tokenizers"


def spec_of(base_folder: Path) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads((base_folder / "tokenizer.json").read_text("utf-8"))
    return spec


def written(folder: Path, spec: dict[str, Any]) -> Path:
    (folder / "tokenizer.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder


def split_by(pattern: str) -> dict[str, Any]:
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    return {"type": "Sequence", "pretokenizers": [split, byte_level]}


def test_a_base_is_described_as_it_is(base_folder: Path) -> None:
    """Every token of a trained base is reachable; what is counted adds up."""
    one = anatomy(base_folder)
    assert (one.family, one.normalizer, one.pre_tokenizer[-1]) == ("byte-level BPE", ("NFC",), "ByteLevel")
    assert one.tokens == one.next_id == len(spec_of(base_folder)["model"]["vocab"])
    assert (one.unreachable, one.reserved, one.holes) == (0, 0, 0)
    assert one.special_tokens == tuple(
        token["content"] for token in spec_of(base_folder)["added_tokens"] if token["special"]
    )
    assert [(support.name, support.supported) for support in one.supports] == [
        ("portable", True),
        ("exact", True),
        ("r2l3", True),
    ]


@pytest.mark.parametrize(
    ("pattern", "policy"),
    [
        (r"\p{N}|\P{N}+", SINGLE),
        (r"\p{N}{1,3}|\P{N}+", LEFT),
        (r"[0-9]{1,2}(?=(?:[0-9]{3})+(?![0-9]))|[0-9]{3}|[0-9]{1,2}|[^0-9]+", RIGHT),
        (r"\p{N}+|\P{N}+", RUNS),
        (r"\p{N}{1,2}|\P{N}+", OTHER),
    ],
)
def test_the_digit_policy_is_what_becomes_of_digits(
    base_folder: Path, tmp_path: Path, pattern: str, policy: str
) -> None:
    """Found by running digits through the pre-tokenizer."""
    spec = spec_of(base_folder)
    vocab = {**spec["model"]["vocab"], "12": 600}
    spec["model"] = {**spec["model"], "vocab": vocab, "merges": [*spec["model"]["merges"], ["1", "2"]]}
    one = anatomy(written(tmp_path, {**spec, "pre_tokenizer": split_by(pattern)}))
    assert one.digits == policy
    assert one.patterns == (pattern,)


def test_a_vocabulary_without_joined_digits_makes_single_ones(base_folder: Path, tmp_path: Path) -> None:
    """Whatever the pre-tokenizer keeps together."""
    spec = spec_of(base_folder)
    model = spec["model"]
    joined = {token for token in model["vocab"] if re.search("[0-9]{2}", token)}
    vocab = {token: number for token, number in model["vocab"].items() if token not in joined}
    merges = [pair for pair in model["merges"] if not joined & {*pair, "".join(pair)}]
    spec["model"] = {**model, "vocab": vocab, "merges": merges}
    assert anatomy(written(tmp_path, {**spec, "pre_tokenizer": split_by(r"\p{N}+|\P{N}+")})).digits == SINGLE


def test_unreachable_tokens_holes_and_reserved_ones_are_counted(base_folder: Path, tmp_path: Path) -> None:
    """`qzx` is made by no merge, `a b` is cut by the pre-tokenizer, a lone byte is no text."""
    spec = spec_of(base_folder)
    before = anatomy(base_folder)
    model = spec["model"]
    new = {"qzx": 700, "qĠz": 701, "ê°": 702, "<|reserved_1|>": 710}
    vocab = {**model["vocab"], **new}
    merges = [*model["merges"], ["ê", "°"]]
    added = [*spec["added_tokens"], {**spec["added_tokens"][0], "id": 710, "content": "<|reserved_1|>"}]
    changed = {**spec, "added_tokens": added, "model": {**model, "vocab": vocab, "merges": merges}}
    one = anatomy(written(tmp_path, changed))
    assert one.unreachable == 2
    assert one.not_utf8 == (before.not_utf8 or 0) + 1
    assert (one.reserved, one.tokens, one.next_id) == (1, len(vocab), 711)
    assert one.holes == 711 - len(vocab)
    portable, exact, _ = one.supports
    assert portable.supported
    assert not exact.supported
    assert "1 tokens are a whole piece" in exact.reason


def test_a_model_type_that_discards_the_pre_tokenizer_is_known(base_folder: Path, tmp_path: Path) -> None:
    """It takes merges, and neither of the profiles that change how text is cut."""
    folder = written(tmp_path, spec_of(base_folder))
    (folder / "config.json").write_text('{"model_type": "qwen2"}', encoding="utf-8")
    assert [support.supported for support in anatomy(folder).supports] == [True, False, False]
    assert "qwen2" in anatomy(folder).supports[1].reason
    (folder / "config.json").write_text("{", encoding="utf-8")
    assert [support.supported for support in anatomy(folder).supports] == [True, False, False]


@pytest.mark.parametrize(
    ("change", "family"),
    [
        ({"model": {"type": "Unigram", "vocab": [["<unk>", 0.0], ["a", -1.0]], "unk_id": 0}}, "Unigram"),
        ({"model": {"type": "WordPiece", "vocab": {"[UNK]": 0, "[unused1]": 1, "a": 2, "##b": 3}, "unk_token": "[UNK]",
                    "continuing_subword_prefix": "##", "max_input_chars_per_word": 100}}, "WordPiece"),
        ({"model": {"type": "BPE", "vocab": {"<unk>": 0, "▁": 1, "a": 2, "<0x00>": 3}, "merges": [], "byte_fallback": True,
                    "unk_token": "<unk>", "fuse_unk": True}}, "SentencePiece-style BPE with byte fallback"),
        ({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}, "BPE over characters"),
        ({"model": {"type": "WordLevel", "vocab": {"a": 0, "[UNK]": 1}, "unk_token": "[UNK]"}}, "WordLevel"),
    ],
)  # fmt: skip
def test_other_families_are_named_and_refused_for_a_reason(tmp_path: Path, change: dict[str, Any], family: str) -> None:
    """Nothing is counted for them that would not be exact."""
    spec = {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "decoder": None}
    one = anatomy(written(tmp_path, {**spec, **change}))
    assert (one.family, one.unreachable, one.not_utf8) == (family, None, None)
    assert one.reserved == (family == "WordPiece")
    assert not any(support.supported for support in one.supports)
    assert all(support.reason for support in one.supports)
    assert "not counted for this family" in "\n".join(lines(one))


def test_an_extended_folder_says_so(base_folder: Path, tmp_path: Path) -> None:
    """It is described like any other, and extended again from its base only."""
    folder = written(tmp_path, spec_of(base_folder))
    (folder / "extension.json").write_text("{}", encoding="utf-8")
    (portable, *_) = anatomy(folder).supports
    assert not portable.supported
    assert portable.reason.startswith("holds extension.json")


def test_the_command_prints_text_or_one_object(
    base_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Several tokenizers at once; one that cannot be read is an error."""
    copy = tmp_path / "copy"
    shutil.copytree(base_folder, copy)
    assert main(["inspect", str(base_folder), str(copy)]) == 0
    text = capsys.readouterr().out
    assert text.count("byte-level BPE") == 2
    assert "  portable        yes" in text
    assert main(["inspect", str(copy), "--json"]) == 0
    (value,) = json.loads(capsys.readouterr().out)["tokenizers"]
    assert value == json.loads(json.dumps(anatomy(copy).to_json()))
    assert main(["inspect", str(tmp_path / "none")]) == 2


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "family", "tokens", "digits", "unreachable", "reserved"),
    [
        ("mistral_v1", "SentencePiece BPE", 32_000, SINGLE, None, 0),
        ("mistral_v3", "SentencePiece BPE", 32_768, SINGLE, None, 737),
        ("torchtune_t5_32k", "SentencePiece Unigram", 32_000, RUNS, None, 0),
        ("torchtune_tiny_bpe", "byte-level BPE", 2_003, SINGLE, 0, 0),
        ("whisper_multilingual", "byte-level BPE", 50_256, RUNS, 5, 0),
        ("whisper_gpt2/gpt2.tiktoken", "tiktoken ranks", 50_257, RUNS, 0, 0),
    ],
)
def test_published_tokenizers(
    name: str, family: str, tokens: int, digits: str, unreachable: int | None, reserved: int
) -> None:
    """Facts that were counted by other means too."""
    if not DATA.exists():
        pytest.skip("no shared data")
    one = anatomy(DATA / name)
    assert (one.family, one.tokens, one.digits, one.unreachable, one.reserved) == (
        family, tokens, digits, unreachable, reserved
    )  # fmt: skip
    assert one.holes == 0


@pytest.mark.parametrize(
    "change",
    [
        {"pre_tokenizer": "ByteLevel"},
        {"normalizer": [1]},
        {"added_tokens": [1]},
        {"model": {"type": "BPE", "vocab": 5}},
    ],
)
def test_parts_of_the_wrong_kind_are_a_sentence(base_folder: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    """The library reads the file before anything is said of it."""
    with pytest.raises(VocabError, match="cannot read it"):
        anatomy(written(tmp_path, {**spec_of(base_folder), **change}))


def test_a_base_with_dropout_has_no_count(base_folder: Path, tmp_path: Path) -> None:
    """The same text has many encodings there, so a count would differ from run to run."""
    spec = spec_of(base_folder)
    one = anatomy(written(tmp_path, {**spec, "model": {**spec["model"], "dropout": 0.1}}))
    assert one.unreachable is None
    assert "dropout" in one.supports[0].reason


def test_what_is_no_tokenizer_is_a_sentence(tmp_path: Path) -> None:
    """The file is named."""
    for name in ("own.model", "own.tiktoken", "tekken.json"):
        (tmp_path / name).write_bytes(b"\x00\x01")
        with pytest.raises(VocabError, match=name):
            anatomy(tmp_path / name)

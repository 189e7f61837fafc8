"""A tokenizer of whatever family, as coverage needs it."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.attestation import CertifiedCorpus
from govern.files import canonical
from tests.vocab.conftest import ENGLISH, KOREAN
from vocab.coverage.placing import encoded_flat, place
from vocab.coverage.readers import Reader, named_apart, open_tokenizer, readers_of
from vocab.coverage.readers import opened as open_all
from vocab.coverage.spans import texts_of
from vocab.errors import VocabError
from vocab.extend import extend
from vocab.model_base import ModelBase
from vocab.term_lists import parse

from .made_tokenizers import write_all, write_spec

FAMILIES = {
    "bpe.model": "SentencePiece BPE",
    "bpe_plain.model": "SentencePiece BPE",
    "bpe_over_spaces.model": "SentencePiece BPE",
    "unigram.model": "SentencePiece Unigram",
    "bpe_export": "SentencePiece-style BPE",
    "unigram_export": "Unigram",
    "gpt2": "byte-level BPE",
    "prefix_space": "byte-level BPE",
    "qwen": "byte-level BPE",
    "nfkc": "byte-level BPE",
    "across": "byte-level BPE",
    "word_pieces": "WordPiece",
}
SPELLED = ("gpt2", "prefix_space", "across", "bpe_plain.model")
"""Those whose tokens are the bytes of any text."""
every_kind = pytest.mark.parametrize("name", FAMILIES)
Open = Callable[[str], Reader]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens the tokenizer of that name."""
    paths = write_all([*ENGLISH, *KOREAN], tmp_path_factory.mktemp("tokenizers"))
    assert paths.keys() == FAMILIES.keys()
    readers = {name: open_tokenizer(path) for name, path in paths.items()}
    return readers.__getitem__


def said(reader: Reader, ids: list[int]) -> bytes:
    """What stands behind `ids`, one after the other."""
    tokens = reader.tokens
    data = tokens.blob.tobytes()
    return b"".join(data[tokens.start[one] : tokens.start[one] + tokens.size[one]] for one in ids)


@every_kind
def test_every_family_is_opened_and_said(opened: Open, name: str) -> None:
    """Family, digest, engine and size are those of the file."""
    one = opened(name)
    file = one.path if one.path.is_file() else one.path / "tokenizer.json"
    assert (one.name, one.family) == (name, FAMILIES[name])
    assert one.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert one.engine == ("sentencepiece" if name.endswith(".model") else "tokenizers")
    assert one.record is None
    assert one.vocab_size == len({*one.origin.vocab, *one.origin.added}) > 100


@every_kind
def test_ids_are_those_of_the_library(opened: Open, name: str) -> None:
    """With the offsets of each; no special token is put before or after."""
    one = opened(name)
    texts = [ENGLISH[0], KOREAN[0], "", " x", "금리"]
    encoded = [one.origin.tokenizer().encode(text, add_special_tokens=False) for text in texts]
    assert one.ids(texts, inside=False) == [each.ids for each in encoded]
    assert [offsets for offsets, _ in one.offsets(texts)] == [list(each.offsets) for each in encoded]
    assert [each.ids for each in one.encode(texts, inside=False)] == one.ids(texts, inside=False)


@pytest.mark.parametrize(
    ("name", "is_different"), [("bpe.model", True), ("bpe_export", True), ("prefix_space", True), ("gpt2", False)]
)
def test_inside_a_text_no_space_is_put_in_front(opened: Open, name: str, is_different: bool) -> None:
    """A word that stands at the start of a text has the ids of one after a space, where the tokenizer puts one there."""
    one = opened(name)
    (whole,), (inside,) = (one.ids(["mortgage"], inside=where) for where in (False, True))
    assert said(one, inside) == b"mortgage"
    assert said(one, whole) == (b" mortgage" if is_different else b"mortgage")
    assert one.decoded(whole).strip() == "mortgage"


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(SPELLED), text=st.text(max_size=30))
def test_tokens_spell_the_bytes_of_a_text(opened: Open, name: str, text: str) -> None:
    """Every byte, in order, from a vocabulary that has them all."""
    one = opened(name)
    assert said(one, one.ids([text], inside=True)[0]) == text.encode()


def test_what_is_one_byte_is_known(opened: Open) -> None:
    """Byte pieces of a SentencePiece model, all 256; in a byte-level vocabulary those of longer characters."""
    model, bytes_ = opened("bpe.model"), opened("gpt2")
    pieces = [model.origin.vocab[f"<0x{byte:02X}>"] for byte in range(256)]
    assert np.flatnonzero(model.tokens.single_byte).tolist() == sorted(pieces)
    assert said(model, pieces) == bytes(range(256))
    single = np.flatnonzero(bytes_.tokens.single_byte).tolist()
    assert sorted(said(bytes_, single)) == list(range(0x80, 0x100))
    export = opened("bpe_export")
    assert np.flatnonzero(export.tokens.single_byte).tolist() == sorted(pieces)
    assert not opened("word_pieces").tokens.single_byte.any()


def test_a_piece_that_looks_like_a_byte_is_text_where_bytes_are_no_pieces(opened: Open, tmp_path: Path) -> None:
    """`<0x41>` in a vocabulary without byte fallback spells itself."""
    spec = json.loads((opened("bpe_export").path / "tokenizer.json").read_text("utf-8"))
    spec["model"]["byte_fallback"] = False
    one = open_tokenizer(write_spec(tmp_path / "one", spec))
    number = one.origin.vocab["<0x41>"]
    assert said(one, [number]) == b"<0x41>"
    assert not one.tokens.single_byte[number]


def test_control_and_unknown_pieces_stand_for_no_text(opened: Open) -> None:
    """Nothing is encoded to them as it is spelled; an added token of a `tokenizer.json` stands for itself."""
    model = opened("bpe.model")
    numbers = [at for at, piece in enumerate(model.origin.model.pieces) if piece.kind in ("control", "unknown")]  # type: ignore[union-attr]
    assert len(numbers) == 3
    assert not model.tokens.plain[numbers].any()
    qwen = opened("qwen")
    assert said(qwen, [qwen.origin.added["<|im_start|>"]]) == b"<|im_start|>"


@pytest.mark.parametrize(
    ("name", "unknown"),
    [("bpe.model", 0), ("unigram.model", 3), ("unigram_export", 3), ("word_pieces", 2), ("gpt2", 0), ("bpe_export", 0)],
)
def test_unknown_tokens_are_counted(opened: Open, name: str, unknown: int) -> None:
    """One for each run of characters without a token, none where every byte has one."""
    one = opened(name)
    ((offsets, counted),) = one.offsets(["龘 mortgage 龘"]) if name == "word_pieces" else one.offsets(["龘 龘a龘"])
    assert counted == unknown
    assert offsets
    if unknown:
        assert one.unknown_id == one.origin.unknown_id


def test_digits_fused_with_a_unit_are_known(opened: Open) -> None:
    """By what a token spells."""
    one = opened("gpt2")
    fused = {said(one, [int(at)]).decode("utf-8", "replace") for at in np.flatnonzero(one.tokens.fused)}
    assert all(any(sign.isdigit() for sign in token) for token in fused)
    assert not any(token.strip().isdigit() for token in fused)


def test_what_composes_is_known(opened: Open) -> None:
    """A normalizer of the file that composes; the library of SentencePiece says where its pieces stand."""
    assert [opened(name).composes for name in ("qwen", "nfkc", "gpt2", "word_pieces", "unigram.model")] == [
        *(True, True, False, False, False)
    ]


@pytest.mark.parametrize("name", ["qwen", "nfkc", "unigram.model", "unigram_export", "gpt2"])
def test_what_is_composed_is_not_lost(opened: Open, name: str) -> None:
    """A letter and its mark, jamo of one syllable: decomposed text loses nothing by being read as what it composes."""
    texts = texts_of([normalize("NFD", text) for text in ("기준금리를 올렸다", "café é", "\u1ec7 x", "①각")])
    one = opened(name)
    ids, sizes = encoded_flat(one.ids(texts.texts, inside=False))
    assert place(one, texts, ids, sizes, inside=False).lost.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("name", ["bpe", "unigram"])
def test_a_space_put_in_front_holds_no_character(opened: Open, name: str) -> None:
    """The library of an export places it on the first character, which two tokens then would share: as the model has it."""
    texts = texts_of([" EBITDA ", "금리  EBITDA", "\n금리를 올렸다 ", "  mortgage  율", "EBITDA", "금리"])
    found = []
    for one in (opened(f"{name}.model"), opened(f"{name}_export")):
        ids, sizes = encoded_flat(one.ids(texts.texts, inside=False))
        placed = place(one, texts, ids, sizes, inside=False)
        assert placed.otherwise[:4].all()
        found.append((placed.sizes.tolist(), placed.divided.tolist(), placed.partial.tolist(), placed.lost.tolist()))
    assert found[0] == found[1]


def test_merges_are_let_go_and_ids_stay(opened: Open) -> None:
    """The list is as large as the tokenizer, which was built from it."""
    one = opened("gpt2")
    assert not isinstance(one.origin, ModelBase)
    assert one.origin.merges == ()
    assert len(one.ids(["mortgage"], inside=False)[0]) < len("mortgage")


def test_tokenizers_of_one_name_are_named_apart(opened: Open) -> None:
    """By their place and the folder above; others keep their names."""
    one, two = opened("gpt2"), opened("qwen")
    above = one.path.parent.name
    assert [each.name for each in named_apart([one, two])] == ["gpt2", "qwen"]
    assert [each.name for each in named_apart([one, one])] == [f"1. {above}/gpt2", f"2. {above}/gpt2"]


def test_tokenizers_are_opened_once_while_their_files_stay(opened: Open, tmp_path: Path) -> None:
    """A file that is another by now is refused: what was counted before was counted by another tokenizer."""
    folder = tmp_path / "changing"
    folder.mkdir()
    file = folder / "tokenizer.json"
    file.write_bytes((opened("gpt2").path / "tokenizer.json").read_bytes())
    (first,) = open_all((folder,))
    assert readers_of((folder,), (first.sha256,))[0] is first
    file.write_bytes((opened("qwen").path / "tokenizer.json").read_bytes())
    (other,) = open_all((folder,))
    assert other.sha256 != first.sha256
    with pytest.raises(VocabError, match="changing: changed while it was read; run the command again"):
        readers_of((folder,), (first.sha256,))


def test_nothing_there_is_a_sentence(tmp_path: Path) -> None:
    """A path without a file, a folder without a tokenizer, a file of another kind."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no tokenizer", "utf-8")
    (tmp_path / "other.json").write_text("[]", "utf-8")
    for name, reason in (
        ("absent", "no such file or folder"),
        ("empty", r"no tokenizer\.json in this folder"),
        ("notes.txt", "no file of a tokenizer"),
        ("other.json", r"not a tokenizer\.json"),
    ):
        with pytest.raises(VocabError, match=reason):
            open_tokenizer(tmp_path / name)


@pytest.fixture(scope="module")
def extended(base_folder: Path, corpus: CertifiedCorpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An extension of the small base."""
    terms = parse("기준금리\nmortgage\n".encode(), "list")
    return extend(base_folder, corpus, [terms], tmp_path_factory.mktemp("extended") / "made").folder


def test_an_extension_is_read_with_its_record(extended: Path, base_folder: Path) -> None:
    """It names the base by the digest under which that is opened."""
    record = open_tokenizer(extended).record
    assert record is not None
    assert record["base"]["sha256"] == "sha256:" + open_tokenizer(base_folder).sha256
    assert open_tokenizer(extended / "tokenizer.json").record == record


def test_a_record_of_other_files_is_refused(extended: Path, tmp_path: Path) -> None:
    """Its digest is not that of the tokenizer beside it, or it is no record."""
    folder = tmp_path / "copy"
    shutil.copytree(extended, folder)
    file = folder / "tokenizer.json"
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(VocabError, match="sha256 is not the one in its record"):
        open_tokenizer(folder)
    shutil.copy(extended / "tokenizer.json", file)
    record = json.loads((folder / "extension.json").read_bytes())
    (folder / "extension.json").write_bytes(canonical({**record, "format_version": 99}))
    with pytest.raises(VocabError, match="format_version 99"):
        open_tokenizer(folder)


def test_an_export_beside_a_tokenizer_is_one_without_a_record(
    opened: Open, corpus: CertifiedCorpus, tmp_path: Path
) -> None:
    """The folder is the tokenizer that its record names; the same tokenizer for another engine is opened by its name."""
    terms = parse(b"mortgage\nEBITDA\n", "list")
    folder = extend(opened("bpe_plain.model").path, corpus, [terms], tmp_path / "made").folder
    assert (folder / "tokenizer.json").is_file()
    model, export = open_tokenizer(folder), open_tokenizer(folder / "tokenizer.json")
    assert (model.family, export.family) == ("SentencePiece BPE", "SentencePiece-style BPE")
    assert model.record is not None
    assert model.origin.path.name == model.record["tokenizer"]["file"] == "bpe_plain.model"
    assert export.record is None
    assert export.ids(ENGLISH, inside=False) == model.ids(ENGLISH, inside=False)

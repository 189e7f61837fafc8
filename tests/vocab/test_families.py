"""Bases of every family: extended, proved again, and taken back to the base."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sentencepiece import SentencePieceTrainer
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from govern.attestation import CertifiedCorpus, verify
from vocab.check import check
from vocab.errors import VocabError, VocabRefused
from vocab.exports import exports
from vocab.extend import extend
from vocab.extension import content_of, read
from vocab.model_base import ModelBase, load_origin
from vocab.piece_export import export
from vocab.piece_models import extended_bytes
from vocab.sentence_piece import Piece, read_model
from vocab.spelling import ids_of, sub_ids, whole
from vocab.term_lists import parse

from .conftest import ENGLISH, KOREAN, NOW

TERMS = parse("EBITDA\n기준금리\n영업이익\nmortgage\n억원\nM&A\ntranches\n".encode(), "list")
FAMILIES = {
    "bpe.model": "SentencePiece BPE",
    "unigram.model": "SentencePiece Unigram",
    "bpe_export": "SentencePiece-style BPE",
    "unigram_export": "Unigram",
    "word_pieces": "WordPiece",
}


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small base of each family."""
    folder = tmp_path_factory.mktemp("families")
    texts = [*ENGLISH, *KOREAN]
    for kind, size in (("bpe", 700), ("unigram", 300)):
        written = io.BytesIO()
        SentencePieceTrainer.train(
            sentence_iterator=iter(texts * 3), model_writer=written, model_type=kind, vocab_size=size, minloglevel=2,
            hard_vocab_limit=False, byte_fallback=kind == "bpe", normalization_rule_name="identity",
        )  # fmt: skip
        file = folder / f"{kind}.model"
        file.write_bytes(written.getvalue())
        (folder / f"{kind}_export").mkdir()
        spec = json.dumps(export(read_model(file)), ensure_ascii=False)
        (folder / f"{kind}_export/tokenizer.json").write_text(spec, "utf-8")
    words = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    words.normalizer, words.decoder = normalizers.BertNormalizer(), decoders.WordPiece()
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=600, special_tokens=special, show_progress=False)
    )
    (folder / "word_pieces").mkdir()
    words.save(str(folder / "word_pieces/tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory, keys: Path, corpus_writer: Callable[..., Path]) -> CertifiedCorpus:
    """A corpus with a masking tag in every document, and a word that stands in no list."""
    documents = [*((f"<PERSON_1>은 Zyxquorl {text}", "ko") for text in KOREAN), *((text, "en") for text in ENGLISH)]
    folder = corpus_writer(tmp_path_factory.mktemp("tagged") / "c", {"documents": documents}, keys, entities=["PERSON"])
    return verify(folder, [keys / "sign.pub"], now=NOW)


@pytest.mark.parametrize("name", FAMILIES)
def test_an_extension_is_proved_again_and_gives_its_base_back(
    bases: Path, tagged: CertifiedCorpus, tmp_path: Path, name: str
) -> None:
    """On the corpus too; no document is longer, no text of the corpus but terms stands in a file."""
    made = extend(bases / name, tagged, [TERMS], tmp_path / "out")
    assert check(made.folder, tagged).to_json() == made.proof.to_json()
    extended, origin = read(made.folder), load_origin(bases / name)
    assert origin.family == extended.tokenizer.family == FAMILIES[name]
    assert content_of(extended.base) == content_of(origin)
    assert made.proof.corpus is not None
    assert made.proof.corpus.documents_longer == 0
    before, after = made.proof.single_rate
    assert after > before + 0.3
    for path in made.folder.iterdir():
        assert b"yxquor" not in path.read_bytes()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_budget_holds_for_every_family(bases: Path, tagged: CertifiedCorpus, tmp_path: Path, name: str) -> None:
    """Numbers of new ids, and a record that says what was left out."""
    made = extend(bases / name, tagged, [TERMS], tmp_path / "out", budget=4)
    assert len(made.new_ids) <= 4
    assert check(made.folder, tagged).passed


@pytest.mark.parametrize("name", ["bpe.model", "unigram.model"])
def test_tags_are_user_defined_pieces(bases: Path, tagged: CertifiedCorpus, tmp_path: Path, name: str) -> None:
    """The library cuts them out of any text, and no other file changes but by what stands at its end."""
    made = extend(bases / name, tagged, [TERMS], tmp_path / "out")
    extended = read(made.folder).tokenizer
    assert isinstance(extended, ModelBase)
    ((tag, number),) = made.ground.tags
    assert tag == "<PERSON_1>"
    assert extended.tokenizer().encode("가<PERSON_1>은").ids.count(number) == 1
    assert (made.folder / name).read_bytes().startswith((bases / name).read_bytes())


@pytest.mark.parametrize("name", ["bpe_export", "unigram_export", "word_pieces"])
def test_tags_stay_text_where_special_tokens_change_the_text_around_them(
    bases: Path, tagged: CertifiedCorpus, tmp_path: Path, name: str
) -> None:
    """A space behind each would be lost or gained; a warning says so."""
    made = extend(bases / name, tagged, [TERMS], tmp_path / "out")
    assert made.ground.tags == ()
    assert made.tags_left == 1
    assert any("masking tags that stay text" in warning for warning in made.warnings)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_only_byte_level_bpe_can_do_is_refused(
    bases: Path, tagged: CertifiedCorpus, tmp_path: Path, name: str
) -> None:
    """Isolated terms, groups of digits and particles each say why."""
    with pytest.raises(VocabError, match="isolated in byte-level BPE only"):
        extend(bases / name, tagged, [TERMS], tmp_path / "out", profile="exact")
    with pytest.raises(VocabError, match=r"no pre-tokenizer when it runs|expected that of byte-level BPE"):
        extend(bases / name, tagged, [TERMS], tmp_path / "out", digits="r2l3")
    with pytest.raises(VocabError, match="leave --particles out"):
        extend(bases / name, tagged, [TERMS], tmp_path / "out", particles=2)


def test_a_model_is_also_written_for_hugging_face_where_that_is_exact(bases: Path) -> None:
    """BPE of known characters has a tokenizer.json; what differs on a text has none, and says so."""
    origin = load_origin(bases / "bpe.model")
    (made,) = exports(origin, ENGLISH)
    assert (list(made.files), made.refused) == (["tokenizer.json"], "")
    found = Tokenizer.from_str(made.files["tokenizer.json"].decode())
    assert isinstance(origin, ModelBase)
    for text in [*ENGLISH[:5], *KOREAN[:5]]:
        assert found.encode(text, add_special_tokens=False).ids == origin.tokenizer().encode(text).ids


def test_a_changed_export_is_found(base_folder: Path, tagged: CertifiedCorpus, tmp_path: Path) -> None:
    """Ranks for tiktoken are made again and compared, though every checksum agrees."""
    from govern.files import manifest

    made = extend(base_folder, tagged, [TERMS], tmp_path / "out")
    ranks = made.folder / "tokenizer.tiktoken"
    ranks.write_bytes(ranks.read_bytes().replace(b" 10\n", b" 11\n", 1))
    (made.folder / "SHA256SUMS").write_bytes(manifest(made.folder))
    with pytest.raises(VocabRefused, match=r"tokenizer\.tiktoken is not what the tokenizer gives"):
        check(made.folder)


@pytest.mark.parametrize("name", FAMILIES)
def test_parts_of_a_token_are_ids_of_the_base(bases: Path, name: str) -> None:
    """From these its row in a model is made; spelled again they are its text."""
    base = load_origin(bases / name)
    spelled = whole(base)("mortgages")
    parts = sub_ids(base)(spelled)
    assert parts
    assert max(parts) < base.next_id
    assert parts == ids_of(base, ["mortgages"], [spelled])[0]


def test_a_word_piece_inside_a_word_is_read_after_another(bases: Path) -> None:
    """`##` tells it; the ids are those that follow the first piece."""
    base = load_origin(bases / "word_pieces")
    inner = next(token for token in sorted(base.vocab) if token.startswith("##") and len(token) == 3)
    assert sub_ids(base)(inner) == [base.vocab[inner]]


@pytest.mark.parametrize("name", ["bpe.model", "unigram.model"])
def test_a_term_of_several_words_is_one_piece_of_a_model(
    bases: Path, tagged: CertifiedCorpus, tmp_path: Path, name: str
) -> None:
    """Nothing cuts its text; it is counted by its characters, so a budget knows what it saves."""
    terms = parse(b"repaid its mortgage\nlent its mortgage\n", "list")
    made = extend(bases / name, tagged, [terms], tmp_path / "out")
    assert [term.status for term in made.growth.terms] == ["added", "added"]
    found = made.standing["repaid its mortgage"]
    assert (found.count, found.documents) == (len(ENGLISH), len(ENGLISH))
    assert made.standing["lent its mortgage"].count == 0
    assert made.rare == ("lent its mortgage",)


def test_a_model_that_is_no_tokenizer_json_says_so_where_one_is_needed(
    bases: Path, tagged: CertifiedCorpus, tmp_path: Path
) -> None:
    """Its card has the reason; no rows are made for what transformers cannot read."""
    pytest.importorskip("transformers")
    from vocab.embed import embed

    made = extend(bases / "bpe.model", tagged, [TERMS], tmp_path / "out")
    assert made.exports[0].refused
    assert made.exports[0].refused in (made.folder / "README.md").read_text("utf-8")
    with pytest.raises(VocabError, match=r"no tokenizer\.json, expected one that transformers reads"):
        embed(tmp_path / "model", made.folder, tmp_path / "model2")


def test_a_piece_of_another_kind_is_found(bases: Path, tagged: CertifiedCorpus, tmp_path: Path) -> None:
    """A term made user-defined would be cut out of the middle of words."""
    import hashlib

    from govern.files import canonical, manifest

    folder = extend(bases / "bpe.model", tagged, [TERMS], tmp_path / "out").folder
    model = read_model(folder / "bpe.model")
    first = len(load_origin(bases / "bpe.model").vocab)
    pieces = [
        Piece(piece.text, piece.score, "user-defined" if piece.text == "▁M&A" else piece.kind)
        for piece in model.pieces[first:]
    ]
    base = read_model(bases / "bpe.model")
    assert pieces != list(model.pieces[first:])
    data = extended_bytes(base, pieces)
    record = json.loads((folder / "extension.json").read_text("utf-8"))
    record["tokenizer"]["sha256"] = "sha256:" + hashlib.sha256(data).hexdigest()
    (folder / "bpe.model").write_bytes(data)
    (folder / "extension.json").write_bytes(canonical(record))
    (folder / "SHA256SUMS").write_bytes(manifest(folder))
    with pytest.raises(VocabRefused, match="1 new pieces of terms are of another kind"):
        check(folder)


def test_a_model_says_what_a_mined_term_saves(bases: Path, tagged: CertifiedCorpus, tmp_path: Path, keys: Path) -> None:
    """`vocab mine --base` takes every base that `vocab extend` takes."""
    from vocab.cli import main

    command = ["mine", str(tagged.path), "--trust", str(keys / "sign.pub"), "--base", str(bases / "bpe.model")]
    assert main([*command, "--out", str(tmp_path / "terms.tsv")]) == 0


@pytest.mark.parametrize(("profile", "particles"), [("exact", 0), ("portable", 3)])
def test_what_a_base_cannot_do_is_said_before_a_corpus_is_read(
    bases: Path, tagged: CertifiedCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str, particles: int
) -> None:
    """On a large corpus the sentence would come after minutes."""

    def unread(*_: object, **__: object) -> None:
        pytest.fail("a shard was read")

    monkeypatch.setattr("vocab.extend.batches", unread)
    with pytest.raises(VocabError, match="byte-level BPE"):
        extend(bases / "bpe.model", tagged, [TERMS], tmp_path / "out", profile=profile, particles=particles)

"""Mining: what becomes a candidate, what is counted, and that nothing personal or rare comes through."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.corpus import CertifiedShard
from govern.keys import load_private
from govern.revocation import revoke
from vocab.base import load
from vocab.cli import main
from vocab.errors import VocabError
from vocab.mine import GATES, Mined, mine, write
from vocab.screen import Casing, personal
from vocab.stop_words import ENGLISH, INSIDE, KOREAN
from vocab.term_lists import COLUMNS, COUNTS, parse
from vocab.words import BREAK, TAG, Nouns, pieces

DATA = Path(__file__).parents[3] / "shared/data"
Documents = Sequence[tuple[str, str]]

ENGLISH_PROSE = (
    "The lender holds subordinated debentures in period {}, and the impairment rose. The net interest margin fell as "
    "EBITDA grew; securitized subordinated debentures were held. This hit our Net Interest Margin, and collateralization rose."
)
KOREAN_PROSE = (
    "제{}기 당기순이익은 늘었고 부실채권의 비율이 줄었다. 기준금리를 올리자 부실채권을 매각하였다. ESG채권의 발행과 "
    "당기순이익의 증가, 기준금리에 관한 보고, ESG채권을 발행한 은행은 기준금리가 올랐다고 보았다. 그러나 "
    "당기순이익을 줄이지 아니하였다."
)
PROSE = [(text.format(at), f"desk-{at % 3}") for text in (ENGLISH_PROSE, KOREAN_PROSE) for at in range(12)]


def certified(folder: Path, documents: Documents, shard_documents: int = 7) -> SimpleNamespace:
    """What `mine` reads of a verified corpus: its shards, with the digests of their bytes."""
    shards = []
    folder.mkdir(parents=True)
    for start in range(0, len(documents), shard_documents):
        part = documents[start : start + shard_documents]
        path = folder / f"part-{start:05d}.parquet"
        pl.DataFrame({"text": [text for text, _ in part], "source": [source for _, source in part]}).write_parquet(path)
        shards.append(CertifiedShard(path, hashlib.sha256(path.read_bytes()).hexdigest(), len(part)))
    return SimpleNamespace(documents=tuple(shards))


@pytest.fixture(scope="module")
def prose(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return certified(tmp_path_factory.mktemp("prose") / "corpus", PROSE)


def terms(mined: Mined) -> dict[str, tuple[int, int, int]]:
    return {one.term: (one.count, one.documents, one.sources) for one in mined.candidates}


def test_terms_of_both_languages_are_counted(prose: SimpleNamespace) -> None:
    """English words and sequences as they are written, Korean nouns without particles, and words of both scripts."""
    found = terms(mine(prose))
    assert found["subordinated debentures"] == (24, 12, 3)
    assert found["collateralization"] == (12, 12, 3)
    assert found["net interest margin"] == (24, 12, 3)
    assert found["당기순이익"] == (36, 12, 3)
    assert found["기준금리"] == (36, 12, 3)
    assert found["ESG채권"] == (24, 12, 3)
    assert not {"부실채권의", "기준금리를", "그러나", "아니하였다", "the lender", "interest margin"} & found.keys()


def test_every_candidate_is_told(prose: SimpleNamespace) -> None:
    """Candidates considered are those written and those refused, by gate."""
    for limit in (1, 3, 1000):
        mined = mine(prose, limit=limit)
        assert mined.considered == len(mined.candidates) + sum(mined.refused.values())
        assert tuple(mined.refused) == GATES
        assert len(mined.candidates) <= limit
        assert mined.considered == mine(prose).considered


def test_the_same_documents_give_the_same_bytes(prose: SimpleNamespace, tmp_path: Path) -> None:
    """Order of documents and size of shards change nothing."""
    expected = mine(prose).to_tsv()
    for shards, documents in ((1, PROSE[::-1]), (50, [*PROSE[1::2], *PROSE[::2]])):
        assert mine(certified(tmp_path / str(shards), documents, shards)).to_tsv() == expected


def test_the_base_decides_what_is_saved(prose: SimpleNamespace, base_folder: Path) -> None:
    """Tokens of the term after a space, less one; what is one token already is not written."""
    base = load(base_folder)
    tokenizer = base.inner()
    mined = mine(prose, base)
    assert mined.candidates
    for one in mined.candidates:
        assert one.tokens_saved == len(tokenizer.encode(" " + one.term).ids) - 1 > 0
    assert " EBITDA" not in {" " + one.term for one in mined.candidates if len(tokenizer.encode(" EBITDA").ids) == 1}


def test_documents_are_counted_exactly(tmp_path: Path) -> None:
    """A term in four documents is refused at five and written at four, however often each repeats it."""
    documents = [("covenant breaches; covenant breaches; covenant breaches", "a")] * 4 + [("The rate.", "a")] * 9
    corpus = certified(tmp_path / "corpus", documents)
    assert terms(mine(corpus)) == {}
    assert terms(mine(corpus, min_documents=4))["covenant breaches"] == (12, 4, 1)


def test_two_sources_are_asked_where_there_are_two(tmp_path: Path) -> None:
    """By default one source is enough only where the corpus has no other."""
    documents = [("The covenant breaches.", "a")] * 6
    assert "covenant breaches" in terms(mine(certified(tmp_path / "one", documents)))
    two = certified(tmp_path / "two", [*documents, ("The rate fell.", "b")])
    mined = mine(two)
    assert terms(mined) == {}
    assert mined.refused["too few sources"] > 0
    assert "covenant breaches" in terms(mine(two, min_sources=1))


def test_a_part_of_a_longer_term_is_left_out(tmp_path: Path) -> None:
    """What stands inside one longer term alone is no term; what also stands by itself is one."""
    documents = [("The common equity tier ratio. A tier ratio.", "a")] * 6
    found = terms(mine(certified(tmp_path / "corpus", documents)))
    assert found == {"common equity tier ratio": (6, 6, 1), "tier ratio": (12, 6, 1)}


CANARIES = ("hollister", "jerome", "김민준", "최서윤", "nightjar", "heron", "ashgrove", "okonjo", "maribel", "example",
            "4417", "quendra", "tolliver")  # fmt: skip


def test_no_canary_comes_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, accounts, mail and phrases of one source or few documents, planted in certified text, are in no output."""
    everywhere = (
        " Jerome Hollister signed. Then Hollister left; a Hollister memo. Maribel Okonjo spoke. Okonjo agreed."
        " 담당자 김민준 과장이 말했다. 김민준은 갔다. 최서윤이 왔고 최서윤을 보았다. 최서윤의 계좌."
        " Write to j.hollister@example.com or account 4417-1234-5678-9113 and 4417ABCD."
        " <PERSON_1> ashgrovewinterbourne paid <KR_BANK_ACCOUNT_1>. <PERSON_2> ashgrovewinterbourne.\nJEROME HOLLISTER\n"
        "APPLICANT: QUENDRA TOLLIVER"
    )
    planted = [
        (
            text
            + everywhere
            + (" The Nightjar protocol settles; nightjar protocol." if source == "desk-0" else "")
            + (" The heron covenant stands, heron covenant." if at in (1, 2, 30, 31) else ""),
            source,
        )
        for at, (text, source) in enumerate(PROSE * 4)
    ]
    mined = mine(certified(tmp_path / "corpus", planted))
    write(mined, tmp_path / "terms.tsv")
    assert len(mined.candidates) > 5
    assert mined.refused["personal data"] >= 4
    assert mined.refused["beside masking tags"] >= 1
    assert mined.refused["too few sources"] >= 1
    held = (tmp_path / "terms.tsv").read_text("utf-8").casefold() + repr(mined).casefold()
    assert [canary for canary in CANARIES if canary in held] == []
    assert "<" not in (tmp_path / "terms.tsv").read_text("utf-8")
    assert not any(character.isdecimal() for one in mined.candidates for character in one.term)
    assert capsys.readouterr() == ("", "")


NAMES = [("Greenspan", "t"), ("Solow residual", "tl"), ("John Maynard Keynes", "ttt"), ("Mark Rich", "cc"),
         ("Goldman Sachs", "tt"), ("daniel kim", "ll"), ("TOLLIVERSON", "u"), ("Ursula van Holt", "tlt")]  # fmt: skip


@pytest.mark.parametrize(("term", "written"), NAMES, ids=[name for name, _ in NAMES])
def test_what_looks_like_a_name_is_personal(term: str, written: str) -> None:
    """Words that never stand in lower case, pairs in capitals, listed given names and surnames however written."""
    kinds = {"t": Casing(0, 30, 0), "l": Casing(30, 1, 0), "u": Casing(0, 0, 30), "c": Casing(20, 20, 0)}
    assert personal(term, tuple(kinds[kind] for kind in written))


@pytest.mark.parametrize("term", ["김철수", "박영희", "남궁민수", "홍길동님", "김철수대출"])
def test_korean_names_are_personal(term: str) -> None:
    """A name alone, with a title, and before a noun of the corpus."""
    assert personal(term, (), {"대출"})


@pytest.mark.parametrize(
    ("term", "casings"),
    [("EBITDA", (Casing(0, 0, 30),)), ("net interest margin", (Casing(30, 1, 0),) * 3), ("Basel", (Casing(0, 30, 0),))],
)
def test_what_is_no_name_is_not(term: str, casings: tuple[Casing, ...]) -> None:
    """Acronyms, words of the language, and terms of the package's own lists."""
    assert not personal(term, casings)


def test_finance_terms_of_korean_are_no_names() -> None:
    """Nouns that begin like a name, and whose rest is no noun."""
    assert not any(
        personal(term, (), {"책임", "회사"}) for term in ("손해배상책임", "신용정보회사", "기준금리", "당기순이익")
    )


WORDS = {
    "은행": 9, "은행은": 5, "은행이": 4, "은행을": 3, "은행에서": 2, "은행에서의": 1, "은행등의": 1, "금리를": 3, "금리가": 3,
    "신용": 9, "신용을": 3, "신용도": 3, "신용도를": 2, "신용도가": 2, "하는": 50, "정하는": 9, "또한": 9, "받은": 9,
    "감면받은": 5, "감면받을": 5, "대출로": 3, "대출의": 3, "없는": 900, "없는의": 1, "K-IFRS를": 3, "K-IFRS의": 3,
    "채권들의": 2, "채권": 5, "채권을": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("word", "noun"),
    [("은행에서의", "은행"), ("은행등의", "은행"), ("금리를", "금리"), ("신용도를", "신용도"), ("신용도", "신용도"),
     ("신용을", "신용"), ("정하는", ""), ("또한", ""), ("감면받은", ""), ("없는", ""), ("K-IFRS를", "K-IFRS"),
     ("대출로", "대출"), ("은행로", ""), ("채권들의", "채권")],
)  # fmt: skip
def test_nouns_lose_their_particles(word: str, noun: str) -> None:
    """The longest particle that fits the sound before it, off a stem that the corpus shows to be a noun."""
    assert Nouns(WORDS).stem(word) == noun


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("net interest margin", ["net", "interest", "margin"]),
        ("S&P and mark-to-market", ["S&P", "and", "mark-to-market"]),
        ("the lender's <PERSON_1> said", ["the", "lender", BREAK, TAG, "said"]),
        ("<PERSON_1>님 Mr<PERSON_2>", [TAG, BREAK, BREAK, TAG]),
        ("Q3 1조 코스피200 a@b.co x_y", [BREAK] * 5),
        ("U.S. dollar don't", [BREAK, BREAK, BREAK, BREAK, "dollar", BREAK]),
        ("KIM MINSU owes EBITDA", [BREAK, BREAK, "owes", "EBITDA"]),
        ('a <TD STYLE="x">rate</TD> end', ["a", BREAK, "rate", BREAK, "end"]),
        ("name: rate", ["name", BREAK, BREAK, "rate"]),
    ],
)
def test_text_is_cut_into_words_and_breaks(text: str, found: list[str]) -> None:
    """No word touches a digit, a tag or an address, and no sequence reaches over a break."""
    assert pieces(text)[:-1] == found


@given(st.text(alphabet="Aa b1<>_/&-'.\n가은PERSON", max_size=60))
def test_words_hold_letters_only(text: str) -> None:
    """Whatever the text, a word is letters, & and hyphens, and no part of a tag."""
    for piece in pieces(text):
        assert piece in (BREAK, TAG) or re.fullmatch(r"[A-Za-z가-힣]+(?:[&-][A-Za-z가-힣]+)*", piece)


def test_stop_words_are_lower_case_and_one_script() -> None:
    """The lists are looked up by what words are counted as."""
    assert all(word == word.lower() for word in ENGLISH)
    assert INSIDE <= ENGLISH
    assert all(len(word) > 1 for word in KOREAN)


def test_the_list_is_read_by_extend(prose: SimpleNamespace) -> None:
    """Its header is that of a term list and the counts; every line is usable; other columns are still refused."""
    mined = mine(prose)
    data = mined.to_tsv()
    assert data.decode().splitlines()[0].split("\t") == [*COLUMNS, *COUNTS]
    entries = parse(data, "terms.tsv").entries
    assert [entry.term for entry in entries] == [one.term for one in mined.candidates]
    assert {entry.reason for entry in entries} == {""}
    assert {entry.category for entry in entries} == {"mined-en", "mined-ko", "mined-mixed"}
    with pytest.raises(VocabError, match="counts of `vocab mine`"):
        parse(data.replace(b"tokens_saved", b"tokens"), "terms.tsv")


@pytest.mark.parametrize(
    ("documents", "sources", "limit", "words"),
    [
        (1, None, 9, "minimum of 1 documents; expected at least 2"),
        (5, 0, 9, "minimum of 0 sources; expected 1 or more"),
        (5, None, 0, "limit of 0 terms; expected 1 or more"),
    ],
)
def test_minimums_are_judged(
    prose: SimpleNamespace, documents: int, sources: int | None, limit: int, words: str
) -> None:
    """A term of one document may be its secret: less than two is refused. The sentence names what is wrong alone."""
    with pytest.raises(VocabError, match=words):
        mine(prose, min_documents=documents, min_sources=sources, limit=limit)


def test_an_edited_list_is_not_written_over(prose: SimpleNamespace, tmp_path: Path) -> None:
    """The same result may stand there already; anything else is left."""
    mined = mine(prose)
    write(mined, tmp_path / "terms.tsv")
    write(mined, tmp_path / "terms.tsv")
    (tmp_path / "terms.tsv").write_text("term\nEBITDA\n")
    with pytest.raises(VocabError, match="edited perhaps"):
        write(mined, tmp_path / "terms.tsv")
    with pytest.raises(VocabError, match="no such folder"):
        write(mined, tmp_path / "none/terms.tsv")


def test_the_command_prints_counts_and_no_term(
    corpus_folder: Path, base_folder: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a certified corpus to a list that `extend` takes; numbers in both forms of output."""
    command = ["mine", str(corpus_folder), "--trust", str(keys / "sign.pub"), "--base", str(base_folder)]
    assert main([*command, "--out", str(tmp_path / "terms.tsv"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    lines = (tmp_path / "terms.tsv").read_text("utf-8").splitlines()[1:]
    assert result["written"] == len(lines) > 0
    assert result["considered"] == result["written"] + sum(result["refused"].values())
    assert (result["documents"], result["sources"]) == (120, 1)
    assert main([*command, "--out", str(tmp_path / "terms.tsv")]) == 0
    printed = capsys.readouterr().out
    assert "personal data" in printed
    assert not any(line.split("\t")[0] in printed for line in lines)
    extend = ["extend", str(base_folder), "--corpus", str(corpus_folder), "--trust", str(keys / "sign.pub")]
    assert main([*extend, "--terms", str(tmp_path / "terms.tsv"), "--out", str(tmp_path / "tokenizer")]) == 0


def test_what_does_not_verify_is_not_mined(
    corpus_folder: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    corpus_writer: Callable[..., Path],
) -> None:  # fmt: skip
    """Unsigned, revoked and certified for another purpose: exit 1; without a key or with a wrong number: exit 2."""
    out = ["--out", str(tmp_path / "terms.tsv")]
    trust = ["--trust", str(keys / "sign.pub")]
    shutil.copytree(corpus_folder, tmp_path / "draft")
    (tmp_path / "draft/attestation.json").unlink()
    assert main(["mine", str(tmp_path / "draft"), *trust, *out]) == 1
    revoke(corpus_folder, load_private(keys / "sign.pem"), "withdrawn", tmp_path / "list.json", datetime.now(UTC))
    assert main(["mine", str(corpus_folder), *trust, "--revocations", str(tmp_path / "list.json"), *out]) == 1
    other = corpus_writer(tmp_path / "other", {"documents": [("금리", "ko")]}, keys, allowed=["evaluate"])
    assert main(["mine", str(other), *trust, *out]) == 1
    assert main(["mine", str(corpus_folder), *out]) == 2
    assert main(["mine", str(corpus_folder), *trust, "--min-documents", "1", *out]) == 2
    assert not (tmp_path / "terms.tsv").exists()
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    ("file", "share", "expected", "unwanted"),
    [
        (
            "text_en/fed_speeches_en",
            120,
            ("monetary policy", "federal funds rate", "securitization"),
            ("Greenspan", "mr"),
        ),
        ("text_ko/kr_statutes_finance_ko", 60, ("금융위원회", "채무자"), ("경우", "해당", "제출하여야")),
    ],
)
def test_real_text_gives_finance_terms(
    tmp_path: Path, keys: Path, corpus_writer: Callable[..., Path], file: str, share: int,
    expected: tuple[str, ...], unwanted: tuple[str, ...],
) -> None:  # fmt: skip
    """Of speeches and statutes the first hundred hold what they speak of, and neither speakers nor filler."""
    frame = pl.read_parquet(DATA / f"{file}.parquet").gather_every(716 // share if "speeches" in file else 3)
    documents = [(text, file[5:7]) for text in frame["text"]]
    folder = corpus_writer(tmp_path / "corpus", {"documents": documents, "held-out": documents[:1]}, keys)
    command = ["mine", str(folder), "--trust", str(keys / "sign.pub"), "--out", str(tmp_path / "terms.tsv")]
    base = DATA / "tokenizers" / ("whisper_gpt2" if "speeches" in file else "whisper_multilingual")
    assert main([*command, "--base", str(base), "--limit", "100"]) == 0
    found = [line.split("\t")[0] for line in (tmp_path / "terms.tsv").read_text("utf-8").splitlines()[1:]]
    assert len(found) == 100
    assert set(expected) <= set(found)
    assert not set(unwanted) & set(found)


def test_every_form_of_a_masking_tag_is_a_tag_and_markup_is_none():
    """Numbered, redacted and pseudonym tags stand for a value; `<b>` and `<DIV>` break the text."""
    from vocab.words import TAG, pieces

    for tag in ("<PERSON_1>", "<PERSON>", "<KR_RRN>", "<PHONE_NUMBER_abcdefghijkl>"):
        assert TAG in pieces(f"만기 {tag} 금리")
    for markup in ("<b>", "<DIV>", "</p>"):
        assert TAG not in pieces(f"만기 {markup} 금리")

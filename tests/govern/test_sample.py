"""The synthetic sample: same bytes, true labels, every type, both languages, dirt outside the labels."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern import corpus, sample
from govern.draw import Draw
from govern.errors import InputError
from govern.policy import ENTITY_TYPES
from govern.sample import Label, generate, write
from govern.samples import dirt, identifiers, pages, values

ROOT = Path(__file__).parents[2]
TYPES = set(ENTITY_TYPES)
DASHES = str.maketrans({"–": "-", "‑": "-", **{chr(ord("０") + digit): str(digit) for digit in range(10)}})
SHAPES = {
    "EMAIL_ADDRESS": r"[a-z.]+[._+-]?[a-z0-9]+@[a-z.]*example\.(com|org|net)",
    "PHONE_NUMBER": r"[+(]?\d[\d ().-]{8,18}",
    "CREDIT_CARD": r"\d[\d -]{13,18}",
    "IBAN_CODE": r"[A-Z]{2}\d\d[A-Z0-9 ]{14,26}",
    "IP_ADDRESS": r"\d+\.\d+\.\d+\.\d+|2001:db8:[0-9a-f]+::[0-9a-f]+",
    "US_SSN": r"\d{3}[- ]\d{2}[- ]\d{4}",
    "US_ITIN": r"9\d{2}[- ]\d{2}[- ]\d{4}",
    "US_PASSPORT": r"[A-Z0-9]\d{8}",
    "US_BANK_NUMBER": r"\d{9,12}",
    "UK_NINO": r"(?!GB|NT|ZZ|BG|KN|NK|TN)[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[ABCD]",
    "CRYPTO": r"[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1q[a-z0-9]{38}",
    "DATE_OF_BIRTH": r"[\w, ./-]{6,18}",
    "KR_RRN": r"\d{6}(?: - |-)?[1-4]\d{6}",
    "KR_FRN": r"\d{6}(?: - |-)?[5-8]\d{6}",
    "KR_BRN": r"\d{3}-?\d{2}-?\d{5}",
    "KR_PASSPORT": r"[MSR](?:\d{8}|\d{3}[A-Z]\d{4})",
    "KR_DRIVER_LICENSE": r"\d\d[- ]\d\d[- ]\d{6}[- ]\d\d",
    "KR_BANK_ACCOUNT": r"\d[\d -]{9,17}\d",
    "ABA_ROUTING_NUMBER": r"[0-3]\d{8}",
    "API_KEY": r"(?:AKIA|ghp_|AIza|sk_test_|xoxb-)[\w-]*EXAMPLE[\w-]*|eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{43}",
    "CARD_SECURITY_CODE": r"\d{3,4}",
    "CUSTOMER_ID": r"(?:C-?|CUST-|CIF)?\d{6,10}|\d{4}-\d{6}",
    "KR_ADDRESS": r"[가-힣].+(?:[로길] ?\d|[동리] \d).*",
    "KR_CI_DI": r"[A-Za-z0-9+/]{63}=|[A-Za-z0-9+/]{86}==",
    "KR_CRN": r"\d{6}-\d{7}",
    "KR_HEALTH_INSURANCE": r"[1257]-?\d{10}",
    "KR_VEHICLE_PLATE": r"(?:[가-힣]{2} ?)?\d{2,3}[가-힣] ?\d{4}",
    "MAC_ADDRESS": r"(?i)(?:[\da-f]{2}[:-]){5}[\da-f]{2}|(?:[\da-f]{4}\.){2}[\da-f]{4}",
    "PASSPORT": r"[A-Z0-9]{8,9}",
    "PIN": r"\d{4}|\d{6}",
    "STREET_ADDRESS": r"(?:\d+|P\.O\. Box) .+(?:[A-Z]{2} \d{5}(?:-\d{4})?|\d[A-Z]{2})",
    "SWIFT_CODE": r"[A-Z]{6}[A-Z0-9]{2}(?:XXX|\d{3})?",
    "URL_CREDENTIAL": r"[\w.]+:[\w%!$-]+",
    "US_DRIVER_LICENSE": r"[A-Z]?[\d -]{7,17}",
    "US_EIN": r"\d{2}-\d{7}",
    "PERSON": r"[A-Z][\w .,'-]+|[가-힣]{1,2} ?[가-힣]{1,2}",
}


def read_all(folder):
    """Every document's text by id."""
    texts = {}
    for name in ("notes.jsonl", "letters.jsonl"):
        for line in (folder / name).read_text("utf-8").split("\n")[:-1]:
            row = json.loads(line)
            texts[row["id"]] = row["text"]
    texts.update(pl.read_parquet(folder / "statements.parquet").select("id", "text").iter_rows())
    return texts


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A sample of 400 documents."""
    out = tmp_path_factory.mktemp("sample") / "out"
    return out, write(400, 11, out)


def test_the_folder_holds_the_documents_the_labels_and_a_readme(written):
    """Counts agree with the summary; the labels stand apart from the documents."""
    out, summary = written
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md", "labels", "letters.jsonl", "notes.jsonl", "statements.parquet",
    ]  # fmt: skip
    texts = read_all(out)
    assert summary.documents == len(texts) == 400
    assert summary.characters == sum(map(len, texts.values()))
    labels = [json.loads(line) for line in (out / "labels" / "labels.jsonl").read_text().splitlines()]
    assert Counter(label["entity_type"] for label in labels) == dict(summary.labels)
    assert all(set(label) == {"id", "field", "start", "end", "entity_type"} for label in labels)
    assert {label["id"] for label in labels} == set(texts)
    assert "CC0-1.0" in (out / "README.md").read_text("utf-8")
    assert not out.with_name("out.partial").exists()


def test_written_labels_point_at_what_was_planted(written):
    """In the files as they stand, each label's text has the shape of its type."""
    out, _ = written
    texts = read_all(out)
    for line in (out / "labels" / "labels.jsonl").read_text().splitlines():
        label = json.loads(line)
        value = texts[label["id"]][label["start"] : label["end"]].translate(DASHES)
        assert re.fullmatch(SHAPES[label["entity_type"]], value), label["entity_type"]


def test_the_corpus_reader_takes_the_folder(written):
    """All documents are read, the labels are not taken for documents, and `branch` is a column of the input."""
    out, _ = written
    found = corpus.read([out])
    assert found.documents == 400
    assert all(set(file.columns) == {"id", "text", "lang", "kind", "branch"} for file in found.files)


def test_the_same_numbers_give_the_same_bytes_whatever_the_threads(tmp_path):
    """Another process with other hash seed and threads writes the very same files."""
    code = "import sys; from pathlib import Path; from govern.sample import write; write(120, 3, Path(sys.argv[1]))"
    for name, threads, seed in (("one", "1", "1"), ("two", "4", "2")):
        environment = dict(os.environ, POLARS_MAX_THREADS=threads, PYTHONHASHSEED=seed, PYTHONPATH=str(ROOT))
        subprocess.run([sys.executable, "-c", code, str(tmp_path / name)], check=True, env=environment, cwd=tmp_path)
    files = [path for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 5
    for path in files:
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_another_seed_gives_other_texts():
    """No document is shared between two seeds."""
    one, two = ({document.text for document, _ in generate(60, seed)} for seed in (1, 2))
    assert not one & two


def test_a_document_depends_on_the_seed_and_its_number_only():
    """The first documents of a larger sample are those of a smaller one."""
    assert list(generate(40, 5)) == list(generate(90, 5))[:40]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**40))
def test_every_seed_keeps_the_promises(seed):
    """200 documents: every type, half and half, lengths in bounds, labels sorted, apart and of the right shape."""
    documents = [document for document, _ in generate(200, seed)]
    assert {label.entity_type for document in documents for label in document.labels} == TYPES
    assert Counter(document.lang for document in documents) == {"en": 100, "ko": 100}
    assert {document.kind for document in documents} == set(sample.KINDS)
    assert len({document.id for document in documents}) == 200
    for document in documents:
        assert 200 <= len(document.text) <= 4000
        assert len(document.labels) >= 2
        assert all(one.end <= two.start for one, two in pairwise(document.labels))
        for label in document.labels:
            value = document.text[label.start : label.end].translate(DASHES)
            assert re.fullmatch(SHAPES[label.entity_type], value), (label.entity_type, value)


def test_dirt_is_a_few_percent_of_each_kind_and_never_moves_a_label():
    """The labels of a dirty document read as those of the clean one."""
    kinds = Counter()
    for number, (document, kind) in enumerate(generate(3000, 21)):
        kinds[kind] += 1
        if kind in dirt.KINDS:
            lang, sort, featured = sample._plan(number)
            clean = pages.compose(Draw(f"assay-sample/1/21/{number}"), lang, sort, featured)
            assert document.text != clean.text
            planted = [(clean.text[label.start : label.end], label.entity_type) for label in clean.labels]
            assert [(document.text[label.start : label.end], label.entity_type) for label in document.labels] == planted
    assert set(kinds) == {"", "duplicate", *dirt.KINDS}
    assert 2700 <= kinds[""] <= 2850
    assert all(15 <= kinds[kind] <= 100 for kind in ("duplicate", *dirt.KINDS))


def test_duplicates_are_exact_and_nothing_else_repeats():
    """Each duplicate has the text of an earlier document; all others are unique."""
    seen, repeated = set(), 0
    for document, kind in generate(2000, 8):
        assert (document.text in seen) == (kind == "duplicate")
        repeated += kind == "duplicate"
        seen.add(document.text)
    assert repeated > 10


def test_mojibake_is_utf_8_read_as_latin_1():
    """Undoing it gives the clean text back."""
    text = "고객 김민준 님의 잔액은 1,000원입니다."
    soiled, labels = dirt.soil(Draw("x"), "ko", "mojibake", text, (Label(3, 6, "PERSON"),))
    assert soiled[labels[0].start : labels[0].end] == "김민준"
    after = soiled[labels[0].end :]
    assert after.encode("latin-1").decode("utf-8") == text[6:]
    assert dirt.soil(Draw("x"), "en", "mojibake", "plain", ()) is None


@settings(max_examples=200, deadline=None)
@given(st.text(), st.data())
def test_edits_between_labels_move_them_and_leave_their_text(text, data):
    """For any text, labels and insertions outside of them."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    labels = tuple(Label(start, end, "PERSON") for start, end in zip(cuts[::2], cuts[1::2], strict=False))
    outside = [at for at in range(len(text) + 1) if not any(label.start < at < label.end for label in labels)]
    places = sorted(data.draw(st.sets(st.sampled_from(outside), max_size=6)))
    edits = [(at, at, data.draw(st.text(max_size=3))) for at in places]
    edited, moved = dirt._apply(text, labels, edits)
    assert len(edited) == len(text) + sum(len(new) for _, _, new in edits)
    assert [edited[label.start : label.end] for label in moved] == [text[label.start : label.end] for label in labels]


def test_korean_particles_fit_the_sound_before_them():
    """After a consonant, a vowel, ㄹ, digits and letters."""
    cases = [
        ("은", "김민준", "은"), ("은", "박지우", "는"), ("이", "최다은", "이"), ("을", "값", "을"), ("과", "회사", "와"),
        ("으로", "서울", "로"), ("으로", "부산", "으로"), ("으로", "번호 1", "로"), ("으로", "010-3", "으로"),
        ("으로", "a@example.com", "으로"), ("으로", "이메일", "로"), ("을", "123-4", "를"), ("으로", "１", "로"),
        ("은", "(NIM)", "은"),
    ]  # fmt: skip
    assert [pages.particle(name, before) for name, before, _ in cases] == [expected for _, _, expected in cases]


def test_check_digits_are_those_of_published_numbers():
    """Card, IBAN, LEI, CUSIP, ISIN, SEDOL, business registration number, witness address (BIP 173)."""
    assert values.luhn("411111111111111") == "1"
    assert values.mod97("WEST12345698765432GB82") == 1
    assert values.mod97("213800KUD8LAJWSQ9D15") == 1
    assert values.cusip_check("03783310") == "0"
    assert values.luhn("3028037833100") == "5"  # US0378331005, letters as numbers
    assert values.sedol_check("026349") == "4"
    assert values.brn_check("116820027") == "6"
    program = bytes.fromhex("751e76e8199196d454941c45d1b3a323f1433bd6")
    assert values.segwit(program) == "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=8))
def test_values_pass_the_validators_of_presidio(seed):
    """Cards, IBAN, wallets and Korean registration numbers, as another package checks them."""
    from presidio_analyzer.predefined_recognizers import (
        CreditCardRecognizer,
        CryptoRecognizer,
        IbanRecognizer,
        KrRrnRecognizer,
    )

    draw = Draw(seed)
    assert CreditCardRecognizer().validate_result(values.card(draw))
    assert IbanRecognizer().validate_result(values.iban(draw))
    assert CryptoRecognizer().validate_result(values.crypto(draw))
    number = values.kr_rrn(draw).replace(" ", "")
    assert int(number[:2]) in range(21, 25) or KrRrnRecognizer().validate_result(number)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=8))
def test_values_pass_the_validators_of_stdnum(seed):
    """Routing and employer numbers, bank codes, instruments, as another package checks them."""
    from stdnum import bic, figi, isin, lei
    from stdnum.us import ein, rtn

    draw = Draw(seed)
    assert rtn.is_valid(identifiers.aba_routing(draw))
    assert ein.is_valid(identifiers.us_ein(draw))
    assert bic.is_valid(identifiers.swift(draw))
    assert figi.is_valid(identifiers.figi(draw))
    assert isin.is_valid(values.isin(draw))
    assert lei.is_valid(values.lei(draw))


def test_a_corporate_registration_number_has_the_check_digit_of_the_register():
    """Worked by hand: 1·1 + 1·2 + 0·1 + 1·2 + 1·1 + 1·2 + 1·1 + 2·2 + 3·1 + 4·2 + 5·1 + 6·2 = 41, so 9."""
    assert identifiers.crn_check("110111123456") == "9"


def test_a_variant_of_a_template_draws_that_form():
    """The Japanese passport is two letters and seven digits, the DI of 64 characters."""
    page = pages._Page(Draw("variant"), "ko", "chat", "PERSON")
    for slot, variant, shape in (("PASSPORT", "jp", r"[A-Z]{2}\d{7}"), ("KR_CI_DI", "di", r"MC0G.{59}=")):
        page.plant(slot, variant)
        assert re.fullmatch(shape, page.parts[-1])


def test_an_output_folder_in_use_is_refused_and_left_alone(tmp_path):
    """The sentence names the folder; its content stays."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        write(10, 1, out)
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine.txt"]
    with pytest.raises(InputError, match="not an empty folder"):
        write(10, 1, out / "mine.txt")


def test_an_empty_folder_and_the_remains_of_a_killed_run_are_taken_over(tmp_path):
    """The same command again finishes; files of another hand are never removed."""
    out, partial = tmp_path / "out", tmp_path / "out.partial"
    out.mkdir()
    partial.mkdir()
    (partial / "notes.jsonl").write_text("half")
    write(10, 1, out)
    assert (out / "notes.jsonl").read_text() != "half"
    partial = tmp_path / "other.partial"
    partial.mkdir()
    (partial / "theirs").touch()
    with pytest.raises(InputError, match="theirs"):
        write(10, 1, tmp_path / "other")
    assert (partial / "theirs").exists()


@pytest.mark.parametrize("documents", [0, -1])
def test_fewer_than_one_document_is_refused(tmp_path, documents):
    """Nothing is written."""
    with pytest.raises(InputError, match="at least 1"):
        write(documents, 1, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_single_document_is_a_corpus(tmp_path):
    """Empty files are left out, so the reader takes what is there."""
    summary = write(1, 1, tmp_path / "out")
    assert summary.files == ("notes.jsonl",)
    assert corpus.read([tmp_path / "out"]).documents == 1

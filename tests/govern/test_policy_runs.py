"""Runs under policies of every kind: what is published, what the certificate says, what a bad policy leaves behind."""

import json
from pathlib import Path

import polars as pl
import pytest

from govern import cli
from govern.files import list_files
from govern.keys import generate
from govern.policy import ENTITY_TYPES
from govern.vault.keys import generate as generate_vault_keys

PERSON, NUMBER, MAIL, CARD, RESIDENT = (
    "홍가나리",
    "010-9876-1234",
    "canary.zebra@example.com",
    "4111 1111 1111 1111",
    "900101-1234568",
)
CANARIES = (
    PERSON,
    NUMBER,
    "01098761234",
    MAIL,
    "canary.zebra",
    CARD,
    "4111111111111111",
    RESIDENT,
    "9001011234568",
    "C-77120",
)
TEXT = (
    f"{{0}}번 상담. 고객명: {PERSON}\n연락처 {NUMBER}번으로 연락 바랍니다. 이메일은 {MAIL}으로 주세요. "
    f"주민등록번호 {RESIDENT}입니다.\n"
    f"카드 {CARD}로 결제했습니다. 생년월일: 1985년 3월 2일. 금리는 3.5%입니다."
)
ALL = """
[entities]
PERSON = "surrogate"
EMAIL_ADDRESS = "surrogate"
PHONE_NUMBER = "pseudonym"
CREDIT_CARD = "redact"
DATE_OF_BIRTH = "generalise"
KR_RRN = "encrypt"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys, holders of a vault, and calls of one customer beside public filings."""
    folder = tmp_path_factory.mktemp("home")
    generate(folder / "keys")
    generate_vault_keys(folder / "holders")
    raw = folder / "raw"
    raw.mkdir()
    write(
        raw / "calls.jsonl",
        [{"id": f"c{number}", "text": TEXT.format(number), "customer": "C-77120"} for number in range(12)],
    )
    write(
        raw / "filings.jsonl",
        [{"id": f"f{number}", "text": f"Filing {number}. Signed: Mr. John Smith, Director."} for number in range(6)],
    )
    return folder


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def policy(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text('name = "mine"\n' + text, "utf-8")
    return path


def certify(home: Path, out: Path, text: str, *more: str, inputs: str = "raw") -> int:
    out.parent.mkdir(exist_ok=True)
    secret = ("--secret", str(home / "keys" / "secret.key"), "--workers", "1")
    return cli.main(
        ["certify", str(home / inputs), "--out", str(out), "--policy", str(policy(out.parent, text)), *secret, *more]
    )


def texts(out: Path) -> list[str]:
    return pl.concat([pl.read_parquet(path) for path in sorted((out / "documents").glob("*.parquet"))])[
        "text"
    ].to_list()


def privacy(out: Path) -> dict:
    return json.loads((out / "certificate.json").read_bytes())["privacy"]


def vault(home: Path, folder: Path, domain: str = "default") -> Path:
    path = folder / "the.vault"
    holders = home / "holders"
    keys = ("--vault-key", str(holders / "vault.key"), "--second-pub", str(holders / "second.pub"))
    assert cli.main(["vault", "init", "--out", str(path), *keys, "--domain", domain]) == 0
    return path


def test_every_operator_in_one_run(home: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The corpus verifies, nothing is left by the scan, the certificate says how, and no file or line holds a value."""
    holders, out = home / "holders", tmp_path / "run" / "corpus"
    sealed = vault(home, tmp_path)
    more = (
        "--vault",
        str(sealed),
        "--vault-key",
        str(holders / "vault.key"),
        "--sign-key",
        str(home / "keys" / "sign.pem"),
    )
    assert certify(home, out, ALL, *more) == 0
    assert cli.main(["verify", str(out), "--trust", str(home / "keys" / "sign.pub")]) == 0
    call = next(text for text in texts(out) if text.startswith("0번 상담"))
    assert "카드 <CREDIT_CARD>로" in call
    assert "생년월일: 1980/1989." in call
    assert "금리는 3.5%입니다." in call
    assert "<PHONE_NUMBER_" in call
    said = privacy(out)
    assert said["regression_scan"]["spans_left"] == 0
    assert said["pseudonyms"]["domain"] == "default"
    assert said["pseudonyms"]["surrogate_names"]["surrogates"] == 2
    assert {(row["entity_type"], row["action"]) for row in said["entities"]} == {
        ("PERSON", "surrogate"), ("EMAIL_ADDRESS", "surrogate"), ("PHONE_NUMBER", "pseudonym"), ("CREDIT_CARD", "redact"),
        ("DATE_OF_BIRTH", "generalise"), ("KR_RRN", "encrypt"),
    }  # fmt: skip
    shown = "".join(capfd.readouterr())
    private = out.with_name("corpus.private")
    for canary in CANARIES:
        assert canary not in shown
        for folder in (out, private, tmp_path):
            for name in list_files(folder):
                data = (folder / name).read_bytes()
                frames = str(pl.read_parquet(folder / name).rows()) if name.endswith(".parquet") else ""
                assert canary.encode() not in data, name
                assert canary not in frames, name


def test_what_is_encrypted_comes_back_with_two_keys(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reference in the text leads to what stood there; the segments of the run are gone."""
    holders, out = home / "holders", tmp_path / "run" / "corpus"
    sealed = vault(home, tmp_path)
    more = ("--vault", str(sealed), "--vault-key", str(holders / "vault.key"))
    assert certify(home, out, '[entities]\nKR_RRN = "encrypt"\n', *more) == 0
    text = next(text for text in texts(out) if "<KR_RRN_" in text)
    start = text.index("<KR_RRN_")
    capsys.readouterr()
    keys = ("--vault-key", str(holders / "vault.key"), "--second-key", str(holders / "second.pem"))
    told = ("--reason", "complaint 17", "--ledger", str(tmp_path / "ledger"))
    assert (
        cli.main(
            ["vault", "reveal", str(sealed), "--reference", text[start : text.index(">", start) + 1], *keys, *told]
        )
        == 0
    )
    assert capsys.readouterr().out.strip() == RESIDENT
    assert list((tmp_path / "run" / "corpus.private" / "segments").iterdir()) == []


@pytest.mark.parametrize(
    ("domain", "text", "flags", "words"),
    [
        (
            "default",
            '[entities]\nKR_RRN = "encrypt"\n',
            False,
            "encrypts KR_RRN, and no vault came; give --vault and --vault-key",
        ),
        ("other", '[entities]\nKR_RRN = "encrypt"\n', True, "is the vault of domain 'other', expected 'default'"),
        ("default", "", True, "encrypts nothing; leave it out"),
    ],
)
def test_a_vault_that_does_not_fit_is_refused_before_the_work(home, tmp_path, capsys, domain, text, flags, words):
    """No vault, another domain's, or one without need: exit 2, and nothing is written."""
    out = tmp_path / "run" / "corpus"
    more = (
        ("--vault", str(vault(home, tmp_path, domain)), "--vault-key", str(home / "holders" / "vault.key"))
        if flags
        else ()
    )
    assert certify(home, out, text, *more) == 2
    assert words in capsys.readouterr().err
    assert [path.name for path in out.parent.iterdir()] == ["policy.toml"]


def test_the_vault_may_not_lie_in_the_run(home, tmp_path, capsys):
    """Its file would ship, or be removed."""
    inside = tmp_path / "run" / "corpus.private"
    inside.mkdir(parents=True)
    more = ("--vault", str(vault(home, inside)), "--vault-key", str(home / "holders" / "vault.key"))
    assert certify(home, tmp_path / "run" / "corpus", '[entities]\nKR_RRN = "encrypt"\n', *more) == 2
    assert "lies inside a folder of this run" in capsys.readouterr().err


def test_persons_in_public_filings_stay_with_the_reason(home, tmp_path):
    """A source has actions of its own; elsewhere the policy's hold, and the certificate says why."""
    out = tmp_path / "run" / "corpus"
    source = (
        '[[sources]]\nmatch = "filings*"\nname = "filings"\nreason = "public filings"\nentities = { PERSON = "keep" }\n'
    )
    assert certify(home, out, source) == 0
    assert sum("Mr. John Smith" in text for text in texts(out)) == 6
    assert sum("<PERSON_1>" in text for text in texts(out)) == 12
    said = json.loads((out / "certificate.json").read_bytes())
    declared = next(row for row in said["sources"] if row["name"] == "filings")
    assert (declared["reason"], declared["entities"]) == ("public filings", {"PERSON": "keep"})
    rows = {(row["entity_type"], row["lang"], row["action"]): row["spans"] for row in said["privacy"]["entities"]}
    assert said["non_claims"][-1] == "Not replaced, as the policy says: PERSON in source filings."
    assert rows["PERSON", "en", "keep"] == 6
    assert rows["PERSON", "ko", "tag"] == 12
    assert said["privacy"]["regression_scan"]["spans_left"] == 0


def test_a_kept_value_never_covers_one_that_is_masked(home, tmp_path):
    """A kept registration number beside an address, a kept name inside a mail address and a credential."""
    raw = tmp_path / "raw"
    raw.mkdir()
    lines = [
        "등록번호 124-81-00998 부산광역시 해운대구 우동 1408 101동 202호 로 안내문을 보냈으나 "
        "반송되었습니다. 다시 확인이 필요합니다.",
        "John Testperson wrote from john.testperson@example.com about "
        "https://john.testperson:secretpw1@host and the loan of last year.",
    ]
    write(raw / "a.jsonl", [{"id": str(number), "text": text} for number, text in enumerate(lines)])
    master = tmp_path / "master.csv"
    master.write_text("name\nJohn Testperson\n", "utf-8")
    known = tmp_path / "bank.known"
    secret = ("--secret", str(home / "keys" / "secret.key"))
    assert cli.main(["known", "build", str(master), "--columns", "name=PERSON", *secret, "--out", str(known)]) == 0
    out = tmp_path / "run" / "corpus"
    assert (
        certify(
            home, out, f'[entities]\nKR_BRN = "keep"\nPERSON = "keep"\n[known]\ntable = "{known}"\n', inputs=str(raw)
        )
        == 0
    )
    whole = "\n".join(texts(out))
    for leak in ("우동 1408", "202호", "@example.com", "secretpw1", "john.testperson"):
        assert leak not in whole
    assert "John Testperson wrote" in whole


def test_a_denied_value_passes_in_no_source_that_keeps_its_type(home, tmp_path):
    """It gets a tag where its type is kept; where its type is off, the policy is refused."""
    lists, secret = tmp_path / "lists.toml", str(home / "keys" / "secret.key")
    (tmp_path / "value").write_text("John Smith", "utf-8")
    entry = (
        "--entity-type",
        "PERSON",
        "--value-from",
        str(tmp_path / "value"),
        "--reason",
        "leaked",
        "--owner",
        "office",
    )
    assert cli.main(["policy", "deny", str(lists), *entry, "--expires", "2999-12-31", "--secret", secret]) == 0
    source = '[[sources]]\nmatch = "filings*"\nname = "filings"\nreason = "public"\nentities = { PERSON = "keep" }\n'
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, f'lists = "{lists}"\n{source}') == 0
    assert all("John Smith" not in text for text in texts(out))
    off = tmp_path / "off" / "corpus"
    assert certify(home, off, f'lists = "{lists}"\n[entities]\nPERSON = "off"\n') == 2


def test_a_tag_of_the_highest_number_in_the_text_costs_nothing(home, tmp_path):
    """Others are numbered past those that stand there."""
    raw = tmp_path / "raw"
    raw.mkdir()
    text = (
        "<PHONE_NUMBER_999999> and <PHONE_NUMBER_1> and the caller asked to be called back at 010-1234-5678 next week"
    )
    write(raw / "a.jsonl", [{"id": "1", "text": text}])
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, "", inputs=str(raw)) == 0
    assert texts(out) == [text.replace("010-1234-5678", "<PHONE_NUMBER_2>")]


def test_a_refused_run_puts_nothing_into_the_vault(home, tmp_path, capsys):
    """What was not certified needs no way back."""
    raw = tmp_path / "raw"
    raw.mkdir()
    write(raw / "a.jsonl", [{"id": "1", "text": f"주민등록번호 {RESIDENT}"}])
    sealed = vault(home, tmp_path)
    more = ("--vault", str(sealed), "--vault-key", str(home / "holders" / "vault.key"))
    assert certify(home, tmp_path / "run" / "corpus", '[entities]\nKR_RRN = "encrypt"\n', *more, inputs=str(raw)) == 1
    capsys.readouterr()
    assert cli.main(["vault", "show", str(sealed)]) == 0
    assert "0 entries" in capsys.readouterr().out


def test_a_source_of_its_own_actions_without_a_file_is_refused(home, tmp_path, capsys):
    """A slip in a pattern would turn a stricter action off."""
    source = '[[sources]]\nmatch = "Filings*"\nname = "filings"\nreason = "r"\nentities = { PERSON = "redact" }\n'
    assert certify(home, tmp_path / "run" / "corpus", source) == 2
    assert "no input file matches 'Filings*'" in capsys.readouterr().err


def test_a_file_of_two_sources_is_refused(home, tmp_path, capsys):
    """Neither is chosen for the other."""
    two = '[[sources]]\nmatch = "calls*"\nname = "a"\n[[sources]]\nmatch = "*.jsonl"\nname = "b"\n'
    assert certify(home, tmp_path / "run" / "corpus", two) == 2
    assert "one input file matches the sources 'calls*' and '*.jsonl'" in capsys.readouterr().err
    assert not (tmp_path / "run" / "corpus.private").exists()


def test_the_same_number_has_the_same_pseudonym_in_two_corpora_of_a_domain(home, tmp_path):
    """And another one in another domain, under another key id."""
    found = {}
    for name, domain in (("a", "bank"), ("b", "bank"), ("c", "other")):
        out = tmp_path / name / "corpus"
        assert certify(home, out, f'[entities]\nPHONE_NUMBER = "pseudonym"\n[pseudonyms]\ndomain = "{domain}"\n') == 0
        text = next(text for text in texts(out) if "<PHONE_NUMBER_" in text)
        start = text.index("<PHONE_NUMBER_")
        found[name] = text[start : text.index(">", start)], privacy(out)["pseudonyms"]["domain_key_id"]
    assert found["a"] == found["b"]
    assert found["a"][0] != found["c"][0]
    assert found["a"][1] != found["c"][1]


def test_an_allowed_value_stays_and_a_denied_one_never_passes(home, tmp_path, capsys):
    """Both are counted in the certificate; the scan leaves the one alone."""
    lists, secret = tmp_path / "lists.toml", str(home / "keys" / "secret.key")
    for command, kind, value in (("allow", "PHONE_NUMBER", "０１０ 9876 1234"), ("deny", "PERSON", "3.5%")):
        (tmp_path / "value").write_text(value, "utf-8")
        entry = (
            "--entity-type",
            kind,
            "--value-from",
            str(tmp_path / "value"),
            "--reason",
            "test",
            "--owner",
            "office",
        )
        assert cli.main(["policy", command, str(lists), *entry, "--expires", "2999-12-31", "--secret", secret]) == 0
    assert NUMBER not in lists.read_text("utf-8")
    assert "3.5" not in lists.read_text("utf-8")
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, f'lists = "{lists}"\n') == 0
    call = next(text for text in texts(out) if "번 상담" in text)
    assert NUMBER in call
    assert "금리는 <PERSON_" in call
    said = privacy(out)
    assert (said["lists"]["allow"], said["lists"]["deny"]) == (1, 1)
    assert {row["action"] for row in said["entities"] if row["entity_type"] == "PHONE_NUMBER"} == {"allowed"}
    assert said["regression_scan"]["spans_left"] == 0


def test_an_entry_that_is_over_stops_a_run(home, tmp_path, capsys):
    """Exit 2, with the owner who can renew it, and nothing is written."""
    from datetime import date

    from govern import lists as made

    lists, secret = tmp_path / "lists.toml", (home / "keys" / "secret.key").read_bytes()
    over = made.Entry(entity_type="PHONE_NUMBER", reason="r", owner="call centre", expires=date(2020, 1, 31))
    made.add(lists, [made.allow(over, "1588-0000", secret)])
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, f'lists = "{lists}"\n') == 2
    assert "allow entry 1 (PHONE_NUMBER, owner call centre) held until 2020-01-31" in capsys.readouterr().err
    assert [path.name for path in out.parent.iterdir()] == ["policy.toml"]


def test_values_of_a_column_are_found_in_the_text_of_their_document(tmp_path, home):
    """A name that no rule finds, written with a particle; the column itself is not published."""
    raw = home / "columns"
    raw.mkdir(exist_ok=True)
    write(
        raw / "a.jsonl",
        [
            {"id": f"{number}", "who": "구름하늘", "text": f"{number}번 메모: 구름하늘은 만기 연장을 원함"}
            for number in range(8)
        ],
    )
    columns = '[columns]\nwho = { role = "known", entity_type = "PERSON" }\n'
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, columns, inputs="columns") == 0
    assert all("메모: <PERSON_1>은 만기" in text for text in texts(out))
    assert pl.read_parquet(out / "documents" / "part-00000.parquet").columns == ["id", "text", "lang", "source"]


def test_known_values_are_found_everywhere_or_by_join(home, tmp_path):
    """A customer's name in his own documents; counted by what became of the join."""
    master = tmp_path / "master.csv"
    master.write_text("id,name\nC-77120,구름하늘\nC-2,바람노을\n", "utf-8")
    known = tmp_path / "bank.known"
    secret = ("--secret", str(home / "keys" / "secret.key"))
    assert (
        cli.main(
            ["known", "build", str(master), "--columns", "name=PERSON", "--key", "id", *secret, "--out", str(known)]
        )
        == 0
    )
    raw = tmp_path / "raw"
    raw.mkdir()
    rows = [
        {"id": "1", "customer": "C-77120"},
        {"id": "2", "customer": "C-2"},
        {"id": "3", "customer": "C-9"},
        {"id": "4"},
    ]
    write(raw / "a.jsonl", [{**row, "text": f"{row['id']}번 메모: 구름하늘은 만기 연장을 원함"} for row in rows])
    table = f'[known]\ntable = "{known}"\nsearch = "{{0}}"\n'
    join = '[columns]\ncustomer = { role = "join-key" }\n'
    everywhere, joined = tmp_path / "a" / "corpus", tmp_path / "b" / "corpus"
    assert certify(home, everywhere, table.format("everywhere"), inputs=str(raw)) == 0
    assert sum("<PERSON_1>은" in text for text in texts(everywhere)) == 4
    assert certify(home, joined, table.format("join") + join, inputs=str(raw)) == 0
    assert [("<PERSON_1>은" in text) for text in sorted(texts(joined))] == [True, False, False, False]
    assert privacy(joined)["joins"] == {"joined": 2, "no_row": 1, "no_key": 1}
    assert (privacy(joined)["known"]["customers"], privacy(joined)["known"]["search"]) == (2, "join")


def test_a_known_number_is_found_where_it_is_spelled(home, tmp_path):
    """No rule knows the form of a branch's own numbers; the table does."""
    master = tmp_path / "master.csv"
    master.write_text("number\n771204418\n", "utf-8")
    known = tmp_path / "bank.known"
    secret = ("--secret", str(home / "keys" / "secret.key"))
    assert (
        cli.main(["known", "build", str(master), "--columns", "number=CUSTOMER_ID", *secret, "--out", str(known)]) == 0
    )
    raw = tmp_path / "raw"
    raw.mkdir()
    write(
        raw / "a.jsonl",
        [
            {
                "id": "1",
                "text": "만기 연장을 원하는 고객의 메모 칠칠일이공사사일팔 그리고 771-204-418 그리고 ７７１２０４４１８",
            }
        ],
    )
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, f'[known]\ntable = "{known}"\n', inputs=str(raw)) == 0
    assert texts(out) == [
        "만기 연장을 원하는 고객의 메모 <CUSTOMER_ID_1> 그리고 <CUSTOMER_ID_1> 그리고 <CUSTOMER_ID_1>"
    ]


MASKED = "전화 010-9876-1234 카드 4111 1111 1111 1111"
WAIVER = '[[waivers]]\nid = "{0}"\nwho = "model risk"\nwhy = "forms <are> fields"\nuntil = {1}\n'


def test_a_waived_rule_does_not_block_and_stands_in_the_certificate(home, tmp_path, capsys):
    """Without the waiver the same corpus is refused; the rule is said to have failed."""
    raw = tmp_path / "raw"
    raw.mkdir()
    write(raw / "a.jsonl", [{"id": "1", "text": MASKED}])
    assert certify(home, tmp_path / "a" / "corpus", "", inputs=str(raw)) == 1
    assert "rule not-mostly-masked" in capsys.readouterr().err
    out = tmp_path / "b" / "corpus"
    assert certify(home, out, WAIVER.format("not-mostly-masked", "2999-01-01"), inputs=str(raw)) == 0
    said = json.loads((out / "certificate.json").read_bytes())
    waiver = {"id": "not-mostly-masked", "who": "model risk", "why": "forms <are> fields", "until": "2999-01-01"}
    assert said["decision"] == {"result": "passed", "waivers": [waiver]}
    assert {"failed"} == {row["status"] for row in said["quality"]["results"] if row["id"] == "not-mostly-masked"}
    assert "Waived: not-mostly-masked, by model risk until 2999-01-01: forms &lt;are&gt; fields" in (
        out / "report.html"
    ).read_text("utf-8")


def test_a_waiver_that_no_rule_needed_stands_nowhere(home, tmp_path):
    """The certificate lists what was waived, not what might have been."""
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, WAIVER.format("not-mostly-masked", "2999-01-01")) == 0
    assert json.loads((out / "certificate.json").read_bytes())["decision"]["waivers"] == []


@pytest.mark.parametrize(
    ("rule", "until", "words"),
    [
        (
            "not-mostly-masked",
            "2020-01-01",
            "the waiver of rule 'not-mostly-masked' (model risk) held until 2020-01-01",
        ),
        ("no-such-rule", "2999-01-01", "suite corpus-default has no such rule"),
        ("no-residual-spans", "2999-01-01", "cannot be waived"),
        ("accounting-adds-up", "2999-01-01", "cannot be waived"),
    ],
)
def test_a_waiver_that_cannot_hold_stops_a_run(home, tmp_path, capsys, rule, until, words):
    """One that is over, of no rule, or of a rule about the run itself."""
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, WAIVER.format(rule, until)) == 2
    assert words in capsys.readouterr().err
    assert [path.name for path in out.parent.iterdir()] == ["policy.toml"]


def test_a_kept_column_is_read_under_its_name(home, tmp_path):
    """What a column holds is said by its heading: halves of a resident number, an account, a PIN, a passport."""
    raw = tmp_path / "raw"
    raw.mkdir()
    row = {
        "성명": "홍길동",
        "주민등록번호": "9601011234567",
        "계좌번호": "110-123-456789",
        "PIN": "4711",
        "date_of_birth": "1985-03-04",
        "cvv": "123",
        "passport number": "M12345678",
        "branch": "Busan Main",
    }
    long = "A long note about the loan of the branch in general, with nothing personal in it at all, number"
    write(raw / "a.jsonl", [{"id": str(number), "text": f"{long} {number}", **row} for number in range(5)])
    out = tmp_path / "run" / "corpus"
    names = ", ".join(f'"{name}"' for name in row)
    assert certify(home, out, f"keep_columns = [{names}]\n", inputs=str(raw)) == 0
    frame = pl.read_parquet(out / "documents" / "part-00000.parquet")
    assert {name: frame[name][0] for name in row} == {
        "성명": "<PERSON_1>",
        "주민등록번호": "<KR_RRN_1>",
        "계좌번호": "<KR_BANK_ACCOUNT_1>",
        "PIN": "<PIN_1>",
        "date_of_birth": "<DATE_OF_BIRTH_1>",
        "cvv": "<CARD_SECURITY_CODE_1>",
        "passport number": "<KR_PASSPORT_1>",
        "branch": "Busan Main",
    }


def test_cleaning_comes_before_masking(home, tmp_path):
    """Hidden characters go, what they hid is found, and the document is what was cleaned."""
    raw = tmp_path / "raw"
    raw.mkdir()
    write(
        raw / "a.jsonl",
        [{"id": f"{number}", "text": f"{number}\u200b. 금리\ufeff 3.5%\r\n끝  \n"} for number in range(5)],
    )
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, 'cleaning = ["hidden", "line-ends", "trailing-blanks"]\n', inputs=str(raw)) == 0
    assert min(texts(out)) == "0. 금리 3.5%\n끝\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[entities]\nPERSON = "partial"\n', 'PERSON = "partial": has no usual partial form'),
        ('[entities]\nPHONE_NUMBER = "generalise"\n', 'PHONE_NUMBER = "generalise": has nothing coarser than itself'),
        ('[entities]\nPIN = "surrogate"\n', 'PIN = "surrogate": has no surrogate'),
        ('[entities]\nPERSONS = "tag"\n', "nothing finds 'PERSONS'"),
        ("[scores]\nPERSONS = 0.5\n", "scores: nothing finds 'PERSONS'"),
        ('[generalise]\ndate_of_birth = "age-band"\n', "add as_of = 2026-01-01"),
        (
            '[[sources]]\nmatch = "a"\nname = "a"\nentities = { PERSON = "keep" }\n',
            "source 'a' has entities of its own and no reason",
        ),
        (
            '[[sources]]\nmatch = "a"\nname = "a"\nreason = "r"\nentities = { PERSON = "off" }\n',
            "use keep in place of off",
        ),
        (
            '[entities]\nCREDIT_CARD = "partial"\n[[sources]]\nmatch = "a"\nname = "a"\nreason = "r"\n'
            'entities = { CREDIT_CARD = "pseudonym" }\n',
            "PCI DSS 3.5.1.1",
        ),
        ('[columns]\nwho = { role = "known" }\n', "a column with role known has an entity_type"),
        ('[columns]\nwho = { role = "join-key" }\n', "a join key goes with known values"),
        ('keep_columns = ["who"]\n[columns]\nwho = { role = "keep" }\n', "stands in keep_columns too"),
        ('cleaning = ["polish"]\n', "cleaning"),
        ("[entities]\n" + "".join(f'{kind} = "keep"\n' for kind in ENTITY_TYPES), "masks nothing"),
        ('lists = "absent.toml"\n', "absent.toml: No such file"),
        ("[retention]\ncorpus_until = 2020-01-01\n", "retention.corpus_until = 2020-01-01 is over"),
        ('[pseudonyms]\ndomain = "a b"\n', "pseudonyms.domain"),
        ('"\\u001b]0;x\\u0007" = 1\n', "unknown key '\\x1b]0;x\\x07'"),
        ("[names]\nrules = false\n", "nothing finds PERSON"),
        ("regex_timeout_s = inf\n", "regex_timeout_s"),
        (f"min_score = {'9' * 5000}\n", "a number too long"),
        ("keep_columns = " + "[" * 20_000, "nested too deeply"),
    ],
)
def test_a_policy_that_cannot_hold_is_a_sentence_and_exit_2(home, tmp_path, capsys, text, words):
    """Before anything is read or written."""
    out = tmp_path / "run" / "corpus"
    assert certify(home, out, text) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "defect" not in error
    assert [path.name for path in out.parent.iterdir()] == ["policy.toml"]


def test_a_secret_of_another_length_is_refused(home, tmp_path, capsys):
    """It would make other pseudonyms than anybody expects."""
    short = tmp_path / "short.key"
    short.write_bytes(b"s" * 31)
    short.chmod(0o600)
    path = policy(tmp_path, '[entities]\nPHONE_NUMBER = "pseudonym"\n')
    assert (
        cli.main(
            ["certify", str(home / "raw"), "--out", str(tmp_path / "c"), "--policy", str(path), "--secret", str(short)]
        )
        == 2
    )
    assert "holds 31 bytes, a secret is exactly 32 raw bytes" in capsys.readouterr().err
    assert not (tmp_path / "c.private").exists()

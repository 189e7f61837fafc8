"""A policy tried on a labelled set: what it masks, what it leaves, and what a change does to both."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern import cli, policy, trial
from govern.errors import InputError
from govern.sources import Columns
from govern.treatment import prepare
from govern.trial import Label, Score, wilson

LINES = [
    {"id": "a", "text": "Mr. John Smith, 010-1234-5678"},
    {"id": "b", "text": "성명: 이영희 a@b.com"},
    {"id": "c", "text": "Nothing here but 1,300원"},
]
LABELS = [
    {"id": "a", "field": "text", "start": 4, "end": 14, "entity_type": "PERSON"},
    {"id": "a", "field": "text", "start": 16, "end": 29, "entity_type": "PHONE_NUMBER"},
    {"id": "b", "field": "text", "start": 4, "end": 7, "entity_type": "PERSON"},
    {"id": "c", "field": "text", "start": 0, "end": 7, "entity_type": "PERSON"},
]


@pytest.fixture
def sample(tmp_path):
    """A labelled set as `govern sample` lays it out."""
    (tmp_path / "labels").mkdir()
    for path, rows in ((tmp_path / "a.jsonl", LINES), (tmp_path / "labels" / "labels.jsonl", LABELS)):
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return tmp_path


def run(sample, text):
    path = sample / "p.toml"
    path.write_text('name = "p"\n' + text, "utf-8")
    labels = trial.read_labels(sample / "labels" / "labels.jsonl")
    return trial.run(
        prepare(policy.load(path), None), (sample / "a.jsonl",), labels, columns=Columns()
    )


def test_what_is_masked_and_what_is_missed(sample):
    """Counts by type; the types that nobody labelled are not judged."""
    done = run(sample, "")
    assert done.scores == {"PERSON": Score(3, 2, 2, 2), "PHONE_NUMBER": Score(1, 1, 1, 1)}
    assert done.missed == {Label("c", "text", 0, 7, "PERSON")}
    assert done.whole == Score(4, 3, 3, 3)


def test_a_row_that_cannot_be_read_ends_a_trial_unless_the_policy_sets_such_rows_aside(sample, capsys):
    """Labels of other documents are judged all the same."""
    with (sample / "a.jsonl").open("a", encoding="utf-8") as stream:
        stream.write("{broken\n")
    with pytest.raises(InputError, match="line 4"):
        run(sample, "")
    done = run(sample, '[failures]\non_bad_row = "quarantine"\n')
    assert (done.whole, done.unreadable) == (Score(4, 3, 3, 3), 1)
    command = ["policy", "test", str(sample / "p.toml"), str(sample / "a.jsonl")]
    assert cli.main([*command, "--labels", str(sample / "labels" / "labels.jsonl")]) == 0
    assert "documents that could not be read: 1 (on_bad_row" in capsys.readouterr().out


def test_a_kept_type_is_no_longer_masked(sample):
    """Its labels are missed, and its findings are none."""
    done = run(sample, '[entities]\nPHONE_NUMBER = "keep"\n')
    assert done.scores["PHONE_NUMBER"] == Score(1, 0, 0, 0)


def test_a_higher_score_for_one_type_leaves_the_others(sample):
    """Thresholds are by type."""
    assert run(sample, "[scores]\nPERSON = 1.0\n").scores["PERSON"].masked == 0
    assert run(sample, "[scores]\nPERSON = 1.0\n").scores["PHONE_NUMBER"].masked == 1


@given(part=st.integers(0, 50), more=st.integers(0, 50))
def test_an_interval_holds_the_share_and_is_within_nothing_and_all(part, more):
    """Wilson's, also at the ends."""
    low, high = wilson(part, part + more)
    assert 0 <= low <= (part / (part + more) if part + more else 0.5) + 1e-12
    assert high <= 1


def test_a_known_interval():
    """8 of 10 at 95 %: 0.490 to 0.943."""
    assert [round(bound, 3) for bound in wilson(8, 10)] == [0.49, 0.943]


def test_a_part_of_a_label_is_not_masked_whole():
    """Two findings side by side cover it, one alone does not."""
    label = Label("a", "text", 2, 8, "PERSON")
    assert trial._covered(label, [("text", 5, 9, "X"), ("text", 0, 5, "Y")])
    assert not trial._covered(label, [("text", 0, 5, "Y"), ("text", 6, 9, "X")])
    assert not trial._covered(label, [("other", 0, 9, "Y")])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no labels"),
        ("[" * 100_000, "labels.jsonl:1: no label"),
        ('{"id": "a", "start": 0, "end": 5, "entity_type": "PERSON"}\n' * 2, "labels.jsonl:2: the same label stands in line 1"),
        ('{"id": "a", "start": 0, "end": 5, "entity_type": "SHOE_SIZE"}\n', "nothing finds 'SHOE_SIZE'"),
        ('{"id": "a", "start": 0, "end": 5, "entity_type": "Jane\\u001b[31m"}\n', "an entity type is in capitals"),
        ("{}\n", "labels.jsonl:1: no label"),
        ('{"id": "a", "start": 5, "end": 5, "entity_type": "PERSON"}\n', "0 <= start < end"),
        (
            '{"id": "zz", "start": 0, "end": 5, "entity_type": "PERSON"}\n',
            "1 of 1 labelled documents are not among the inputs",
        ),
        (
            '{"id": "a", "start": 0, "end": 500, "entity_type": "PERSON"}\n',
            "ends at 500, where its document has 29 characters",
        ),
        ("[1]\n", "no label"),
    ],
)
def test_labels_that_do_not_fit_are_refused(sample, text, words):
    """By line, document or place, never by text."""
    (sample / "labels" / "labels.jsonl").write_text(text, "utf-8")
    with pytest.raises(InputError, match=words):
        run(sample, "")


def test_the_command_says_what_a_change_does(sample, capsys):
    """Recall and precision before and after, and where labels are newly missed."""
    path = sample / "mine.toml"
    path.write_text('name = "mine"\n[entities]\nPHONE_NUMBER = "off"\n', "utf-8")
    labels = ("--labels", str(sample / "labels" / "labels.jsonl"))
    assert cli.main(["policy", "test", str(path), *labels, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["types"]["PHONE_NUMBER"]["before"]["recall"] == 1.0
    assert result["types"]["PHONE_NUMBER"]["after"]["recall"] == 0.0
    assert result["newly_missed"] == [
        {"id": "a", "field": "text", "start": 16, "end": 29, "entity_type": "PHONE_NUMBER"}
    ]
    assert result["newly_masked"] == []
    assert cli.main(["policy", "test", str(path), str(sample / "a.jsonl"), *labels]) == 0
    shown = capsys.readouterr().out
    assert "PHONE_NUMBER                 1      100.0 -> 0.0" in shown
    assert "newly missed: 1 labels\n  a PHONE_NUMBER" in shown
    assert "1234" not in shown


def test_show_and_check_say_what_a_policy_is(sample, capsys):
    """The resolved policy and its digest; a policy that holds."""
    assert cli.main(["policy", "show", "default", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["digest"] == policy.load("default").digest
    assert shown["resolved"]["entities"]["PERSON"] == "tag"
    keyed = sample / "keyed.toml"
    keyed.write_text('name = "keyed"\n[entities]\nPERSON = "pseudonym"\n', "utf-8")
    assert cli.main(["policy", "check", str(keyed)]) == 0
    assert capsys.readouterr().out.startswith("keyed: holds\n")
    assert cli.main(["policy", "check", "default"]) == 0
    assert capsys.readouterr().out.startswith("default: holds\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('suite = "nope"\n', "suite nope"),
        ('[names]\nspacy_pipeline = "nope"\n', "nope"),
        ('[[waivers]]\nid = "nope"\nwho = "w"\nwhy = "y"\nuntil = 2999-01-01\n', "no such rule"),
    ],
)
def test_check_opens_what_a_policy_names(sample, capsys, text, words):
    """What `certify` would refuse, `check` refuses."""
    path = sample / "p.toml"
    path.write_text('name = "p"\n' + text, "utf-8")
    assert cli.main(["policy", "check", str(path)]) == 2
    assert words in capsys.readouterr().err


def test_a_case_that_would_be_missed_again_refuses_the_policy(sample, tmp_path, capsys):
    """Exit 1; once the value is denied, the policy holds."""
    from datetime import date

    from govern import lists

    secret = tmp_path / "secret.key"
    secret.write_bytes(bytes(range(32)))
    secret.chmod(0o600)
    entry = lists.Entry(entity_type="PERSON", reason="found in review", owner="office", expires=date(2999, 1, 1))
    text = "오늘 구름하늘은 만기 연장을 원함"
    lists.add(tmp_path / "lists.toml", [lists.case(entry, text, 3, 7, bytes(range(32)))])
    path = tmp_path / "p.toml"
    path.write_text('name = "p"\nlists = "lists.toml"\n', "utf-8")
    command = ["policy", "check", str(path), "--secret", str(secret)]
    assert cli.main(command) == 1
    error = capsys.readouterr().err
    assert "case 1 (PERSON), a miss that was reported once, would be missed again" in error
    assert "구름하늘" not in error
    lists.add(tmp_path / "lists.toml", [lists.deny(entry, "구름하늘", bytes(range(32)))])
    assert cli.main(command) == 0


def test_a_trial_masks_as_certifying_does(sample):
    """Columns are searched in the text, a published column is masked; what does not ship is counted apart."""
    rows = [
        {"id": "a", "text": "어제 구름하늘은 왔다", "who": "구름하늘", "note": "Mr. John Smith"},
        {"id": "b", "text": "x" * 300, "who": "", "note": ""},
    ]
    (sample / "a.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    labels = [
        {"id": "a", "field": "text", "start": 3, "end": 7, "entity_type": "PERSON"},
        {"id": "a", "field": "note", "start": 4, "end": 14, "entity_type": "PERSON"},
        {"id": "a", "field": "who", "start": 0, "end": 4, "entity_type": "PERSON"},
        {"id": "b", "field": "text", "start": 0, "end": 5, "entity_type": "PERSON"},
    ]
    (sample / "labels" / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in labels), "utf-8")
    columns = '[columns]\nwho = { role = "known", entity_type = "PERSON" }\nnote = { role = "keep" }\n'
    done = run(sample, "max_document_characters = 200\n" + columns)
    assert done.scores["PERSON"] == Score(2, 2, 2, 2)
    assert done.withheld == 2


def test_the_command_counts_what_does_not_ship(sample, capsys):
    """A document over the policy's limit is set aside, so its labels are neither masked nor missed."""
    path = sample / "mine.toml"
    path.write_text('name = "mine"\nmax_document_characters = 25\n', "utf-8")
    labels = ("--labels", str(sample / "labels" / "labels.jsonl"))
    assert cli.main(["policy", "test", str(path), *labels]) == 0
    assert "labels in what does not ship, not counted above: 0 -> 2\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("p.toml", 'name = "p"\npurposes = []\n', "names no purpose"),
        ("p.toml", 'name = "p"\n[known]\ntable = "a\\u0000b"\n', "cannot be read"),
        ("p.toml", "#" * (5 * 1024 * 1024), "over 4 MB, which no policy is"),
    ],
)
def test_a_policy_that_cannot_be_one_is_a_sentence(sample, tmp_path, capsys, name, text, words):
    """Exit 2, and nothing of Python's own."""
    secret = tmp_path / "secret.key"
    secret.write_bytes(bytes(range(32)))
    secret.chmod(0o600)
    (sample / name).write_text(text, "utf-8")
    assert cli.main(["policy", "check", str(sample / name), "--secret", str(secret)]) == 2
    assert words in capsys.readouterr().err

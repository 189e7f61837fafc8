"""`govern policy learn`: what a person decided becomes entries of the lists, once, and only where it can be meant."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from review_home import HOTLINE, MISSED, Home

from govern import lists


def learn(home: Home, folder: Path, answers: Path, *more: object) -> dict[str, Any]:
    done = home.govern("policy", "learn", folder / "lists.toml", answers, "--secret", home.secret, "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(home: Home, folder: Path, answers: Path, *more: object, secret: Path | None = None) -> str:
    """The sentence of answers that are refused; the lists are left as they were."""
    path = folder / "lists.toml"
    before = path.read_bytes() if path.exists() else None
    done = home.govern("policy", "learn", path, answers, "--secret", secret or home.secret, *more)
    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert ";" in line
    assert "defect" not in line
    assert MISSED not in line
    assert before == (path.read_bytes() if path.exists() else None)
    return line


def accepted(home: Home, folder: Path, **more: Any) -> Path:
    told = {"accepted": [home.hotline()], "rejected": [], **more}
    return home.answers(folder / "answers.json", home.tagged, **{"kind": "false-positives", **told})


def missed(home: Home, folder: Path, *misses: dict[str, Any], **more: Any) -> Path:
    return home.answers(folder / "missed.json", home.tagged, "misses", misses=list(misses), **more)


def test_the_loop_leaves_a_hotline_and_masks_a_miss(home: Home, tmp_path: Path) -> None:
    """Both kinds of answers, the cases checked, and the corpus certified again."""
    assert learn(home, tmp_path, accepted(home, tmp_path))["new"] == 1
    made = learn(home, tmp_path, missed(home, tmp_path, home.missed(home.tagged)), "--corpus", home.tagged)
    assert (made["deny"], made["case"], made["new"]) == (1, 1, 2)
    assert MISSED not in (tmp_path / "lists.toml").read_text("utf-8")
    policy = tmp_path / "policy.toml"
    policy.write_text('name = "learned"\nlists = "lists.toml"\n', "utf-8")
    checked = home.govern("policy", "check", policy, "--secret", home.secret)
    assert checked.returncode == 0, checked.stderr
    home.certify(tmp_path / "again", policy)
    texts = pl.read_parquet(tmp_path / "again" / "documents" / "*.parquet")["text"].to_list()
    assert sum(HOTLINE in text for text in texts) == 14
    assert not any(MISSED in text for text in texts)


def test_a_case_without_its_entry_fails_the_check(home: Home, tmp_path: Path) -> None:
    """What was missed once may not be missed again, also when somebody removes the denied value."""
    learn(home, tmp_path, missed(home, tmp_path, home.missed(home.tagged)), "--corpus", home.tagged)
    path = tmp_path / "lists.toml"
    text = path.read_text("utf-8")
    path.write_text(text[text.index("[[case]]") :], "utf-8")
    (tmp_path / "policy.toml").write_text('name = "p"\nlists = "lists.toml"\n[names]\nmodel = "none"\n', "utf-8")
    done = home.govern("policy", "check", tmp_path / "policy.toml", "--secret", home.secret)
    assert done.returncode == 1
    assert "would be missed again" in done.stderr


def test_answers_given_twice_add_nothing(home: Home, tmp_path: Path) -> None:
    """The file of lists has the same bytes after."""
    told = missed(home, tmp_path, home.missed(home.tagged))
    for answers, more in ((accepted(home, tmp_path), ()), (told, ("--corpus", home.tagged))):
        learn(home, tmp_path, answers, *more)
        before = (tmp_path / "lists.toml").read_bytes()
        assert learn(home, tmp_path, answers, *more)["new"] == 0
        assert (tmp_path / "lists.toml").read_bytes() == before


def test_blanks_round_a_selection_do_not_count(home: Home, tmp_path: Path) -> None:
    """The denied value is the same, and is found at once."""
    place = home.missed(home.tagged)
    wide = {**place, "start": place["start"] - 1, "end": place["end"] + 1}
    learn(home, tmp_path, missed(home, tmp_path, place), "--corpus", home.tagged)
    assert learn(home, tmp_path, missed(home, tmp_path, wide), "--corpus", home.tagged)["new"] == 0


def test_what_was_rejected_makes_no_entry(home: Home, tmp_path: Path) -> None:
    """No file of lists either, where nothing was accepted."""
    answers = accepted(home, tmp_path, accepted=[], rejected=[home.hotline()])
    assert learn(home, tmp_path, answers)["rejected"] == 1
    assert not (tmp_path / "lists.toml").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format_version": 2}, "format_version 2"),
        ({"format_version": "1"}, "format_version none"),
        ({"kind": "guesses"}, "kind"),
        ({"text": "x"}, "text: unknown key"),
        ({"expires": "2001-01-01"}, "is over"),
        ({"expires": "soon"}, "expires"),
        ({"reason": "  "}, "reason"),
        ({"owner": ""}, "owner"),
        ({"reason": "a\x7fb"}, "cannot be printed"),
        ({"accepted": [{"entity_type": "PHONE_NUMBER", "value": "010"}]}, "accepted.0.value"),
        ({"accepted": [{"entity_type": "IN_PAN", "value": "hmac-sha256:" + 32 * "0"}]}, "none of them"),
        ({"certificate": "mine"}, "certificate"),
    ],
)
def test_answers_that_no_page_wrote_are_refused(home: Home, tmp_path: Path, change: dict[str, Any], told: str) -> None:
    """Each with the key that does not fit."""
    assert told in refused(home, tmp_path, accepted(home, tmp_path, **change))


def test_files_that_are_no_answers_are_refused(home: Home, tmp_path: Path) -> None:
    """Missing, no JSON, a key twice, a list, a value that was decided both ways."""
    refused(home, tmp_path, tmp_path)
    assert "check the path" in refused(home, tmp_path, tmp_path / "none.json")
    for text in ("{", '{"kind": 1, "kind": 2}', "[]", "NaN", "\ufeff{}"):
        (tmp_path / "bad.json").write_text(text, "utf-8")
        refused(home, tmp_path, tmp_path / "bad.json")
    assert "decided twice" in refused(home, tmp_path, accepted(home, tmp_path, rejected=[home.hotline()]))


def test_answers_of_another_secret_or_corpus_are_refused(home: Home, tmp_path: Path) -> None:
    """Keyed values say nothing under another secret, places nothing in another text."""
    other = home.folder / "others" / "secret.key"
    assert "another secret" in refused(home, tmp_path, accepted(home, tmp_path), secret=other)
    place = home.missed(home.tagged)
    assert "--corpus" in refused(home, tmp_path, missed(home, tmp_path, place))
    assert "the answers are about" in refused(home, tmp_path, missed(home, tmp_path, place), "--corpus", home.mixed)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"end": 10**6}, "no such place"),
        ({"id": 32 * "0"}, "no such place"),
        ({"field": "branch"}, "no such place"),
        ({"start": 5, "end": 5}, "ends behind its start"),
        ({"start": -1}, "start"),
        ({"entity_type": "COLOUR"}, "none of them"),
    ],
)
def test_places_that_are_not_there_are_refused(home: Home, tmp_path: Path, change: dict[str, Any], told: str) -> None:
    """By the number of the answer; none is learned then."""
    place = home.missed(home.tagged)
    assert told in refused(home, tmp_path, missed(home, tmp_path, place, {**place, **change}), "--corpus", home.tagged)


def test_a_selection_that_denying_cannot_find_is_refused(home: Home, tmp_path: Path) -> None:
    """A part of a word, signs alone, and what holds a replacement."""
    place = home.missed(home.tagged)
    half = {**place, "end": place["end"] - 2}
    assert "begins or ends inside" in refused(home, tmp_path, missed(home, tmp_path, half), "--corpus", home.tagged)
    signs = {**place, "start": 0, "end": 2}
    assert "begins or ends inside" in refused(home, tmp_path, missed(home, tmp_path, signs), "--corpus", home.tagged)
    far = {**place, "end": place["end"] + 110}
    assert "replaced already" in refused(home, tmp_path, missed(home, tmp_path, far), "--corpus", home.tagged)


def test_a_value_is_never_both_allowed_and_denied(home: Home, tmp_path: Path) -> None:
    """Whichever came first."""
    entry = lists.Entry(entity_type="PHONE_NUMBER", reason="leaked", owner="office", expires=date(2999, 1, 1))
    lists.add(tmp_path / "lists.toml", [lists.deny(entry, "02 1588 4321", home.secret.read_bytes())])
    assert "both allowed and denied" in refused(home, tmp_path, accepted(home, tmp_path))
    (tmp_path / "lists.toml").unlink()
    person = lists.Entry(entity_type="PERSON", reason="r", owner="o", expires=date(2999, 1, 1))
    lists.add(tmp_path / "lists.toml", [lists.allow(person, MISSED, home.secret.read_bytes())])
    told = missed(home, tmp_path, home.missed(home.tagged))
    assert "both allowed and denied" in refused(home, tmp_path, told, "--corpus", home.tagged)

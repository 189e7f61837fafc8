"""A rehearsal says what a run will come to, and leaves nothing behind."""

import json
import random
import tempfile
from dataclasses import replace
from datetime import date

import pytest

from govern import cli, pipeline, policy
from govern.errors import InputError
from govern.plan import plan, relative_error
from govern.policy_sections import Source

SECRET = bytes(range(32))


@pytest.fixture
def request_of(tmp_path):
    """A request over so many letters, of which every fourth is too long."""

    def made(limit=2_000_000, documents=200):
        raw = tmp_path / "raw.jsonl"
        rng = random.Random(1)
        lines = []
        for n in range(documents):
            words = " ".join(
                "".join(rng.choices("가나다라마바사아자차카타파하", k=3)) for _ in range(300 if n % 4 else 600)
            )
            lines.append({"text": f"{n}번 상담: 성명: 홍길동, 연락처 010-2{n % 9}34-{5000 + n}, 만기 안내함. {words}"})
        raw.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
        path = tmp_path / "p.toml"
        path.write_text(f'name = "p"\nmax_document_characters = {limit}\n[names]\nmodel = "none"\n', "utf-8")
        chosen = policy.load(path)
        return pipeline.Request((raw,), tmp_path / "out", chosen, chosen.suite, SECRET, date(2026, 1, 1))

    return made


def test_a_plan_says_what_the_run_comes_to(tmp_path, request_of, monkeypatch):
    """Counts exactly, sizes within a half, the decision; and its folder is gone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    made = plan(request_of(), 0.1)
    assert (made.documents, made.refused, made.quarantined) == (200, (), 0.0)
    assert 4 <= made.rehearsed <= 40
    least, most = made.mask_s_interval
    assert 0 <= least <= made.mask_s <= most
    assert list((tmp_path / "temp").iterdir()) == []
    outcome = pipeline.certify(request_of())
    taken = sum(path.stat().st_size for path in outcome.folder.rglob("*") if path.is_file())
    least, most = made.disk_bytes_interval
    assert least <= made.disk_bytes <= most
    assert least <= taken <= most
    beside = sum(path.stat().st_size for path in (tmp_path / "out.private").rglob("*") if path.is_file())
    assert made.private_bytes == pytest.approx(beside, rel=0.3)
    assert made.total_s_interval[0] <= made.total_s <= made.total_s_interval[1]
    assert not (tmp_path / "plan").exists()


def test_a_refusal_and_the_quarantine_are_foretold(request_of):
    """The share of what is set aside lies in the interval, and the sentences are the suite's."""
    made = plan(request_of(limit=2_000), 0.2)
    low, high = made.quarantined_interval
    assert low <= 0.25 <= high
    assert any("quarantine" in line for line in made.refused)
    assert not any("/" in line.partition(":")[0] for line in made.refused)


def test_what_stops_a_run_is_foretold(request_of):
    """A share of the policy that is passed, and a source that no file matches."""
    request = request_of(limit=2_000)
    stopping = request.policy.failures.model_copy(update={"max_quarantined": 0.01})
    made = plan(replace(request, policy=request.policy.model_copy(update={"failures": stopping})), 0.2)
    assert any(line.endswith("(failures.max_quarantined)") for line in made.refused)
    source = Source(match="nothing*", name="other", reason="public", entities={"PERSON": "keep"})
    with pytest.raises(InputError, match="no input file matches 'nothing"):
        plan(replace(request, policy=request.policy.model_copy(update={"sources": (source,)})), 0.2)


@pytest.mark.parametrize("count", [4, 12, 100])
def test_the_interval_holds_the_whole_as_often_as_it_says(count):
    """Of 1,000 shares of 400 uneven units, from four on, about 95 in 100 hold the total; all of them leave no doubt."""
    rng = random.Random(4)
    sizes = [rng.randint(500, 1_500) for _ in range(400)]
    values = [size * rng.gauss(3, 0.6) for size in sizes]
    held = 0
    for _ in range(1_000):
        units = rng.sample(range(400), count)
        part, total = sum(sizes[unit] for unit in units), sum(values[unit] for unit in units)
        error = relative_error([sizes[unit] for unit in units], [values[unit] for unit in units], sum(sizes))
        held += abs(total * sum(sizes) / part / sum(values) - 1) <= error * total * sum(sizes) / part / sum(values)
    assert 920 <= held <= 980
    assert relative_error(sizes, values, sum(sizes)) == 0.0


def test_what_makes_no_sense_is_refused(request_of):
    """A share of nothing, or of more than all."""
    for share in (0.0, 1.5, -1.0):
        with pytest.raises(InputError, match="not a share"):
            plan(request_of(), share)


def test_the_command_prints_numbers(request_of, tmp_path, capsys):
    """As lines and as one object."""
    request_of(documents=20)
    secret = tmp_path / "secret.key"
    secret.write_bytes(SECRET)
    secret.chmod(0o600)
    rules = ["--policy", str(tmp_path / "p.toml"), "--workers", "1"]
    asked = ["plan", str(tmp_path / "raw.jsonl"), "--secret", str(secret), *rules]
    assert cli.main([*asked, "--share", "0.5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["rehearsed", "time", "memory", "disk", "quarantine", "decision"]
    assert cli.main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["documents"] == 20

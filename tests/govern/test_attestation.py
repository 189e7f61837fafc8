"""Signing, approving and verifying, beyond the vectors: refusals before signing, seals of any folder, golden files."""

import copy
import dataclasses
import json
import pickle
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern import attestation, clock, inventory
from govern.attestation import (
    PREDICATE_ADAPTER,
    PREDICATE_CORPUS,
    PREDICATE_TOKENIZER,
    CertifiedCorpus,
    approve,
    countersign,
    open_sealed,
    seal,
    seal_folder,
    sign,
    statement,
    verify,
    verify_folder,
)
from govern.errors import GovernError, InputError, Refused, VerificationError
from govern.files import manifest

GOLDEN = Path(__file__).with_name("golden") / "attestation-v1"
SCRIPT = Path(__file__).parents[2] / "docs" / "verify.sh"
SUBJECTS = [("a.bin", "0" * 64), ("b.bin", "1" * 64)]


@pytest.fixture
def trust(keys) -> list[Path]:
    """Alice's and carol's public keys."""
    return [keys["alice"].public, keys["carol"].public]


def signed(signing, keys, folder, *names, **changes) -> Path:
    """A draft with the signatures of `names`."""
    signing.write_draft(folder, **changes)
    sign(folder, keys[names[0]].private, issued=signing.ISSUED, not_after=None)
    for name in names[1:]:
        approve(folder, keys[name].private)
    return folder


def test_verify_returns_the_corpus_with_its_shards(certified_folder, trust, keys, signing):
    """Paths, digests and counts come from the signed list and the certificate."""
    corpus = verify(certified_folder, trust, now=signing.NOW)
    assert [shard.path.relative_to(certified_folder).as_posix() for shard in (*corpus.documents, *corpus.held_out)] == [
        "documents/part-00000.parquet",
        "documents/part-00001.parquet",
        "held-out/part-00000.parquet",
    ]
    assert [shard.documents for shard in (*corpus.documents, *corpus.held_out)] == [2, 1, 1]
    assert corpus.key_ids == (keys["alice"].private.key_id,)
    assert (corpus.issued, corpus.not_after) == (signing.ISSUED, None)


def test_the_shards_of_a_verified_corpus_can_be_read(certified_folder, trust, signing):
    """`read_certified` takes what `verify` gives, and notices a change after it."""
    from govern.corpus import read_certified

    shard = verify(certified_folder, trust, now=signing.NOW).documents[0]
    assert read_certified(shard).height == 2
    shard.path.write_bytes(shard.path.read_bytes() + b"x")
    with pytest.raises(VerificationError, match="part-00000"):
        read_certified(shard)


def test_only_verify_makes_a_certified_corpus(certified_folder, trust, signing):
    """Not the constructor, not `replace`; a copy or a pickle of a verified one is the same value."""
    corpus = verify(certified_folder, trust, now=signing.NOW)
    fields = {field.name: getattr(corpus, field.name) for field in dataclasses.fields(corpus)}
    for token in (None, object(), True):
        with pytest.raises(Refused, match=r"govern\.attestation\.verify alone"):
            CertifiedCorpus(**fields, made_by=token)
    with pytest.raises(TypeError):
        CertifiedCorpus(**fields)
    with pytest.raises(ValueError, match="made_by"):
        dataclasses.replace(corpus, path=Path("elsewhere"))
    assert copy.copy(corpus) == corpus
    assert pickle.loads(pickle.dumps(corpus)) == corpus


@pytest.mark.parametrize("name", ["alice", "carol"])
def test_the_same_draft_and_key_give_the_same_attestation(name, signing, keys, tmp_path):
    """Both kinds of signature are deterministic, so the file is too."""
    one, other = (signed(signing, keys, tmp_path / part, name) / "attestation.json" for part in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()


def test_the_order_of_signing_leaves_no_trace(signing, keys, tmp_path):
    """Signatures are sorted by key id."""
    one = signed(signing, keys, tmp_path / "one", "alice", "carol", "bob") / "attestation.json"
    other = signed(signing, keys, tmp_path / "other", "carol", "bob", "alice") / "attestation.json"
    assert one.read_bytes() == other.read_bytes()


def test_a_corpus_that_needs_two_signatures_is_a_corpus_only_after_the_second(signing, keys, trust, tmp_path):
    """Dual control, and the flag cannot lower it."""
    folder = signed(signing, keys, tmp_path / "corpus", "alice", signatures_required=2)
    for signatures in (None, 1, 2):
        with pytest.raises(VerificationError, match="signed by 1 of the 2 keys required; `govern approve` adds one"):
            verify(folder, trust, now=signing.NOW, signatures=signatures)
    approve(folder, keys["carol"].private)
    assert len(verify(folder, trust, now=signing.NOW).key_ids) == 2
    with pytest.raises(VerificationError, match="signed by 2 of the 3"):
        verify(folder, trust, now=signing.NOW, signatures=3)


def test_several_problems_are_all_named(certified_folder, trust, signing):
    """Extra, missing, changed and linked files in one report, one line each."""
    (certified_folder / "extra.txt").write_text("x")
    (certified_folder / "README.md").unlink()
    (certified_folder / "report.html").write_text("x")
    (certified_folder / "croissant.json").unlink()
    (certified_folder / "croissant.json").symlink_to("certificate.json")
    with pytest.raises(VerificationError) as caught:
        verify(certified_folder, trust, now=signing.NOW)
    said = {Path(problem.partition(": ")[0]).name: problem.partition(": ")[2] for problem in caught.value.problems}
    assert {name: text.partition(",")[0] for name, text in said.items()} == {
        "extra.txt": "extra",
        "README.md": "missing",
        "report.html": "changed",
        "croissant.json": "linked",
    }
    assert str(caught.value).count("\n") == 3


@pytest.mark.parametrize("signatures", [0, -1])
def test_fewer_than_one_signature_cannot_be_asked_for(signatures, certified_folder, trust, signing):
    """Exit code 2: the usage is wrong."""
    with pytest.raises(InputError, match="at least 1 signature"):
        verify(certified_folder, trust, now=signing.NOW, signatures=signatures)


def test_no_trusted_key_is_wrong_usage(certified_folder, signing):
    """The message names the flag and the variable."""
    with pytest.raises(InputError, match=r"--trust KEY\.pub, or in ASSAY_TRUST"):
        verify(certified_folder, [], now=signing.NOW)
    with pytest.raises(InputError, match="ASSAY_TRUST"):
        open_sealed(b"{}", "x", PREDICATE_CORPUS, ())


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path, trust, keys, signing):
    """Every function that takes a folder says so."""
    absent = tmp_path / "absent"
    for call in (
        lambda: verify(absent, trust, now=signing.NOW),
        lambda: verify_folder(absent, trust, PREDICATE_TOKENIZER, now=signing.NOW),
        lambda: sign(absent, keys["alice"].private, issued=signing.NOW, not_after=None),
        lambda: approve(absent, keys["alice"].private),
        lambda: seal_folder(absent, keys["alice"].private, PREDICATE_TOKENIZER, {"a": 1}),
    ):
        with pytest.raises(InputError, match="absent"):
            call()


def test_a_draft_is_called_an_unsigned_draft(draft, trust, keys, signing):
    """Verify and approve name the remedy."""
    for call in (lambda: verify(draft, trust, now=signing.NOW), lambda: approve(draft, keys["alice"].private)):
        with pytest.raises(VerificationError, match="unsigned draft; `govern sign"):
            call()


def test_sign_refuses_what_is_signed(certified_folder, keys, signing):
    """A second signature is `approve`'s business; the file stays as it was."""
    before = (certified_folder / "attestation.json").read_bytes()
    with pytest.raises(Refused, match="signed already; `govern approve"):
        sign(certified_folder, keys["bob"].private, issued=signing.ISSUED, not_after=None)
    assert (certified_folder / "attestation.json").read_bytes() == before


@pytest.mark.parametrize("name", ["certificate.json", "SHA256SUMS"])
def test_sign_refuses_what_is_no_draft(name, draft, keys, signing):
    """Without certificate or list there is nothing to sign."""
    (draft / name).unlink()
    with pytest.raises(InputError, match=f"has no {name}, so it is no draft"):
        sign(draft, keys["alice"].private, issued=signing.ISSUED, not_after=None)


@pytest.mark.parametrize("name", ["README.md", "documents/part-00000.parquet", "certificate.json"])
def test_sign_refuses_a_draft_that_changed(name, draft, keys, signing):
    """And names the file, and writes nothing."""
    (draft / name).write_bytes((draft / name).read_bytes() + b"x")
    with pytest.raises(VerificationError, match=f"{name}: changed"):
        sign(draft, keys["alice"].private, issued=signing.ISSUED, not_after=None)
    assert not (draft / "attestation.json").exists()


def test_sign_refuses_a_draft_with_an_extra_file_or_a_link(draft, keys, signing):
    """What is not in the list is not signed over."""
    (draft / "extra").write_text("x")
    (draft / "link").symlink_to("README.md")
    with pytest.raises(VerificationError) as caught:
        sign(draft, keys["alice"].private, issued=signing.ISSUED, not_after=None)
    assert [problem.rpartition("/")[2].partition(":")[0] for problem in caught.value.problems[:1]] == ["link"]
    assert "extra: extra" in str(caught.value)


def test_sign_refuses_a_certificate_that_names_other_shards(draft, keys, signing):
    """The list matches the files, the certificate does not."""
    (draft / "documents/part-00001.parquet").unlink()
    (draft / "SHA256SUMS").write_bytes(manifest(draft))
    with pytest.raises(VerificationError, match=r"part-00001\.parquet: in the certificate, but no file"):
        sign(draft, keys["alice"].private, issued=signing.ISSUED, not_after=None)


def test_sign_refuses_an_end_that_is_not_after_the_beginning(draft, keys, signing):
    """The same second counts as no time at all."""
    for not_after in (signing.ISSUED, signing.ISSUED - timedelta(days=1)):
        with pytest.raises(InputError, match="--not-after"):
            sign(draft, keys["alice"].private, issued=signing.ISSUED, not_after=not_after)
    with pytest.raises(InputError, match="time zone"):
        sign(draft, keys["alice"].private, issued=datetime(2026, 1, 1), not_after=None)  # noqa: DTZ001


def test_approve_refuses_the_same_key(certified_folder, keys):
    """Two signatures are two keys."""
    with pytest.raises(Refused, match="has signed already; a further signature takes another key"):
        approve(certified_folder, keys["alice"].private)


def test_approve_refuses_a_folder_that_changed(certified_folder, keys):
    """A file, the list, or the attestation itself; nothing is written."""
    before = (certified_folder / "attestation.json").read_bytes()
    for name, problem in (("report.html", "report.html: changed"), ("SHA256SUMS", "SHA256SUMS: changed")):
        good = (certified_folder / name).read_bytes()
        (certified_folder / name).write_bytes(good + b"x")
        with pytest.raises(VerificationError, match=problem):
            approve(certified_folder, keys["bob"].private)
        (certified_folder / name).write_bytes(good)
    (certified_folder / "attestation.json").write_bytes(before + b"\n")
    with pytest.raises(VerificationError, match="canonical form"):
        approve(certified_folder, keys["bob"].private)
    assert (certified_folder / "attestation.json").read_bytes() == before + b"\n"


def test_approve_refuses_a_statement_that_differs_from_the_certificate(certified_folder, keys):
    """An approver does not put a key under another purpose."""
    value = json.loads((certified_folder / "attestation.json").read_bytes())
    import base64

    said = json.loads(base64.b64decode(value["payload"]))
    said["predicate"]["purpose"] = ["train"]
    (certified_folder / "attestation.json").write_bytes(seal(said, keys["alice"].private))
    with pytest.raises(VerificationError, match=r"differ from certificate\.json"):
        approve(certified_folder, keys["bob"].private)


def test_sixteen_signatures_are_the_most(signing, tmp_path):
    """A seventeenth is refused before it is made."""
    from govern.keys import generate, load_private

    made = [load_private(generate(tmp_path / str(number)).private) for number in range(17)]
    sealed = seal(statement(SUBJECTS, PREDICATE_ADAPTER, {"a": 1}), made[0])
    for key in made[1:16]:
        sealed = countersign(sealed, "x", key)
    assert len(open_sealed(sealed, "x", PREDICATE_ADAPTER, [key.public for key in made], 16).key_ids) == 16
    with pytest.raises(Refused, match="16 signatures, and takes no more"):
        countersign(sealed, "x", made[16])


def test_what_a_killed_writer_left_is_cleared_by_the_same_command(draft, keys, trust, signing):
    """A half-written attestation stops neither sign nor approve."""
    left = draft / "attestation.json.tmp"
    left.write_bytes(b"half")
    sign(draft, keys["alice"].private, issued=signing.ISSUED, not_after=None)
    left.write_bytes(b"half")
    approve(draft, keys["carol"].private)
    assert not left.exists()
    verify(draft, trust, now=signing.NOW, signatures=2)


def test_two_writers_do_not_lose_a_signature(certified_folder, keys):
    """The second is told to wait."""
    from govern.lock import alone

    with alone(certified_folder), pytest.raises(Refused, match="another process is writing there"):
        approve(certified_folder, keys["bob"].private)
    approve(certified_folder, keys["bob"].private)


def test_dates_are_checked_to_the_second(draft, keys, trust, signing):
    """Valid in its first and last second, not one before nor one after."""
    end = signing.ISSUED + timedelta(days=1)
    sign(draft, keys["alice"].private, issued=signing.ISSUED, not_after=end)
    second = timedelta(seconds=1)
    for now in (signing.ISSUED, end, end + timedelta(microseconds=999_999)):
        assert verify(draft, trust, now=now).not_after == end
    with pytest.raises(VerificationError, match="issued in the future"):
        verify(draft, trust, now=signing.ISSUED - second)
    with pytest.raises(VerificationError, match="expired at 2026-02-01T09:00:00Z"):
        verify(draft, trust, now=end + second)


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_a_time_reads_back_to_the_second(moment):
    """Whatever the zone it came in."""
    text = clock.as_text(moment)
    assert clock.parse(text) == moment.astimezone(UTC).replace(microsecond=0)
    assert len(text) == 20


def test_a_date_flag_means_the_end_of_its_day():
    """In UTC; a full time means itself; anything else is a sentence."""
    assert clock.parse_flag("2027-01-31", "--not-after") == datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC)
    assert clock.parse_flag("2027-01-31T09:00:00Z", "--not-after") == datetime(2027, 1, 31, 9, tzinfo=UTC)
    for text in ("tomorrow", "2027-02-30", "31.01.2027", "", "2027-01-31T09:00:00+09:00"):
        with pytest.raises(InputError, match="--not-after"):
            clock.parse_flag(text, "--not-after")


@pytest.mark.parametrize(
    ("subjects", "predicate"),
    [
        ([], {"a": 1}),
        ([("a", "0" * 63)], {"a": 1}),
        ([("a", "G" * 64)], {"a": 1}),
        ([("", "0" * 64)], {"a": 1}),
        ([("a", "0" * 64), ("a", "1" * 64)], {"a": 1}),
        (SUBJECTS, {}),
        (SUBJECTS, {"a": float("nan")}),
        (SUBJECTS, {"a": 2**60}),
        (SUBJECTS, {"a": "\ud800"}),
    ],
)
def test_a_statement_that_could_not_be_read_back_is_not_made(subjects, predicate):
    """No subject, a bad digest, a name twice, no predicate, a value JSON cannot carry."""
    with pytest.raises(InputError, match="the statement to sign"):
        statement(subjects, PREDICATE_ADAPTER, predicate)


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
            max_leaves=6,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_sealed_statement_opens_to_itself(keys, predicate):
    """Whatever the predicate says; and any one flipped byte is refused."""
    predicate.pop("signatures_required", None)
    made = statement(SUBJECTS, PREDICATE_ADAPTER, {**predicate, "x": 1})
    sealed = seal(made, keys["carol"].private)
    opened = open_sealed(sealed, "x", PREDICATE_ADAPTER, [keys["carol"].private.public])
    assert opened.statement == made
    assert opened.subjects == dict(SUBJECTS)
    assert opened.predicate == {**predicate, "x": 1}
    assert str(predicate) not in repr(opened)


def test_every_flipped_bit_of_an_envelope_is_refused(keys):
    """All bytes, one bit each in turn; no other error than a refusal."""
    trust = [keys["alice"].private.public, keys["carol"].private.public]
    sealed = seal(statement(SUBJECTS[:1], PREDICATE_ADAPTER, {"a": 1}), keys["alice"].private)
    sealed = countersign(sealed, "x", keys["carol"].private)
    assert len(open_sealed(sealed, "x", PREDICATE_ADAPTER, trust, 2).key_ids) == 2
    for position in range(len(sealed)):
        flipped = bytearray(sealed)
        flipped[position] ^= 1 << (position % 8)
        with pytest.raises(VerificationError):
            open_sealed(bytes(flipped), "x", PREDICATE_ADAPTER, trust, 2)


def test_any_other_folder_can_be_sealed(tmp_path, keys, trust, signing):
    """A tokenizer, say: every file is listed and covered."""
    folder = tmp_path / "tokenizer"
    (folder / "terms").mkdir(parents=True)
    (folder / "tokenizer.json").write_text("{}")
    (folder / "terms" / "en.txt").write_text("repo\n")
    seal_folder(folder, keys["alice"].private, PREDICATE_TOKENIZER, {"extension": "sha256:" + "0" * 64})
    opened = verify_folder(folder, trust, PREDICATE_TOKENIZER, now=signing.NOW)
    assert opened.predicate == {"extension": "sha256:" + "0" * 64}
    assert opened.key_ids == (keys["alice"].private.key_id,)
    done = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0
    with pytest.raises(VerificationError, match="is not about urn:assay:adapter:v1"):
        verify_folder(folder, trust, PREDICATE_ADAPTER, now=signing.NOW)
    with pytest.raises(VerificationError, match="signed by 1 of the 2"):
        verify_folder(folder, trust, PREDICATE_TOKENIZER, now=signing.NOW, signatures=2)
    with pytest.raises(Refused, match="signed already"):
        seal_folder(folder, keys["alice"].private, PREDICATE_TOKENIZER, {"a": 1})
    (folder / "terms" / "en.txt").write_text("rope\n")
    with pytest.raises(VerificationError, match=r"terms/en\.txt: changed"):
        verify_folder(folder, trust, PREDICATE_TOKENIZER, now=signing.NOW)


def test_a_sealed_folder_keeps_the_dates_in_its_predicate(tmp_path, keys, trust, signing):
    """`issued` and `not_after` count wherever they stand."""
    (tmp_path / "file").write_text("x")
    seal_folder(tmp_path, keys["alice"].private, PREDICATE_TOKENIZER, {"not_after": "2026-01-01T00:00:00Z"})
    with pytest.raises(VerificationError, match="expired"):
        verify_folder(tmp_path, trust, PREDICATE_TOKENIZER, now=signing.NOW)


def test_a_folder_with_links_odd_names_or_nothing_is_not_sealed(tmp_path, keys):
    """Nothing is written."""
    for name, make in (
        ("link", lambda folder: (folder / "link").symlink_to("/etc/hostname")),
        ("name", lambda folder: (folder / "a b").write_text("x")),
        ("hollow", lambda folder: (folder / "hollow").mkdir()),
        ("none", lambda _: None),
    ):
        folder = tmp_path / name
        folder.mkdir()
        if name != "none":
            (folder / "file").write_text("x")
        make(folder)
        with pytest.raises(GovernError):
            seal_folder(folder, keys["alice"].private, PREDICATE_TOKENIZER, {"a": 1})
        assert not (folder / "attestation.json").exists()


def test_an_unreadable_file_is_a_problem_with_its_name(certified_folder, monkeypatch):
    """A file that cannot be read is never taken as good."""
    expected = inventory.parse_sums((certified_folder / "SHA256SUMS").read_bytes(), "x")
    real = inventory.os.open

    def failing(path, *arguments, **named):
        if str(path).endswith("README.md"):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **named)

    monkeypatch.setattr(inventory.os, "open", failing)
    (problem,) = inventory.differences(certified_folder, expected)
    assert "README.md: cannot be read (Permission denied)" in problem


def test_an_unlistable_folder_is_a_problem_with_its_name(certified_folder, monkeypatch):
    """What cannot be looked at may hide anything."""
    expected = inventory.parse_sums((certified_folder / "SHA256SUMS").read_bytes(), "x")
    real = inventory.os.scandir

    def failing(path):
        if str(path).endswith("evidence"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(inventory.os, "scandir", failing)
    problems = inventory.differences(certified_folder, expected)
    assert any("evidence: cannot be listed (Permission denied)" in problem for problem in problems)


def test_messages_stay_on_one_line_and_hold_no_text(certified_folder, trust, signing):
    """A file name with a line end is written out, and nothing of a document appears."""
    (certified_folder / "a\nb").write_text("secret text")
    with pytest.raises(VerificationError) as caught:
        verify(certified_folder, trust, now=signing.NOW)
    assert "\n" not in str(caught.value)
    assert "a\\nb: extra" in str(caught.value)
    assert "secret text" not in str(caught.value)


def test_a_moved_folder_verifies(certified_folder, trust, signing, tmp_path):
    """Nothing in it names where it lay; a link to the folder itself is the caller's choice."""
    moved = tmp_path / "elsewhere"
    shutil.copytree(certified_folder, moved)
    (tmp_path / "latest").symlink_to(moved)
    assert verify(moved, trust, now=signing.NOW).path == moved
    assert verify(tmp_path / "latest", trust, now=signing.NOW).path == tmp_path / "latest"


@pytest.mark.parametrize("name", ["ed25519", "p256", "two"])
def test_attestations_of_version_1_verify_for_ever(name):
    """Golden folders, by this software and by the shell."""
    trust = sorted((GOLDEN / "keys").glob("*.pub"))
    corpus = verify(GOLDEN / name, trust, now=datetime(2099, 1, 1, tzinfo=UTC))
    assert len(corpus.key_ids) == (2 if name == "two" else 1)
    done = subprocess.run(["sh", SCRIPT, GOLDEN / name, *trust], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_predicates_are_the_published_ones():
    """They stand in signed files, so they never change."""
    assert (attestation.PREDICATE_CORPUS, attestation.PREDICATE_TOKENIZER, attestation.PREDICATE_ADAPTER) == (
        "urn:assay:certified-corpus:v1",
        "urn:assay:extended-tokenizer:v1",
        "urn:assay:adapter:v1",
    )

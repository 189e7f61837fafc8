"""A signed corpus goes to a store and comes back: verified, whole or continued, never half of it as a whole."""

import hashlib
import json
import shutil
from datetime import timedelta
from pathlib import Path

import fsspec
import pytest

from govern import attestation, cli, delivery, revocation
from govern.errors import InputError, Interrupted, Refused, VerificationError
from govern.files import list_files, manifest
from govern.stores import Url, url_of


def _tree(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in list_files(folder)}


@pytest.fixture
def copied(keys, signing):
    """`delivery.copy` under alice's key."""

    def call(source, target, **more):
        return delivery.copy(source, target, [keys["alice"].public], now=signing.NOW, **more)

    return call


@pytest.fixture
def shop(tmp_path) -> Url:
    """A place in a store whose files can be looked at."""
    return url_of(f"file://{tmp_path}/shop/corpus")


def _place(url: Url) -> Path:
    return Path(url.text.removeprefix("file://"))


def test_a_copy_to_a_store_and_back_is_the_folder(certified_folder, shop, tmp_path, copied):
    """Each file that is signed, its list and the attestation arrive, and nothing else; the copy back verifies."""
    private = certified_folder.with_name("draft.private")
    private.mkdir()
    (private / "ids.jsonl").write_text("x")
    files = len(_tree(certified_folder))
    assert (copied(certified_folder, shop).sent, copied(certified_folder, shop).kept) == (files, files)
    assert _tree(_place(shop)) == _tree(certified_folder)
    assert copied(shop, tmp_path / "back").sent == files
    assert _tree(tmp_path / "back") == _tree(certified_folder)
    assert copied(shop, tmp_path / "back").kept == files
    assert copied(certified_folder, tmp_path / "beside").sent == files
    assert _tree(tmp_path / "beside") == _tree(certified_folder)
    assert sorted(path.name for path in tmp_path.iterdir() if "partial" in path.name) == []


def test_the_attestation_goes_last_and_each_file_is_read_back(certified_folder, shop, copied, monkeypatch):
    """Where it stops after any number of files there is no attestation; the next call sends the rest alone."""
    files = len(_tree(certified_folder))
    put = delivery._There.put
    order: list[str] = []
    monkeypatch.setattr(delivery._There, "put", lambda self, name, source: (order.append(name), put(self, name, source))[1])
    for stop in range(files):
        shutil.rmtree(_place(shop), ignore_errors=True)

        def broken(self, name, source, stop=stop):
            if sum(path.is_file() for path in _place(shop).rglob("*")) == stop:
                raise Interrupted("the store is away")
            put(self, name, source)

        with monkeypatch.context() as patch:
            patch.setattr(delivery._There, "put", broken)
            with pytest.raises(Interrupted):
                copied(certified_folder, shop)
        assert not (_place(shop) / "attestation.json").exists()
        order.clear()
        made = copied(certified_folder, shop)
        assert (made.sent, made.kept) == (files - stop, stop) == (len(order), stop)
        assert order[-1] == "attestation.json"
        if not stop:
            assert order[0] == "SHA256SUMS"


@pytest.mark.parametrize("name", ["SHA256SUMS", "documents/part-00000.parquet"])
def test_half_a_file_is_sent_again(certified_folder, shop, copied, name):
    """A store that keeps what was written before a kill holds half a file, which has another digest."""
    copied(certified_folder, shop)
    (_place(shop) / "attestation.json").unlink()
    half = (_place(shop) / name).read_bytes()
    (_place(shop) / name).write_bytes(half[: len(half) // 2])
    assert copied(certified_folder, shop).sent == 2
    assert _tree(_place(shop)) == _tree(certified_folder)


def test_a_store_that_changes_a_file_is_found_out(certified_folder, shop, copied, monkeypatch):
    """What is read back with another digest ends the copy before the attestation."""
    put = delivery._There.put

    def altering(self, name, source):
        put(self, name, source)
        if name == "report.html":
            (_place(shop) / name).write_bytes(b"other")

    monkeypatch.setattr(delivery._There, "put", altering)
    with pytest.raises(VerificationError, match=r"report\.html: did not arrive"):
        copied(certified_folder, shop)
    assert "attestation.json" not in list_files(_place(shop))


@pytest.mark.parametrize("change", ["documents/part-00000.parquet", "SHA256SUMS", "attestation.json", "missing"])
def test_what_does_not_verify_comes_from_no_store(certified_folder, shop, tmp_path, copied, change):
    """An altered or missing file there is named, and no folder of the target's name is made."""
    copied(certified_folder, shop)
    path = _place(shop) / ("croissant.json" if change == "missing" else change)
    if change == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(VerificationError, match=path.name):
        copied(shop, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_what_does_not_verify_goes_to_no_store(certified_folder, draft, shop, copied, signing, tmp_path):
    """An altered folder, a draft, and one whose signer is not trusted send nothing."""
    (certified_folder / "report.html").write_text("other")
    with pytest.raises(VerificationError, match=r"report\.html: changed"):
        copied(certified_folder, shop)
    unsigned = signing.write_draft(tmp_path / "unsigned")
    with pytest.raises(VerificationError, match="unsigned draft"):
        copied(unsigned, shop)
    assert not _place(shop).exists()


def test_only_trusted_unexpired_unrevoked_corpora_are_copied(certified_folder, shop, tmp_path, keys, signing, copied):
    """Keys, number of signatures and revocations are the caller's, on both ways."""
    copied(certified_folder, shop)
    listed = tmp_path / "revoked.json"
    revocation.revoke(certified_folder, keys["alice"].private, "test", listed, now=signing.NOW)
    for source in (certified_folder, shop):
        target = tmp_path / "new"
        with pytest.raises(VerificationError):
            delivery.copy(source, target, [keys["mallory"].public], now=signing.NOW)
        with pytest.raises(VerificationError):
            copied(source, target, signatures=2)
        with pytest.raises(VerificationError, match="revoked"):
            copied(source, target, revocations=listed)
        with pytest.raises(VerificationError, match="issued in the future"):
            delivery.copy(source, target, [keys["alice"].public], now=signing.ISSUED - timedelta(days=1))
        assert not target.exists()


def test_a_target_that_holds_something_else_is_left_alone(certified_folder, shop, tmp_path, copied, keys, signing):
    """Another corpus, other files, a file, a run's folder, another attestation: nothing is written."""
    other = signing.write_draft(tmp_path / "other", corpus={**signing.claim()["corpus"], "name": "another"})
    attestation.sign(other, keys["alice"].private, issued=signing.ISSUED, not_after=None)
    copied(other, shop)
    before = _tree(_place(shop))
    with pytest.raises(InputError, match="holds another corpus"):
        copied(certified_folder, shop)
    (_place(shop) / "attestation.json").unlink()
    with pytest.raises(InputError, match="holds another corpus"):
        copied(certified_folder, shop)
    (_place(shop) / "SHA256SUMS").unlink()
    with pytest.raises(InputError, match="no copy of a corpus"):
        copied(certified_folder, shop)
    (_place(shop) / "mine.txt").write_text("x")
    with pytest.raises(InputError, match=r"mine\.txt: is there"):
        copied(certified_folder, shop)
    assert {**before, "mine.txt": b"x"}.keys() - _tree(_place(shop)).keys() == {"SHA256SUMS", "attestation.json"}
    for name in ("empty", "file"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        (tmp_path / "file").write_text("x")
        with pytest.raises(InputError):
            copied(certified_folder, tmp_path / name)
    (tmp_path / "run.private").mkdir()
    with pytest.raises(InputError, match="govern certify"):
        copied(certified_folder, tmp_path / "run")
    for target in (certified_folder / "inside", url_of(f"file://{certified_folder}/inside")):
        for source in (certified_folder, url_of(f"file://{certified_folder}")):
            with pytest.raises(InputError, match=r"lies inside|from one store to another"):
                copied(source, target)
    assert not (certified_folder / "inside").exists()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link.partial").symlink_to("elsewhere")
    with pytest.raises(InputError, match=r"link\.partial: is a link"):
        copied(certified_folder, tmp_path / "link")
    assert _tree(tmp_path / "elsewhere") == {}
    assert _tree(tmp_path / "empty") == {}


def test_an_approval_is_no_reason_to_overwrite(certified_folder, shop, copied, keys, signing):
    """A copy under another attestation is left as it is, until that is removed there."""
    copied(certified_folder, shop)
    attestation.approve(certified_folder, keys["bob"].private)
    trust = [keys["alice"].public, keys["bob"].public]
    with pytest.raises(InputError, match="signed otherwise"):
        delivery.copy(certified_folder, shop, trust, now=signing.NOW)
    (_place(shop) / "attestation.json").unlink()
    assert delivery.copy(certified_folder, shop, trust, now=signing.NOW).sent == 1


def test_a_copy_that_was_whole_and_was_changed_is_not_mended_in_silence(certified_folder, shop, tmp_path, copied):
    """A file that differs beside an attestation is a finding, for a store and for a folder."""
    copied(certified_folder, shop)
    copied(certified_folder, tmp_path / "beside")
    for target in (shop, tmp_path / "beside"):
        folder = _place(target) if isinstance(target, Url) else target
        (folder / "report.html").write_bytes(b"other")
        with pytest.raises(Refused, match=r"report\.html"):
            copied(certified_folder, target)
        assert (folder / "report.html").read_bytes() == b"other"


def test_a_copy_into_a_folder_continues(certified_folder, shop, tmp_path, copied, monkeypatch):
    """What has the right digest in TO.partial stays; what a kill left half written goes."""
    copied(certified_folder, shop)
    partial = tmp_path / "back.partial"
    (partial / "documents").mkdir(parents=True)
    for name in ("SHA256SUMS", "certificate.json"):
        shutil.copy(certified_folder / name, partial / name)
    (partial / "report.html").write_bytes(b"<!doc")
    (partial / "documents" / "part-00000.parquet.tmp").write_bytes(b"PAR1")
    made = copied(shop, tmp_path / "back")
    assert (made.sent, made.kept) == (len(_tree(certified_folder)) - 2, 2)
    assert _tree(tmp_path / "back") == _tree(certified_folder)
    (tmp_path / "two.partial").mkdir()
    (tmp_path / "two.partial" / "work.txt").write_text("x")
    with pytest.raises(InputError, match=r"work\.txt: is there"):
        copied(shop, tmp_path / "two")


@pytest.mark.parametrize("gone", [False, True])
def test_what_another_copy_writes_meanwhile_is_found_out(
    certified_folder, shop, tmp_path, copied, keys, signing, monkeypatch, gone
):
    """Two copies that begin at once both find the place empty: no more than one says that it is whole."""
    other = signing.write_draft(tmp_path / "other", corpus={**signing.claim()["corpus"], "name": "another"})
    attestation.sign(other, keys["alice"].private, issued=signing.ISSUED, not_after=None)
    put = delivery._There.put

    def meanwhile(self, name, source):
        put(self, name, source)
        if name == "attestation.json":
            if gone:
                (_place(shop) / "report.html").unlink()
            else:
                shutil.copy(other / "SHA256SUMS", _place(shop) / "SHA256SUMS")

    monkeypatch.setattr(delivery._There, "put", meanwhile)
    with pytest.raises((InputError, Refused), match="is gone again" if gone else "holds another corpus"):
        copied(certified_folder, shop)


def test_a_list_that_leads_out_of_the_folder_is_refused(certified_folder, shop, tmp_path, copied, keys, signing):
    """Names come from a signed list in one spelling; a signature over another is no excuse."""
    copied(certified_folder, shop)
    sums = _place(shop) / "SHA256SUMS"
    sums.write_bytes(f"{hashlib.sha256(b'x').hexdigest()}  ../evil\n".encode() + sums.read_bytes())
    sealed = attestation.seal(
        attestation.statement(
            [("SHA256SUMS", hashlib.sha256(sums.read_bytes()).hexdigest())], attestation.PREDICATE_CORPUS,
            {"certificate": "sha256:" + "0" * 64, "issued": "2026-01-31T09:00:00Z", "not_after": None, "purpose": [],
             "signatures_required": 1},
        ),
        keys["alice"].private,
    )  # fmt: skip
    (_place(shop) / "attestation.json").write_bytes(sealed)
    with pytest.raises(VerificationError, match="may not hold"):
        copied(shop, tmp_path / "back")
    assert not (tmp_path / "evil").exists()


def test_the_command_says_what_it_did(certified_folder, shop, tmp_path, keys, capsys):
    """Exit codes 0, 1 and 2, and one JSON object."""
    trust = ["--trust", str(keys["alice"].public)]
    assert cli.main(["copy", str(certified_folder), str(shop), *trust, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["sent"], result["kept"], result["to"]) == (len(_tree(certified_folder)), 0, str(shop))
    assert cli.main(["copy", str(shop), str(tmp_path / "back"), *trust]) == 0
    assert "not checked against a revocation list" in capsys.readouterr().out
    assert cli.main(["copy", str(shop), str(tmp_path / "more"), "--trust", str(keys["bob"].public)]) == 1
    with pytest.raises(SystemExit, match="2"):  # it would be whole, and gone with this process
        cli.main(["copy", str(tmp_path / "back"), "memory://bucket/x", *trust])
    assert "memory://: what lies there is gone" in capsys.readouterr().err
    assert cli.main(["copy", f"{shop}-none", str(tmp_path / "more"), *trust]) == 2
    assert cli.main(["copy", str(shop), str(tmp_path / "more")]) == 2
    assert manifest(tmp_path / "back") == (certified_folder / "SHA256SUMS").read_bytes()


def test_a_store_in_memory_takes_a_copy(certified_folder, tmp_path, copied):
    """Another kind of store: no folder needs to be there before."""
    filesystem = fsspec.filesystem("memory")
    filesystem.store.clear()
    target = url_of("memory://bucket/corpus/")
    copied(certified_folder, target)
    assert copied(target, tmp_path / "back").sent == len(_tree(certified_folder))
    assert _tree(tmp_path / "back") == _tree(certified_folder)
    filesystem.store.clear()


def test_an_empty_name_in_an_url_is_refused(certified_folder, copied):
    """Stores list it as a folder without a name, so what is sent there never comes back."""
    with pytest.raises(InputError, match="an empty name between two slashes"):
        copied(certified_folder, url_of("s3://bucket//corpus"))

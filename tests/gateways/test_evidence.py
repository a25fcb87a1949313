"""The evidence store: what is put once stays as it is, inside the store's own folder."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from contracts.refusals import Code, Refused
from gateways.evidence import EvidenceStore, FolderStore, open_store

REFERENCE = "evidence/req-0001/id.jpg"
SHA256 = hashlib.sha256(b"a scan").hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return FolderStore(tmp_path / "evidence")


def test_a_document_is_kept_and_proven_by_its_hash(store: EvidenceStore) -> None:
    assert not store.exists(REFERENCE)
    assert store.sha256_of(REFERENCE) is None
    assert store.put(REFERENCE, b"a scan") == SHA256
    assert store.exists(REFERENCE)
    assert store.get(REFERENCE) == b"a scan"
    assert store.sha256_of(REFERENCE) == SHA256


def test_the_leading_evidence_names_the_store_itself(store: EvidenceStore, tmp_path: Path) -> None:
    store.put(REFERENCE, b"a scan")
    assert (tmp_path / "evidence/req-0001/id.jpg").read_bytes() == b"a scan"
    assert store.get("req-0001/id.jpg") == b"a scan"


def test_the_same_document_again_is_fine_and_another_is_refused(store: EvidenceStore) -> None:
    store.put(REFERENCE, b"a scan")
    assert store.put(REFERENCE, b"a scan") == SHA256
    with pytest.raises(Refused) as refused:
        store.put(REFERENCE, b"another scan")
    assert refused.value.code is Code.MISMATCH
    assert store.get(REFERENCE) == b"a scan"


def test_a_document_that_was_changed_on_the_disk_shows_another_hash(store: EvidenceStore, tmp_path: Path) -> None:
    store.put(REFERENCE, b"a scan")
    (tmp_path / "evidence/req-0001/id.jpg").write_bytes(b"a forged scan")
    assert store.sha256_of(REFERENCE) != SHA256


def test_of_two_writers_at_one_time_one_wins_whole(store: EvidenceStore) -> None:
    contents = [bytes([letter]) * 200_000 for letter in range(8)]
    refusals: list[Refused] = []

    def put(content: bytes) -> None:
        try:
            store.put(REFERENCE, content)
        except Refused as refused:
            refusals.append(refused)

    writers = [threading.Thread(target=put, args=(content,)) for content in contents]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(refusals) == len(contents) - 1
    assert store.get(REFERENCE) in contents


def test_a_write_that_fails_leaves_nothing(
    store: EvidenceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            store.put(REFERENCE, b"a scan")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert store.put(REFERENCE, b"a scan") == SHA256


def test_what_is_not_there_is_not_found(store: EvidenceStore) -> None:
    store.put(REFERENCE, b"a scan")
    for reference in ("req-0001/other.jpg", "req-0001", "req-0001/id.jpg/page"):
        with pytest.raises(Refused) as refused:
            store.get(reference)
        assert refused.value.code is Code.NOT_FOUND
        assert not store.exists(reference)


def test_a_document_is_never_taken_for_a_folder(store: EvidenceStore) -> None:
    store.put(REFERENCE, b"a scan")
    with pytest.raises(Refused) as refused:
        store.put(f"{REFERENCE}/page-1", b"a page")
    assert refused.value.code is Code.MISMATCH


@pytest.mark.parametrize(
    "reference",
    [
        *[
            "",
            "evidence/",
            "/etc/passwd",
            "../outside",
            "a/../../outside",
            "a/..",
            "./a",
            "a//b",
            "a/",
            ".hidden",
            "a/.b",
        ],
        *[
            "a\\b",
            "a\x00b",
            "a\nb",
            "a b",
            "~/a",
            "身份证.jpg",
            "file:///etc/passwd",
            "a" * 500,
            "evidence//etc/passwd",
        ],
    ],
)
def test_a_reference_that_could_lead_elsewhere_is_refused(store: EvidenceStore, tmp_path: Path, reference: str) -> None:
    for use in (store.get, store.exists, store.sha256_of, lambda each: store.put(each, b"x")):
        with pytest.raises(Refused) as refused:
            use(reference)
        assert refused.value.code is Code.BAD_INPUT
    assert list(tmp_path.iterdir()) == []


def test_a_symbolic_link_leads_nowhere(store: EvidenceStore, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/key").write_bytes(b"secret")
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence/folder").symlink_to(tmp_path / "secret")
    (tmp_path / "evidence/key").symlink_to(tmp_path / "secret/key")
    for reference in ("folder/key", "key"):
        with pytest.raises(Refused) as refused:
            store.get(reference)
        assert refused.value.code is Code.BAD_INPUT
        with pytest.raises(Refused):
            store.put(reference, b"overwritten")
    assert (tmp_path / "secret/key").read_bytes() == b"secret"


def test_a_store_below_a_link_is_a_store(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "evidence").symlink_to(tmp_path / "disk")
    assert FolderStore(tmp_path / "evidence").put(REFERENCE, b"a scan") == SHA256


def test_a_store_opens_at_a_path_and_at_a_url(tmp_path: Path) -> None:
    folder = tmp_path / "ev idence"
    open_store(str(folder)).put(REFERENCE, b"a scan")
    assert open_store(folder.as_uri()).get(REFERENCE) == b"a scan"


@pytest.mark.parametrize(
    ("url", "code"), [("s3://bucket/evidence", Code.NOT_ALLOWED), ("ftp://host/x", Code.BAD_INPUT)]
)
def test_a_store_that_is_not_built_is_refused_in_words(url: str, code: Code) -> None:
    with pytest.raises(Refused, match="QUIETUS_EVIDENCE_URL") as refused:
        open_store(url)
    assert refused.value.code is code

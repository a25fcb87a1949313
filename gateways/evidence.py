"""The evidence store: documents kept under a reference, written once, proven by their SHA-256."""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from contracts.refusals import Code, Refused

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}"
_REFERENCE = re.compile(f"{_PART}(/{_PART})*")
_LONGEST_REFERENCE = 400
_SHOWN = 80
_OWN_NAME = "evidence/"


OWN_PAPERS = ("dossiers/", "snapshots/", "statements/", "handover/", "tasks/")
"""Where the firm's own papers are kept; nobody else puts anything there."""


class EvidenceStore(Protocol):
    """Documents by reference, a relative path with `/`; a leading `evidence/` names the store itself.

    Every method refuses a reference that leads elsewhere (BAD_INPUT).
    """

    def put(self, reference: str, content: bytes) -> str:
        """Keep `content` for good; its SHA-256. The same content again is fine, another is refused (MISMATCH)."""
        ...

    def get(self, reference: str) -> bytes:
        """The content; Refused(NOT_FOUND) where there is none."""
        ...

    def exists(self, reference: str) -> bool:
        """Whether something is kept under `reference`."""
        ...

    def sha256_of(self, reference: str) -> str | None:
        """The SHA-256 of what is kept now; null where nothing is."""
        ...


class FolderStore:
    """The store as files below `root`, which need not exist yet."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, reference: str, content: bytes) -> str:
        """Either the whole document is there, safely on the disk, or nothing is."""
        path = self._path(reference)
        sha256 = hashlib.sha256(content).hexdigest()
        if not self._written(path, content) and self.sha256_of(reference) != sha256:
            raise Refused(Code.MISMATCH, f"Other content is kept under {reference}; evidence is written once.")
        return sha256

    def get(self, reference: str) -> bytes:
        path = self._path(reference)
        if not path.is_file():
            raise Refused(Code.NOT_FOUND, f"There is no evidence under {reference}.")
        return path.read_bytes()

    def exists(self, reference: str) -> bool:
        return self._path(reference).is_file()

    def sha256_of(self, reference: str) -> str | None:
        path = self._path(reference)
        if not path.is_file():
            return None
        with path.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()

    def _path(self, reference: str) -> Path:
        inner = reference.removeprefix(_OWN_NAME)
        if len(inner) > _LONGEST_REFERENCE or not _REFERENCE.fullmatch(inner):
            raise Refused(Code.BAD_INPUT, f"'{reference[:_SHOWN]}' should be a relative path of plain ASCII names.")
        root = self.root.resolve()
        path = (root / inner).resolve()
        if path != root / inner:
            raise Refused(Code.BAD_INPUT, f"'{reference[:_SHOWN]}' leads over a symbolic link.")
        return path

    def _written(self, path: Path, content: bytes) -> bool:
        """False when something stands there already. A hard link, unlike a rename, never replaces it."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise Refused(Code.MISMATCH, f"A document stands where {path.name} needs a folder.") from None
        with tempfile.NamedTemporaryFile(prefix=".", dir=path.parent) as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            try:
                os.link(draft.name, path)
            except FileExistsError:
                return False
        _sync(path.parent)
        return True


def open_store(url: str) -> EvidenceStore:
    """The store at `url`: a path or `file://` URL of a folder."""
    parts = urlsplit(url)
    if parts.scheme == "s3":
        raise Refused(Code.NOT_ALLOWED, "Evidence on s3 is not built yet; set QUIETUS_EVIDENCE_URL to a folder.")
    if "://" in url and parts.scheme != "file":
        raise Refused(Code.BAD_INPUT, "QUIETUS_EVIDENCE_URL should be a folder or a file:// URL.")
    return FolderStore(Path(unquote(parts.path)) if parts.scheme == "file" else Path(url))


def _sync(folder: Path) -> None:
    """The name of a new file is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

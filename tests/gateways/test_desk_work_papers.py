"""Evidence that staff put to a task: kept once, with its hash, and in the trail."""

import hashlib
from pathlib import Path

import pytest

from contracts.refusals import Code
from gateways.casebook import Casebook
from gateways.desk_work import LARGEST_ATTACHMENT_BYTES, Attachment, DeskWork
from gateways.evidence import FolderStore
from gateways.tokens import LocalTokens
from records import trail
from records.database import Database
from tests.gateways.desk_world import CASE, DOSSIER, a_case, a_task, fill, policies, refused, task_id

TASK = task_id("review")
PICTURE = Attachment("身份证 front.JPG", b"a picture", "the original was seen")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "evidence")


@pytest.fixture
def tokens(tmp_path: Path) -> LocalTokens:
    return LocalTokens(tmp_path / "keys")


@pytest.fixture
def desk(database: Database, tokens: LocalTokens) -> DeskWork:
    fill(database, a_case(), a_task("review"), a_task("other"))
    return DeskWork(database, tokens, policies())


def test_a_file_is_kept_shown_and_told_in_the_trail_with_its_hash(
    desk: DeskWork, tokens: LocalTokens, store: FolderStore
) -> None:
    line = desk.attach(TASK, PICTURE, store, tokens.mint("ann"))
    sha256 = hashlib.sha256(PICTURE.content).hexdigest()
    assert (line.reference, line.sha256, line.by) == (f"tasks/{DOSSIER}/1-front.JPG", sha256, "ann")
    assert store.get(line.reference) == PICTURE.content
    shown = {task.name: task.attachments for task in Casebook(desk.database, policies()).show(CASE).tasks}
    assert shown == {"review": (line,), "other": ()}
    with desk.database.transaction() as session:
        (link,) = trail.entries(session, DOSSIER)
    assert (link.what, link.why, link.evidence) == (
        f"evidence attached: {TASK}",
        "the original was seen",
        {line.reference: sha256},
    )


def test_the_same_content_twice_is_told_the_same(desk: DeskWork, tokens: LocalTokens, store: FolderStore) -> None:
    first = desk.attach(TASK, PICTURE, store, tokens.mint("ann"))
    again = desk.attach(TASK, Attachment("another name", PICTURE.content), store, tokens.mint("bob"))
    assert again == first
    elsewhere = desk.attach(task_id("other"), PICTURE, store, tokens.mint("ann"))
    assert elsewhere.reference == f"tasks/{DOSSIER}/2-front.JPG"


def test_a_name_is_never_a_way_out_of_the_folder(desk: DeskWork, tokens: LocalTokens, store: FolderStore) -> None:
    names = ["../../etc/passwd", "...", "", "a" * 300 + ".pdf", "合同", "=1+1;rm -rf"]
    for n, name in enumerate(names, start=1):
        line = desk.attach(TASK, Attachment(name, str(n).encode()), store, tokens.mint("ann"))
        folder, _, kept = line.reference.rpartition("/")
        assert (folder, kept.partition("-")[0]) == (f"tasks/{DOSSIER}", str(n))
        assert len(kept) < 110


def test_what_was_kept_without_ever_being_put_on_record_is_passed_by(
    desk: DeskWork, tokens: LocalTokens, store: FolderStore
) -> None:
    store.put(f"tasks/{DOSSIER}/1-front.JPG", b"of a transaction that failed")
    assert desk.attach(TASK, PICTURE, store, tokens.mint("ann")).reference == f"tasks/{DOSSIER}/2-front.JPG"


@pytest.mark.parametrize(
    ("content", "code"), [(b"x" * (LARGEST_ATTACHMENT_BYTES + 1), Code.TOO_LARGE), (b"", Code.BAD_INPUT)]
)
def test_a_file_that_is_too_large_or_empty_is_refused(
    desk: DeskWork, tokens: LocalTokens, store: FolderStore, content: bytes, code: Code
) -> None:
    attachment = Attachment("scan.pdf", content)
    assert refused(lambda: desk.attach(TASK, attachment, store, tokens.mint("ann"))).code is code


def test_only_those_whom_it_concerns_attach_something(desk: DeskWork, tokens: LocalTokens, store: FolderStore) -> None:
    assert refused(lambda: desk.attach(TASK, PICTURE, store, tokens.mint("clerk"))).code is Code.FORBIDDEN
    assert not store.exists(f"tasks/{DOSSIER}/1-front.JPG")
    assert desk.attach(TASK, PICTURE, store, tokens.mint("maker")).by == "maker"

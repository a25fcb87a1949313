"""The trail cannot be changed, and whoever changes it anyway is found out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from contracts.vocabulary import CaseKind, Initiator, Language
from records import trail
from records.database import Database
from records.tables import CaseRow

DOSSIER = "closure-ACC-1.1"
WHATS = ["received", "identified", "approved", "paid"]


def case(dossier: str = DOSSIER) -> CaseRow:
    now = datetime(2026, 11, 20, 8, tzinfo=UTC)
    return CaseRow(
        dossier=dossier,
        case_id="closure-ACC-1",
        n=1,
        kind=CaseKind.CLOSURE,
        request_id="REQ-1",
        request="{}",
        request_hash="",
        account="ACC-1",
        customer="CUS-1",
        language=Language.ZH,
        initiator=Initiator.CUSTOMER,
        policy="2026-1",
        stage="received",
        outcome="open",
        opened_at=now,
        expected_by=now,
    )


@pytest.fixture
def written(database: Database) -> Database:
    """A case with four links, and the trail of another."""
    with database.transaction() as session:
        session.add(case())
        for what in WHATS:
            trail.append(
                session, DOSSIER, who="li.wei", what=what, why="销户", evidence={"b": "2", "a": "1"}, policy="p1"
            )
        trail.append(session, "other", who="system", what="received")
    return database


def tamper(database: Database, *statements: str) -> list[str]:
    """Go round the triggers as somebody with the administrator's rights would, and verify."""
    dropped = ["DROP TRIGGER trail_no_update", "DROP TRIGGER trail_no_delete"]
    off = dropped if database.kind == "sqlite" else ["ALTER TABLE trail DISABLE TRIGGER ALL"]
    with database.engine.begin() as connection:
        for statement in (*off, *statements):
            connection.execute(text(statement))
    with database.transaction() as session:
        return [f"{broken.dossier} {broken.seq}: {broken.words}" for broken in trail.verify(session)]


def test_links_come_back_as_they_were_written_and_hold(written):
    with written.transaction() as session:
        links = trail.entries(session, DOSSIER)
        assert [(link.seq, link.what, link.who, link.why) for link in links] == [
            (n, what, "li.wei", "销户") for n, what in enumerate(WHATS, 1)
        ]
        assert links[0].evidence == {"a": "1", "b": "2"}
        assert [link.previous for link in links] == ["", *(link.hash for link in links[:-1])]
        assert trail.verify(session) == trail.verify(session, DOSSIER) == []
        head = trail.head(session, DOSSIER)
        row = session.get_one(CaseRow, DOSSIER)
        assert (head.length, head.head) == (4, links[-1].hash) == (row.trail_length, row.trail_head)


def test_a_case_added_in_the_same_transaction_knows_the_head(database):
    with database.transaction() as session:
        row = case()
        session.add(row)
        head = trail.append(session, DOSSIER, who="system", what="received")
    assert (row.trail_length, row.trail_head) == (head.length, head.head)


def test_the_moment_of_a_link_is_kept_whatever_its_zone(database):
    at = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    with database.transaction() as session:
        trail.append(session, DOSSIER, who="system", what="received", at=at)
    with database.transaction() as session:
        link = trail.entries(session, DOSSIER)[0]
        assert link.at == at
        assert link.at.utcoffset() == timedelta(0)
        assert trail.verify(session) == []


def test_the_database_refuses_to_change_what_is_append_only(written):
    columns = "(n, id, reference, at, text, period, recorded_at, lines)"
    at = "'2026-11-20 08:00:00'"
    entry = f"INSERT INTO journal_entries {columns} VALUES (1, 'E', 'R', {at}, '', '2026-11', {at}, 1)"
    line = "INSERT INTO journal_lines (entry, n, ledger, minor, currency) VALUES ('E', 1, 'fees:CNY', 1, 'CNY')"
    with written.engine.begin() as connection:
        connection.execute(text(entry))
        connection.execute(text(line))
    for table, column in (("trail", "why"), ("journal_entries", "text"), ("journal_lines", "ledger")):
        for change in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match=f"{table} is append-only"), written.engine.begin() as connection:
                connection.execute(text(change))


@pytest.mark.parametrize("column", ["who", "evidence"])
def test_a_changed_link_is_found(written, column):
    found = tamper(written, f"UPDATE trail SET {column} = 'x' WHERE dossier = '{DOSSIER}' AND seq = 2")
    assert found == [f"{DOSSIER} 2: Link 2 was changed after it was written."]


def test_a_link_that_is_taken_out_is_found(written):
    found = tamper(written, f"DELETE FROM trail WHERE dossier = '{DOSSIER}' AND seq = 2")
    assert found == [f"{DOSSIER} 2: Link 2 is missing."]


def test_a_gap_that_is_closed_up_is_found(written):
    found = tamper(
        written,
        f"DELETE FROM trail WHERE dossier = '{DOSSIER}' AND seq = 2",
        f"UPDATE trail SET seq = 2 WHERE dossier = '{DOSSIER}' AND seq = 3",
        f"UPDATE trail SET seq = 3 WHERE dossier = '{DOSSIER}' AND seq = 4",
    )
    assert f"{DOSSIER} 2: Link 2 does not follow from the one before it." in found


def test_links_in_another_order_are_found(written):
    swap = f"UPDATE trail SET seq = {{}} WHERE dossier = '{DOSSIER}' AND seq = {{}}"
    found = tamper(written, swap.format(9, 2), swap.format(2, 3), swap.format(3, 9))
    assert {f"{DOSSIER} {n}: Link {n} was changed after it was written." for n in (2, 3)} <= set(found)


def test_a_tail_that_is_cut_off_is_found(written):
    found = tamper(written, f"DELETE FROM trail WHERE dossier = '{DOSSIER}' AND seq > 2")
    assert found == [f"{DOSSIER} 2: The trail ends at link 2, but the case was written up to link 4."]


def test_a_trail_that_is_gone_altogether_is_found(written):
    found = tamper(written, f"DELETE FROM trail WHERE dossier = '{DOSSIER}'")
    assert found == [f"{DOSSIER} 4: The whole trail is missing."]


def test_a_crowd_writes_one_unbroken_chain(database):
    def write(n: int) -> None:
        with database.transaction() as session:
            trail.append(session, DOSSIER, who="system", what=f"step {n}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    with database.transaction() as session:
        assert trail.head(session, DOSSIER).length == 40
        assert trail.verify(session) == []

"""Name screening: the list is loaded whole or not at all, and a name finds its entry and no other."""

import csv
import hashlib
import io
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from contracts.refusals import Code, Refused
from gateways import names
from gateways.sanctions_file import COLUMNS
from gateways.screening import DOSSIER, ListScreening, Screened
from policy.model import Screening as Rules
from records import trail
from records.database import Database
from records.tables import ScreeningListRow, ScreeningNameRow

RULES = Rules(hit=90, hit_with_birth_date=80, other_birth_date=15)
EXAMPLE = Path(__file__).parents[2] / "examples" / "sanctions.csv"


def a_list(*rows: tuple[str, str, str, str]) -> str:
    """A list of persons: id, name, aliases, birth date."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry, name, aliases, birth_date in rows:
        given = {"id": entry, "schema": "Person", "name": name, "aliases": aliases, "birth_date": birth_date}
        writer.writerow({**given, "countries": "cn", "dataset": "made up"})
    return text.getvalue()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'records.db'}")
    database.upgrade()
    yield database
    database.dispose()


@pytest.fixture
def screening(database: Database) -> ListScreening:
    return ListScreening(database)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListScreening]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('screening') / 'records.db'}")
    database.upgrade()
    screening = ListScreening(database)
    screening.load(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE.name)
    yield screening
    database.dispose()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ListScreening]:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('scratch') / 'records.db'}")
    database.upgrade()
    yield ListScreening(database)
    database.dispose()


def entries(found: Screened) -> list[str]:
    return [hit.entry_id for hit in found.hits]


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("仇鹤年", "mus-p001"),
        ("仇鶴年", "mus-p001"),
        ("Henian QIU", "mus-p001"),
        ("Shan Chengsi", "mus-p002"),
        ("Yanqiu Tsang", "mus-p003"),
        ("Zhai Jiu-Gao", "mus-p004"),
        ("Tan Wangshu", "mus-p005"),
        ("Shubian Ou Yang", "mus-p007"),
        ("萧铁崖", "mus-p011"),
        ("钱锺书", None),
        ("鍾灵毓", "mus-p012"),
        ("Lv Wangchao", "mus-p016"),
        ("Brusnikov Viktor Anatolyevich", "mus-p017"),
        ("Yousef Karim Al Dahiri", "mus-p019"),
        ("Odegard Thorvald Bjornsen", "mus-p021"),
        ("El Contador", "mus-p022"),
        ("李光赫", "mus-p024"),
        ("北境远洋航运股份有限公司", "mus-c001"),
        ("天工惯导技术(深圳)有限公司", "mus-c003"),
        ("Sunchau Global Trading Ltd", "mus-c004"),
        ("NORDVIK OFFSHORE SERVICES", "mus-c009"),
        ("红三角洲兄弟会", "mus-o011"),
        ("张伟", None),
        ("Zhang Wei", None),
        ("李娜", None),
        ("上海示例贸易有限公司", None),
        ("仇鹤龄", None),
        ("Qiu Hening", None),
        ("Northern Shipping Co., Ltd.", None),
        ("", None),
    ],
)
def test_a_name_finds_its_entry_and_no_other(example: ListScreening, name: str, entry: str | None) -> None:
    assert entries(example.screen(name, None, RULES)) == ([entry] if entry else [])


listed_names = st.one_of(
    st.text(alphabet="覃单王张伟敏明", min_size=2, max_size=4),
    st.lists(st.sampled_from(["Zhang", "Wei", "wei", "Xiao-Ming", "qin", "Tan", "Anna", "Ana", "Ltd"]), max_size=4).map(
        " ".join
    ),
    st.sampled_from(["王伟 Wang Wei", "ABC单明有限公司", "Wei Tan 覃伟", "覃明 Ltd", "王"]),
)


@given(name=listed_names, others=st.lists(listed_names.filter(str.strip), min_size=1, max_size=12))
@settings(max_examples=80, deadline=None)
def test_the_search_misses_nothing_that_comparing_one_by_one_finds(
    scratch: ListScreening, name: str, others: list[str]
) -> None:
    scratch.load(a_list(*((f"E-{n:02}", other, "", "") for n, other in enumerate(others))), "made up")
    rules = RULES.model_copy(update={"hit": 70, "hit_with_birth_date": 70})
    hits = {hit.entry_id: hit.score for hit in scratch.screen(name, None, rules).hits}
    slowly = {f"E-{n:02}": int(names.score(name, other)) for n, other in enumerate(others)}
    expected = sorted((score for score in slowly.values() if score >= 70), reverse=True)[:10]
    assert sorted(hits.values(), reverse=True) == expected
    assert all(slowly[entry] == score for entry, score in hits.items())


def test_a_hit_says_what_it_rests_on(example: ListScreening) -> None:
    found = example.screen("曾硯秋", None, RULES)
    assert found.version == hashlib.sha256(EXAMPLE.read_bytes()).hexdigest()
    assert found.best_score == 100
    (hit,) = found.hits
    assert (hit.entry_id, hit.matched_name, hit.is_alias, hit.score) == ("mus-p003", "曾砚秋", False, 100)
    assert (hit.birth_date, hit.dataset, hit.countries) == ("1959-11-02", "Made-up Freezing Orders", "cn;hk")


def test_the_nearest_name_is_told_where_nothing_hits(example: ListScreening) -> None:
    found = example.screen("仇鹤龄", None, RULES)
    assert found.hits == ()
    assert 50 < found.best_score < 90


@pytest.mark.parametrize(
    ("listed", "born", "is_hit"),
    [
        ("1968-03-14", date(1968, 3, 14), True),
        ("1968-03", date(1968, 3, 14), True),
        ("1968", date(1968, 12, 31), True),
        ("1960-01-01;1968", date(1968, 3, 14), True),
        ("1968-03-14", None, False),
        ("", date(1968, 3, 14), False),
        ("1968-03-14", date(1968, 3, 15), False),
        ("1968-04", date(1968, 3, 14), False),
        ("1967", date(1968, 3, 14), False),
    ],
)
def test_the_same_birth_date_makes_a_near_name_a_hit(
    screening: ListScreening, listed: str, born: date | None, is_hit: bool
) -> None:
    screening.load(a_list(("E-1", "Victor Brusnikof", "", listed)), "made up")
    assert bool(screening.screen("Viktor Brusnikov", born, RULES).hits) is is_hit


def test_another_birth_date_lowers_the_score_and_the_same_one_comes_first(screening: ListScreening) -> None:
    others = [(f"E-{n:02}", "Anna Lindqvist", "", f"19{n:02}-01-01") for n in range(20, 80)]
    screening.load(a_list(*others, ("E-99", "Anna Lindqvist", "", "1985")), "made up")
    found = screening.screen("Lindqvist, Anna", date(1985, 6, 1), RULES)
    assert entries(found) == ["E-99"]
    mild = screening.screen("Lindqvist, Anna", date(1985, 6, 1), RULES.model_copy(update={"other_birth_date": 5}))
    assert entries(mild)[0] == "E-99"
    assert [hit.score for hit in mild.hits] == [100] + [95] * 9


def test_an_entry_is_one_hit_however_many_of_its_names_fit(screening: ListScreening) -> None:
    screening.load(a_list(("E-1", "仇鹤年", "仇鶴年;Qiu Henian;Henian Qiu", "")), "made up")
    (hit,) = screening.screen("Qiu He Nian", None, RULES).hits
    assert not hit.is_alias


def test_without_a_list_the_answer_says_so(screening: ListScreening) -> None:
    assert screening.screen("仇鹤年", None, RULES) == Screened(version="")


def test_the_same_file_again_changes_nothing(screening: ListScreening, database: Database) -> None:
    text = a_list(("E-1", "仇鹤年", "", ""))
    assert (
        screening.load(text, "made up") == screening.load(text, "made up") == hashlib.sha256(text.encode()).hexdigest()
    )
    with database.transaction() as session:
        assert trail.head(session, DOSSIER).length == 1
        assert len(session.exec(select(ScreeningNameRow)).all()) == 1


def test_a_new_list_replaces_the_old_one_for_every_process(screening: ListScreening, database: Database) -> None:
    old, new = a_list(("E-1", "仇鹤年", "", "")), a_list(("E-2", "单承嗣", "", ""))
    elsewhere = ListScreening(database)
    for text, hit, clear in [(old, "仇鹤年", "单承嗣"), (new, "单承嗣", "仇鹤年"), (old, "仇鹤年", "单承嗣")]:
        version = screening.load(text, "made up")
        for each in (screening, elsewhere):
            assert each.screen(hit, None, RULES).version == version
            assert each.screen(hit, None, RULES).hits
            assert not each.screen(clear, None, RULES).hits
    with database.transaction() as session:
        rows = session.exec(select(ScreeningListRow)).all()
        assert [row.current for row in rows].count(True) == 1
        assert [entry.evidence["names"] for entry in trail.entries(session, DOSSIER)] == ["1", "1", "1"]


def test_threads_that_screen_at_one_time_agree(screening: ListScreening) -> None:
    screening.load(a_list(*((f"E-{n}", f"Anna Lindqvist{n}", "", "") for n in range(500))), "made up")
    found: list[Screened] = []
    threads = [
        threading.Thread(target=lambda: found.append(screening.screen("Anna Lindqvist7", None, RULES)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(map(repr, found))) == 1


def test_aliases_in_quotes_keep_their_semicolons(screening: ListScreening) -> None:
    screening.load(a_list(("E-1", "Nemo", '"Smith; John";"The ""Fox"""; Karl Ahlberg', "")), "made up")
    for name in ("Smith John", 'the "fox"', "Karl Ahlberg"):
        (hit,) = screening.screen(name, None, RULES).hits
        assert hit.is_alias


def test_every_fault_is_named_and_then_nothing_is_loaded(screening: ListScreening) -> None:
    kept = screening.load(a_list(("E-1", "仇鹤年", "", "")), "made up")
    faulty = a_list(
        ("E-2", "单承嗣", "", "1968-02-30"),
        ("", "Nobody", "", ""),
        ("E-4", "  ", "", "soon"),
        ("E-5", "Good", '"open', ""),
        ("E-2", "Twice", "", "1970"),
        ("E-7", "Hid\u202eden", "", ""),
    )
    with pytest.raises(Refused) as refused:
        screening.load(faulty + "E-8,Person,short\n", "made up")
    assert refused.value.code is Code.BAD_INPUT
    assert {fault.path for fault in refused.value.faults} == {
        *("row 2, birth_date", "row 3, id", "row 4, name", "row 4, birth_date", "row 5, aliases"),
        *("row 6, id", "row 7, name", "row 8"),
    }
    assert screening.screen("仇鹤年", None, RULES).version == kept


def test_each_missing_column_is_named(screening: ListScreening) -> None:
    with pytest.raises(Refused) as refused:
        screening.load("id,name,birth_date,countries\nE-1,仇鹤年,,cn\n", "made up")
    assert [fault.message for fault in refused.value.faults] == [
        f"the column {column} is missing" for column in ("schema", "aliases", "dataset")
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "{}", ",".join(COLUMNS) + "\n", ",".join(COLUMNS) + '\nE-1,Person,"open'])
def test_a_file_that_is_no_list_is_refused(screening: ListScreening, text: str) -> None:
    with pytest.raises(Refused) as refused:
        screening.load(text, "made up")
    assert refused.value.code is Code.BAD_INPUT


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(screening: ListScreening) -> None:
    screening.load("\ufeff" + a_list(("E-1", "仇鹤年", "", "")).replace("\n", "\r\n"), "made up")
    assert entries(screening.screen("仇鹤年", None, RULES)) == ["E-1"]

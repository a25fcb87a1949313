"""事故分析: the numbers that reports come to, against those reckoned by hand."""

from datetime import date
from math import exp

import pytest
from sqlalchemy import event

from contracts.analysis import AnalysedStep, Measure, Rhythm
from contracts.incidents import Category, Severity
from contracts.money import Money
from contracts.notices import DeliveryState
from contracts.vocabulary import Intake, Outcome, Role
from gateways.latent_risks import chance_of
from records.books_tables import AccountRow
from records.database import Database
from tests.gateways.desk_world import fill, keep
from tests.gateways.incident_world import HOUR, NOW, a_report, analysed, at, named, surveyed, told, worked


def a_mixed_lot(database: Database) -> None:
    """Four reports: one solved, one unconfirmed, one linked, one open."""
    solved = a_report(
        "A", category=Category.TRANSACTION, severity=Severity.P2, department=Role.FINANCE, matter="fees",
        cause="data_entry", triaged_at=at(hours=1), solved_at=at(hours=5), minor=10050, currency="CNY",
        case_outcome="solved", case_ended_at=at(days=2),
    )  # fmt: skip
    unconfirmed = a_report(
        "B", at(days=1), channel=Intake.HOTLINE, department=Role.FINANCE, matter="fees", cause="process",
        triaged_at=at(days=1, hours=2), solved_at=at(days=3), reopened=1, escalated=True, minor=5000, currency="CNY",
        case_outcome="unconfirmed", case_ended_at=at(days=8),
    )  # fmt: skip
    linked = a_report("C", at(days=7), linked_to="incident-B", case_outcome="linked", case_ended_at=at(days=7, hours=1))
    keep(database, *solved, *unconfirmed, *linked, *a_report("D", at(days=14)))


def test_reports_are_counted_by_what_they_are_and_how_they_ended(database: Database) -> None:
    a_mixed_lot(database)
    analysis = analysed(database)
    assert (analysis.reports, analysis.since, analysis.until) == (4, date(2026, 11, 2), date(2026, 11, 22))
    assert named(analysis.outcomes) == {"open": 1, "solved": 1, "unconfirmed": 1, "linked": 1}
    assert named(analysis.categories) == {"transaction": 1, "other": 3}
    assert named(analysis.severities) == {"P2": 1, "P3": 3}
    assert named(analysis.channels) == {"web": 3, "hotline": 1}
    assert named(analysis.departments) == {"finance": 2, "": 2}
    assert named(analysis.causes) == {"data_entry": 1, "process": 1}
    assert named(analysis.matters) == {"fees": 2}


def test_only_the_reports_of_the_days_asked_for_count_by_the_firms_clock(database: Database) -> None:
    late_on_the_third = at(days=1, hours=13.9)  # 23:54 in Shanghai
    keep(database, *a_report("A"), *a_report("B", late_on_the_third), *a_report("C", at(days=1, hours=14.1)))
    assert analysed(database, since=at(days=1), until=at(days=1)).reports == 1
    assert analysed(database, since=at(days=2), until=at(days=2)).reports == 1
    assert analysed(database, since=at(days=-100)).since == date(2026, 11, 2)
    assert analysed(database, since=at(days=2)).since == date(2026, 11, 4)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_first_and_the_last_of_all_days_can_be_asked_for(database: Database, day: date) -> None:
    keep(database, *a_report("A"))
    at_that_day = at().replace(year=day.year, month=day.month, day=day.day)
    assert analysed(database, since=min(at_that_day, at()), until=max(at_that_day, at())).reports == 1


def test_a_time_without_reports_comes_to_nothing(database: Database) -> None:
    analysis = analysed(database, since=at())
    assert (analysis.reports, analysis.since, analysis.trend) == (0, date(2026, 11, 2), ())


def test_the_trend_has_every_day_or_week_or_month_also_the_empty_ones(database: Database) -> None:
    a_mixed_lot(database)
    by_day = analysed(database)
    assert (by_day.rhythm, len(by_day.trend)) == (Rhythm.DAY, 21)
    told_of = {point.begins.day: (point.reported, point.solved) for point in by_day.trend}
    something = {day: pair for day, pair in told_of.items() if any(pair)}
    assert something == {2: (1, 1), 3: (1, 0), 5: (0, 1), 9: (1, 0), 16: (1, 0)}
    keep(database, *a_report("E", at(days=-28)))
    by_week = analysed(database)
    assert by_week.rhythm is Rhythm.WEEK
    assert [point.reported for point in by_week.trend] == [1, 0, 0, 0, 2, 1, 1]
    assert by_week.trend[0].begins == date(2026, 10, 5)
    keep(database, *a_report("F", at(days=-400)))
    by_month = analysed(database)
    assert (by_month.rhythm, by_month.trend[-1].reported, len(by_month.trend)) == (Rhythm.MONTH, 4, 15)


def test_times_of_staff_are_working_time_and_those_of_the_customer_plain(database: Database) -> None:
    overnight = worked("A", "triage", at(hours=7), at(days=1, hours=1))  # 17:00 to 11:00: one hour and two
    again = [worked("A", "analyse", at(), at(hours=1)), worked("A", "analyse", at(hours=2), at(hours=2.5), n=2)]
    confirmed = worked("A", "incident_solved", at(), at(days=5))
    open_yet = worked("A", "carry_out", at(), None)
    keep(database, *a_report("A"), overnight, *again, confirmed, open_yet)
    steps = {each.step: each for each in analysed(database).steps}
    assert set(steps) == {AnalysedStep.TRIAGE, AnalysedStep.ANALYSIS, AnalysedStep.CONFIRMATION}
    assert (steps[AnalysedStep.TRIAGE].median_hours, steps[AnalysedStep.TRIAGE].in_working_time) == (3.0, True)
    assert (steps[AnalysedStep.ANALYSIS].median_hours, steps[AnalysedStep.ANALYSIS].incidents) == (1.5, 1)
    confirmation = steps[AnalysedStep.CONFIRMATION]
    assert (confirmation.median_hours, confirmation.in_working_time) == (120.0, False)


def test_half_are_through_within_the_median_and_nine_of_ten_within_the_other(database: Database) -> None:
    for n in range(1, 11):  # 6, 12, ... 60 minutes
        keep(database, *a_report(f"R{n}"), worked(f"R{n}", "triage", at(), at(hours=n / 10)))
    (triage,) = analysed(database).steps
    assert (triage.incidents, triage.median_hours, triage.p90_hours) == (10, 0.55, 0.9)


def test_the_whole_way_is_from_the_report_to_the_solution_and_to_the_end(database: Database) -> None:
    a_mixed_lot(database)
    steps = {each.step: each for each in analysed(database).steps}
    assert steps[AnalysedStep.UNTIL_SOLVED].median_hours == 11.5  # 5 hours, and 18 over two days
    assert (steps[AnalysedStep.WHOLE].incidents, steps[AnalysedStep.WHOLE].median_hours) == (3, 48.0)


def test_late_is_what_came_after_its_time_or_has_not_come_though_it_is_over(database: Database) -> None:
    keep(
        database, *a_report("in-time"), *a_report("late"), *a_report("never"), *a_report("failed"),
        *a_report("not-yet", NOW - HOUR / 2, case_expected_by=NOW + HOUR),
        told("in-time", "incident_received", at(hours=0.5)), told("in-time", "incident_received", at(hours=9)),
        told("late", "incident_received", at(hours=2)), told("late", "incident_taken", at(hours=9)),
        told("in-time", "incident_ended", at(hours=8)),
        told("failed", "incident_received", at(hours=0.5), DeliveryState.FAILED),
    )  # fmt: skip
    rates = {each.measure: (each.number, each.of) for each in analysed(database).rates}
    assert rates[Measure.ACKNOWLEDGED_LATE] == (3, 4)
    assert rates[Measure.ANSWERED_LATE] == (3, 4)
    assert rates[Measure.SOLVED_LATE] == (4, 4)


def test_what_was_linked_or_withdrawn_was_not_to_be_solved(database: Database) -> None:
    a_mixed_lot(database)
    keep(database, *a_report("W", case_outcome=Outcome.WITHDRAWN, case_ended_at=at(hours=1)))
    rates = {each.measure: each for each in analysed(database).rates}
    assert (rates[Measure.SOLVED_LATE].number, rates[Measure.SOLVED_LATE].of) == (2, 3)  # B and D of A, B, D
    assert rates[Measure.SOLVED_LATE].share == pytest.approx(2 / 3)
    assert (rates[Measure.REOPENED].number, rates[Measure.ESCALATED].number, rates[Measure.REOPENED].of) == (1, 1, 5)


def test_what_people_changed_of_the_proposals_is_counted_among_those_triaged(database: Database) -> None:
    a_mixed_lot(database)  # A and B are triaged; A is not what was proposed
    rates = {each.measure: (each.number, each.of) for each in analysed(database).rates}
    assert rates[Measure.CATEGORY_CHANGED] == rates[Measure.SEVERITY_CHANGED] == (1, 2)


def test_compensation_is_added_up_by_currency(database: Database) -> None:
    a_mixed_lot(database)
    keep(database, *a_report("Y", minor=700, currency="JPY"))
    paid = [(each.amount, each.incidents) for each in analysed(database).paid]
    assert paid == [(Money(minor=15050, currency="CNY"), 2), (Money(minor=700, currency="JPY"), 1)]


def test_satisfaction_is_that_of_surveys_about_these_incidents(database: Database) -> None:
    a_mixed_lot(database)
    keep(database, *surveyed("A", "answered", 420), *surveyed("B", "answered", 333), *surveyed("C", "expired"))
    keep(database, *surveyed("elsewhere", "answered", 100))
    surveys = analysed(database).satisfaction
    assert (surveys.sent, surveys.answered, surveys.expired, surveys.mean) == (3, 2, 1, 3.77)


@pytest.mark.parametrize(
    ("number", "expected", "chance"),
    [(0, 2.0, 1.0), (1, 2.0, 1 - exp(-2)), (3, 1.0, 1 - 2.5 * exp(-1)), (2, 0.5, 1 - 1.5 * exp(-0.5))],
)
def test_the_chance_of_so_many_is_the_upper_tail_of_poisson(number: int, expected: float, chance: float) -> None:
    assert chance_of(number, expected) == pytest.approx(chance, rel=1e-9)


def test_the_chance_is_still_right_far_out_and_for_large_numbers() -> None:
    assert chance_of(1000, 1000.0) == pytest.approx(0.50420, abs=0.00001)
    assert chance_of(200, 2000.0) == pytest.approx(1.0)
    assert 0 < chance_of(100, 3.0) < 1e-100


def test_a_matter_that_comes_more_often_than_before_is_rising_and_a_steady_one_is_not(database: Database) -> None:
    """Of 20 days the last 5 are held against 15 before: a third of what came then, and of one more, is expected."""
    for n in range(20):
        keep(database, *a_report(f"steady-{n}", at(days=n), matter="fees"))
    for n in range(6):
        keep(database, *a_report(f"new-{n}", at(days=16), matter="outage"))
    for n in range(3):
        linked = {"linked_to": "incident-new-1", "case_outcome": "linked"}
        keep(database, *a_report(f"again-{n}", at(days=16), matter="scam", **linked))
    risks = analysed(database, until=at(days=19)).risks
    (rising,) = risks.rising
    assert (risks.since, risks.compared, risks.chance) == (date(2026, 11, 17), 2, 0.005)
    assert (rising.matter, rising.recent, rising.earlier, rising.expected) == ("outage", 6, 0, 0.33)
    assert rising.chance == pytest.approx(chance_of(6, 1 / 3))


def test_reports_without_a_matter_are_grouped_by_category_and_department(database: Database) -> None:
    keep(database, *a_report("first"))
    for n in range(7):
        keep(database, *a_report(f"R{n}", at(days=19), category=Category.TECHNICAL, department=Role.TECHNOLOGY))
    (rising,) = analysed(database).risks.rising
    assert (rising.matter, rising.category, rising.department) == ("", Category.TECHNICAL, Role.TECHNOLOGY)


def test_one_day_can_be_held_against_nothing(database: Database) -> None:
    keep(database, *[row for n in range(9) for row in a_report(f"R{n}", NOW, matter="outage")])
    risks = analysed(database).risks
    assert (risks.since, risks.rising) == (None, ())


def test_a_matter_from_three_channels_on_one_day_is_widespread(database: Database) -> None:
    for n, channel in enumerate((Intake.WEB, Intake.APP, Intake.HOTLINE)):
        keep(database, *a_report(f"R{n}", NOW, matter="outage", channel=channel))
        keep(database, *a_report(f"S{n}", NOW, matter="fees"))
        keep(database, *a_report(f"T{n}", at(days=17 + n), matter="day after day", channel=channel))
        keep(database, *a_report(f"U{n}", channel=channel, matter="long ago"))
    (spread,) = analysed(database).risks.widespread
    assert (spread.matter, spread.day, spread.reports) == ("outage", date(2026, 11, 22), 3)
    assert spread.channels == (Intake.APP, Intake.HOTLINE, Intake.WEB)


def test_a_matter_at_three_branches_on_one_day_is_widespread(database: Database) -> None:
    fill(database)
    for branch in ("east", "west", "north"):
        account = AccountRow(id=branch, customer="CUS-1", currency="CNY", opened_on=date.min, branch=branch)
        keep(database, account)
        keep(database, *a_report(branch, NOW, matter="outage", case_account=branch))
    (spread,) = analysed(database).risks.widespread
    assert (spread.channels, spread.branches) == ((Intake.WEB,), ("east", "north", "west"))


def test_a_customer_who_reports_three_times_is_shown_by_case_ids_only(database: Database) -> None:
    for n in range(3):
        keep(database, *a_report(f"R{n}", at(days=n), customer="CUS-7", matter="fees"))
    keep(database, *a_report("other"))
    analysis = analysed(database)
    (repeated,) = analysis.risks.repeated
    assert (repeated.reports, repeated.matters) == (3, ("fees",))
    assert repeated.cases == ("incident-R0", "incident-R1", "incident-R2")
    assert "CUS-" not in analysis.model_dump_json()


def test_however_many_reports_there_are_the_records_are_asked_equally_often(database: Database) -> None:
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    for many in (1, 20):
        keep(database, *[row for n in range(many) for row in a_report(f"{many}-{n}")])
    asked.clear()
    analysed(database)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 7

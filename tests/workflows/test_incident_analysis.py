"""The analysis of incidents that were really dealt with: it knows the steps and the notices by their names."""

from datetime import UTC, date, datetime, timedelta

from contracts.analysis import AnalysedStep, IncidentAnalysis, Measure
from contracts.money import Money
from gateways.incident_analysis import IncidentBook
from tests.support.firm import Firm
from tests.support.incidents import handled, reported, says


def analysed(firm: Firm) -> IncidentAnalysis:
    """A month after, so that nothing is not due yet."""
    book = IncidentBook(firm.world.database, firm.world.policies)
    return book.analyse(None, date.max, datetime.now(UTC) + timedelta(days=30))


async def test_an_incident_that_was_dealt_with_is_in_each_step_and_was_answered_in_time(firm: Firm):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "change", category="transaction", severity="P4", matter="fees")
    await says(firm, case, "analyse", "analysed", cause="data_entry")
    await says(firm, case, "solve", "proposed", compensation="20.00")
    await says(firm, case, "compensation", "approve", by="song.jia")
    await says(firm, case, "carry_out", "done")
    await says(firm, case, "incident_solved", "solved")
    await firm.pass_time(timedelta(days=1))
    await says(firm, case, "call_back", "solved")
    await firm.outcome(case)

    analysis = analysed(firm)

    assert {each.step for each in analysis.steps} == set(AnalysedStep)
    assert [(each.name, each.number) for each in (*analysis.outcomes, *analysis.causes, *analysis.matters)] == [
        ("solved", 1), ("data_entry", 1), ("fees", 1),
    ]  # fmt: skip
    rates = {each.measure: (each.number, each.of) for each in analysis.rates}
    assert rates[Measure.ACKNOWLEDGED_LATE] == rates[Measure.ANSWERED_LATE] == (0, 1)
    assert (rates[Measure.SEVERITY_CHANGED], rates[Measure.CATEGORY_CHANGED]) == ((1, 1), (0, 1))
    assert [each.amount for each in analysis.paid] == [Money(minor=2000, currency="CNY")]


async def test_an_incident_that_was_reopened_counts_as_such_and_as_open(firm: Firm):
    case = (await reported(firm)).case
    await says(firm, case, "triage", "confirm")
    await handled(firm, case)
    await says(firm, case, "incident_solved", "not_solved")
    await firm.task("analyse", case)
    analysis = analysed(firm)
    rates = {each.measure: (each.number, each.of) for each in analysis.rates}
    assert rates[Measure.REOPENED] == (1, 1)
    assert [(each.name, each.number) for each in analysis.outcomes] == [("open", 1)]

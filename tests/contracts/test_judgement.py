"""The judge, by a table: every state of a task, every decision, every kind of person, every place in a quorum.

What is expected is read from a list of rules, the first that fits; the judge is never asked what it should say.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum, auto
from itertools import product
from string import Formatter
from typing import Any, NamedTuple

import pytest

from contracts.judgement import CORRECTING, Bar, Decider, Earlier, Hearing, Verdict, admissible, eligible, judge
from contracts.refusals import Code, Refused
from contracts.tasks import Decision, DecisionReceipt, TaskOption, TaskSpec
from contracts.verdicts import Ground
from contracts.vocabulary import Role

TASK = "closure-ACC-1001.task-1-approval"
WHO = "li.wei"
FINANCE, COMPLIANCE = frozenset({Role.FINANCE}), frozenset({Role.COMPLIANCE})
OUTSIDE = frozenset({Role.RECORDS})
ALLOWED = FINANCE | COMPLIANCE


class State(Enum):
    """How the task stands."""

    OPEN = auto()
    DECIDED = auto()
    WITHDRAWN = auto()
    UNKNOWN = auto()


class Option(Enum):
    """The option that is chosen: one that asks for nothing, one that asks for a reason and a stage, and final ones."""

    PLAIN = TaskOption(name="approve")
    DEMANDING = TaskOption(name="approve_from", reason_needed=True, wants="stage", among=("finance", "contract"))
    FINAL = TaskOption(name="reject", final=True)
    FINAL_DEMANDING = TaskOption(
        name="return", final=True, reason_needed=True, wants="stage", among=("finance", "contract")
    )
    UNKNOWN = TaskOption(name="perhaps")


class Reason(Enum):
    """What is said."""

    GIVEN = "the figures agree"
    BLANK = " \n"


class Data(Enum):
    """What comes with it, as `--data` has it."""

    NONE = "{}"
    RIGHT = '{"stage": "finance"}'
    WRONG = '{"stage": "nowhere"}'
    NOT_TEXT = '{"stage": ["finance"]}'
    FOREIGN = '{"stage": "finance", "colour": "red"}'


class Standing(NamedTuple):
    """A decider, who keeps out, and what they or their colleagues decided before."""

    decider: Decider
    bars: Mapping[str, Bar] = {}
    earlier: tuple[Earlier, ...] = ()


STAND_IN = Decider(WHO, OUTSIDE, stands_for={"zhao.min": FINANCE})


class Person(Enum):
    """Who decides."""

    HOLDER = Standing(Decider(WHO, FINANCE))
    BOTH_ROLES = Standing(Decider(WHO, ALLOWED))
    OUTSIDER = Standing(Decider(WHO, OUTSIDE))
    ABSENT = Standing(Decider(WHO, FINANCE, absent=True))
    MAKER_OR_REQUESTER = Standing(Decider(WHO, FINANCE), {WHO: Bar.OWN_WORK})
    CUSTOMER = Standing(Decider(WHO, FINANCE), {WHO: Bar.CUSTOMER})
    RELATED = Standing(Decider(WHO, FINANCE), {WHO: Bar.RELATED})
    RECUSED = Standing(Decider(WHO, FINANCE), {WHO: Bar.RECUSED})
    DECIDED_BEFORE = Standing(Decider(WHO, FINANCE), earlier=(Earlier(WHO, "approve", FINANCE),))
    REPRESENTED_BEFORE = Standing(Decider(WHO, FINANCE), earlier=(Earlier("sun.li", "approve", FINANCE, WHO),))
    DEPUTY = Standing(STAND_IN)
    DELEGATE = Standing(Decider(WHO, frozenset(), stands_for={"chen.jie": FINANCE, "zhao.min": OUTSIDE}))
    DEPUTY_OF_BARRED = Standing(STAND_IN, {"zhao.min": Bar.RELATED})
    DEPUTY_OF_DECIDED = Standing(STAND_IN, earlier=(Earlier("zhao.min", "approve", FINANCE),))
    DEPUTY_OF_REPRESENTED = Standing(STAND_IN, earlier=(Earlier("sun.li", "approve", FINANCE, "zhao.min"),))
    DEPUTY_WHO_DECIDED = Standing(STAND_IN, earlier=(Earlier(WHO, "approve", FINANCE, "zhao.min"),))
    DEPUTY_BARRED_THEMSELVES = Standing(STAND_IN, {WHO: Bar.RELATED})
    DEPUTY_WITH_A_ROLE = Standing(Decider(WHO, FINANCE, stands_for={"zhao.min": COMPLIANCE}))


class Quorum(NamedTuple):
    """How many of what kind, and the role in which somebody else agreed before."""

    needed: int
    must_include: tuple[Role, ...] = ()
    different_roles: bool = False
    before: frozenset[Role] | None = None


class Place(Enum):
    """The place in the quorum that the decision would take."""

    ONE_OF_ONE = Quorum(1)
    FIRST_OF_TWO = Quorum(2)
    SECOND_OF_TWO = Quorum(2, before=FINANCE)
    SECOND_OF_THREE = Quorum(3, before=FINANCE)
    SAME_ROLE = Quorum(2, different_roles=True, before=FINANCE)
    OTHER_ROLE = Quorum(2, different_roles=True, before=COMPLIANCE)
    FIRST_WITH_LAST_KEPT = Quorum(2, (Role.COMPLIANCE,))
    LAST_KEPT = Quorum(2, (Role.COMPLIANCE,), before=FINANCE)
    ONLY_KEPT = Quorum(1, (Role.COMPLIANCE,))
    LAST_FREE = Quorum(2, (Role.COMPLIANCE,), before=COMPLIANCE)


class Row(NamedTuple):
    """One line of the table."""

    state: State
    option: Option
    reason: Reason
    data: Data
    person: Person
    place: Place


DEMANDING = {Option.DEMANDING, Option.FINAL_DEMANDING}
UNDEMANDING = {Option.PLAIN, Option.FINAL}
COUNTED = {Option.PLAIN, Option.DEMANDING}
FINANCE_ONLY = {Person.HOLDER, Person.DEPUTY, Person.DELEGATE}

RULES: list[tuple[Ground, dict[str, set[Any]]]] = [
    (Ground.NO_TASK, {"state": {State.UNKNOWN}}),
    (Ground.DECIDED, {"state": {State.DECIDED}}),
    (Ground.NOT_OPEN, {"state": {State.WITHDRAWN}}),
    (Ground.OPTION_UNKNOWN, {"option": {Option.UNKNOWN}}),
    (Ground.REASON_MISSING, {"option": DEMANDING, "reason": {Reason.BLANK}}),
    (Ground.DATA_UNKNOWN, {"data": {Data.FOREIGN}}),
    (Ground.DATA_UNKNOWN, {"option": UNDEMANDING, "data": {Data.RIGHT, Data.WRONG, Data.NOT_TEXT}}),
    (Ground.DATA_MISSING, {"option": DEMANDING, "data": {Data.NONE, Data.WRONG, Data.NOT_TEXT}}),
    (Ground.ABSENT, {"person": {Person.ABSENT}}),
    (Ground.OWN_WORK, {"person": {Person.MAKER_OR_REQUESTER}}),
    (Ground.CUSTOMER, {"person": {Person.CUSTOMER}}),
    (Ground.RELATED, {"person": {Person.RELATED, Person.DEPUTY_BARRED_THEMSELVES}}),
    (Ground.RECUSED, {"person": {Person.RECUSED}}),
    (Ground.TWICE, {"person": {Person.DECIDED_BEFORE, Person.REPRESENTED_BEFORE, Person.DEPUTY_WHO_DECIDED}}),
    (Ground.ROLE_NOT_HELD, {"person": {Person.OUTSIDER, Person.DEPUTY_OF_BARRED}}),
    (Ground.ROLE_NOT_HELD, {"person": {Person.DEPUTY_OF_DECIDED, Person.DEPUTY_OF_REPRESENTED}}),
    (Ground.ROLES_ALIKE, {"option": COUNTED, "place": {Place.SAME_ROLE}, "person": FINANCE_ONLY}),
    (
        Ground.ROLE_STILL_MISSING,
        {"option": COUNTED, "place": {Place.LAST_KEPT, Place.ONLY_KEPT}, "person": FINANCE_ONLY},
    ),
]
"""Which refusal a row meets: of the rules whose every column fits, the first. None fits: the decision counts."""

SAID_ELSEWHERE = {Ground.ANSWERED, Ground.OTHER_TASK, Ground.OTHER_OPTION}
"""What is said of a code or a token, before the judge is asked."""

CODES = {
    Code.NOT_FOUND: {Ground.NO_TASK},
    Code.ALREADY_DECIDED: {Ground.DECIDED, Ground.ANSWERED},
    Code.TOO_LATE: {Ground.NOT_OPEN},
    Code.OPTION_UNKNOWN: {Ground.OPTION_UNKNOWN},
    Code.REASON_MISSING: {Ground.REASON_MISSING},
    Code.BAD_INPUT: {Ground.DATA_UNKNOWN, Ground.DATA_MISSING},
    Code.FORBIDDEN: {Ground.ABSENT, Ground.RECUSED, Ground.ROLE_NOT_HELD, Ground.OTHER_TASK, Ground.OTHER_OPTION},
    Code.FOUR_EYES: {Ground.OWN_WORK, Ground.CUSTOMER, Ground.RELATED, Ground.TWICE}
    | {Ground.ROLE_STILL_MISSING, Ground.ROLES_ALIKE},
}
"""As the table of refusals has them."""

NEEDS_THE_LENT_ROLE = {Place.SAME_ROLE, Place.FIRST_WITH_LAST_KEPT, Place.LAST_KEPT, Place.ONLY_KEPT}
"""Where a deputy with a role of their own fits, or fits better, by the role that is lent."""

COUNTS = {
    Place.ONE_OF_ONE: (1, True),
    Place.FIRST_OF_TWO: (1, False),
    Place.SECOND_OF_TWO: (2, True),
    Place.SECOND_OF_THREE: (2, False),
    Place.SAME_ROLE: (2, True),
    Place.OTHER_ROLE: (2, True),
    Place.FIRST_WITH_LAST_KEPT: (1, False),
    Place.LAST_KEPT: (2, True),
    Place.ONLY_KEPT: (1, True),
    Place.LAST_FREE: (2, True),
}
"""How many agree with an option that is not final, and whether the task is decided."""

DECIDED_AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
RECEIPT = DecisionReceipt(
    task=TASK, option="approve", by="wang.fang", at=DECIDED_AT, approvals=1, needed=1, done=True
)  # fmt: skip


def rows_of(person: Person) -> Iterator[Row]:
    for state, option, reason, data, place in product(State, Option, Reason, Data, Place):
        yield Row(state, option, reason, data, person, place)


def expected(row: Row) -> Ground | None:
    """The first rule that fits."""
    columns = row._asdict()
    fitting = (ground for ground, rule in RULES if all(columns[name] in values for name, values in rule.items()))
    return next(fitting, None)


def spec_of(quorum: Quorum) -> TaskSpec:
    options = tuple(option.value for option in Option if option is not Option.UNKNOWN)
    return TaskSpec(
        task=TASK, name="approval", subject="approve the closure", roles=tuple(ALLOWED), options=options,
        needed=quorum.needed, must_include=quorum.must_include, different_roles=quorum.different_roles,
    )  # fmt: skip


SPECS = {place: spec_of(place.value) for place in Place}
DECISIONS = {
    (option, reason, data): Decision(
        decision_id="D-1",
        task=TASK,
        option=option.value.name,
        token="-",
        reason=reason.value,
        data=json.loads(data.value),
    )
    for option, reason, data in product(Option, Reason, Data)
}


def judged(row: Row) -> Verdict:
    """What the judge says of the row."""
    decision, spec = DECISIONS[row.option, row.reason, row.data], SPECS[row.place]
    if row.state is State.UNKNOWN:
        return Verdict(admissible(decision, None, None))
    standing, before = row.person.value, row.place.value.before
    counted = row.option.value.name if row.option in COUNTED else "approve"
    others = (Earlier("wang.fang", counted, before),) if before else ()
    hearing = Hearing(
        spec=spec,
        allowed=ALLOWED,
        bars=standing.bars,
        earlier=(*others, *standing.earlier),
        receipt=RECEIPT if row.state is State.DECIDED else None,
        over=row.state is State.WITHDRAWN,
    )
    return judge(hearing, decision, standing.decider)


def says(refusal: Refused, ground: Ground) -> bool:
    """Whether the refusal is that ground's, in both languages, with every value filled in."""
    sentences = zip(ground.value[1:], (refusal.sentence, refusal.chinese), strict=True)
    return all(re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^{}]+", re.escape(text)), said) for text, said in sentences)


def in_place_of(row: Row) -> str:
    if row.person is Person.DEPUTY_WITH_A_ROLE:
        return "zhao.min" if row.option in COUNTED and row.place in NEEDS_THE_LENT_ROLE else ""
    return {Person.DEPUTY: "zhao.min", Person.DELEGATE: "chen.jie"}.get(row.person, "")


def roles_of(row: Row) -> frozenset[Role]:
    if row.person is Person.DEPUTY_WITH_A_ROLE and in_place_of(row):
        return COMPLIANCE
    return ALLOWED if row.person is Person.BOTH_ROLES else FINANCE


def counted(row: Row) -> tuple[int, bool]:
    return COUNTS[row.place] if row.option in COUNTED else (1, True)


@pytest.mark.parametrize("person", Person, ids=lambda person: person.name.lower())
def test_everybody_is_told_what_the_table_says(person):
    for row in rows_of(person):
        verdict, ground = judged(row), expected(row)
        if ground:
            assert verdict.refusal is not None, row
            assert says(verdict.refusal, ground), (row, ground, verdict.refusal)
            assert verdict.refusal.code is next(code for code, grounds in CODES.items() if ground in grounds), row
            assert verdict[1:] == Verdict(None)[1:], row
        else:
            assert verdict == Verdict(None, roles_of(row), in_place_of(row), *counted(row)), row


def test_the_table_meets_every_ground_the_judge_has():
    met = {expected(row) for person in Person for row in rows_of(person)}
    assert met == {None, *Ground} - SAID_ELSEWHERE


def test_every_ground_has_its_code():
    assert {ground: ground.code for ground in Ground} == {g: code for code, grounds in CODES.items() for g in grounds}


@pytest.mark.parametrize("ground", Ground, ids=lambda ground: ground.name.lower())
def test_every_ground_says_the_same_values_in_one_whole_sentence_of_both_languages(ground):
    _, english, chinese = ground.value
    names = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (english, chinese)]
    assert names[0] == names[1]
    refusal = ground.refusal(**{name: f"<{name}>" for name in names[0]})
    assert not re.search(r"[{}\n]", refusal.sentence + refusal.chinese)
    assert re.fullmatch(r"[A-Z{<].*[^.]\.", refusal.sentence)
    assert not re.search(r"[\u4e00-\u9fff]", refusal.sentence)
    assert re.search(r"[\u4e00-\u9fff]", refusal.chinese)
    assert re.fullmatch(r".*[^。]。", refusal.chinese)
    assert says(refusal, ground)


def test_what_a_decider_writes_stands_in_the_sentence_as_it_is():
    decision = Decision(decision_id="D-1", task=TASK, option="{spec.__class__}", token="-")
    refusal = admissible(decision, SPECS[Place.ONE_OF_ONE], None)
    assert refusal
    assert refusal.sentence.endswith("not '{spec.__class__}'.")


@pytest.mark.parametrize("person", Person, ids=lambda person: person.name.lower())
def test_a_task_is_offered_to_those_who_may_decide_it_in_some_way(person):
    standing = person.value
    hearing = Hearing(SPECS[Place.FIRST_OF_TWO], ALLOWED, standing.bars, standing.earlier)
    veto = Row(State.OPEN, Option.FINAL, Reason.GIVEN, Data.NONE, person, Place.FIRST_OF_TWO)
    assert eligible(hearing, standing.decider) is (expected(veto) is None)


def test_whoever_is_added_by_an_escalation_may_decide():
    manager, hearing = Decider("ma.li", frozenset({Role.MANAGER})), Hearing(SPECS[Place.ONE_OF_ONE], ALLOWED)
    decision = DECISIONS[Option.PLAIN, Reason.GIVEN, Data.NONE]
    refusal = judge(hearing, decision, manager).refusal
    assert refusal is not None
    assert says(refusal, Ground.ROLE_NOT_HELD)
    assert judge(hearing._replace(allowed=ALLOWED | manager.roles), decision, manager).done


@pytest.mark.parametrize(("by", "place"), [("wang.fang", ""), ("sun.li", "wang.fang")])
def test_an_approval_no_longer_counts_once_it_shows_that_its_giver_keeps_out(by, place):
    before = Earlier(by, "approve", FINANCE, place)
    hearing = Hearing(SPECS[Place.SECOND_OF_TWO], ALLOWED, earlier=(before,))
    decision, decider = DECISIONS[Option.PLAIN, Reason.GIVEN, Data.NONE], Decider(WHO, FINANCE)
    assert judge(hearing, decision, decider) == Verdict(None, FINANCE, "", 2, True)
    for bar in Bar:
        assert judge(hearing._replace(bars={"wang.fang": bar}), decision, decider) == Verdict(None, FINANCE, "", 1)


@pytest.mark.parametrize("place", [Place.SECOND_OF_TWO, Place.SAME_ROLE, Place.LAST_FREE])
def test_an_approval_from_before_roles_were_written_down_counts_for_no_role_and_blocks_nobody(place):
    hearing = Hearing(SPECS[place], ALLOWED, earlier=(Earlier("wang.fang", "approve", frozenset()),))
    decider = Decider(WHO, COMPLIANCE)
    assert judge(hearing, DECISIONS[Option.PLAIN, Reason.GIVEN, Data.NONE], decider).done


def test_a_correction_brings_whatever_data_it_corrects_and_no_other_option_does():
    options = (TaskOption(name=CORRECTING), TaskOption(name="accept"))
    spec = spec_of(Quorum(1)).model_copy(update={"options": options, "finding": "account_info_error-1"})
    decision = Decision(decision_id="D-1", task=TASK, option=CORRECTING, token="-", data={"wished_on": "2026-12-15"})
    assert admissible(decision, spec, None) is None
    for told, asked in [
        (decision.model_copy(update={"option": "accept"}), spec),
        (decision, spec.model_copy(update={"finding": ""})),
    ]:
        refusal = admissible(told, asked, None)
        assert refusal is not None
        assert says(refusal, Ground.DATA_UNKNOWN)

"""Any course of a closure: customer, staff, authority, firm, clock do what they will, and the case ends as it may."""

import traceback
from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import date, timedelta
from functools import partial, wraps
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from contracts.findings import FindingKind
from contracts.refusals import Code
from contracts.tasks import Bounce, DecisionReceipt, Extension, Hold, Noted, Reckoning, Resend
from contracts.vocabulary import FreezeBy, Initiator, Outcome, ReasonCode, Stage
from gateways.desk_work import DeskWork
from tests.support.any_books import CHANGES, PAYEES, WRONGS, payout_to, put_right
from tests.support.any_end import Tally, assert_allowed_end
from tests.support.any_people import CUSTOMER, DETAILS, SUPERVISOR, THE_ORDER, AnyPeople, ending_of
from tests.support.any_world import BREAKABLE, RULES, AnyWorld, Question, Seen, Stalled
from tests.support.happenings import occurrence

LONGEST = 100  # so many steps to the end are more than any case needs when everybody does their part

SETTLING = (Stage.SETTLEMENT, Stage.TERMINATION, Stage.CLOSED)
SPANS = [timedelta(seconds=seconds) for seconds in (3, 25, 60, 160, 400)] + [timedelta(days=days) for days in (1, 20)]
LOST = {Code.UNREACHABLE}  # what this server tells the sender of a message that was on its way when the case ended
PICK = st.integers(0, 9_999)
K = FindingKind
K_AT_ONCE = [K.ACCOUNT_FROZEN, K.CUSTOMER_COMPLAINT, K.EXTERNAL_EVENT, K.SYSTEM_FAULT]


def step(**draws: Any) -> Callable[[Callable[..., object]], Any]:
    """A rule that says what came of it; None when there was nothing to do it to. What is drawn never depends on how the
    case stands, so that a seed is always the same course. `well`: so many questions are answered well afterwards, so
    that a case gets on to where other things can happen; by `odd` the first of them sometimes in another way."""

    def made(method: Callable[..., object]) -> Any:
        @wraps(method)
        def applied(self: "AnyCourse", well: int, odd: int, **drawn: Any) -> None:
            self.apply(method, drawn)
            if well and self.now.asked:
                self.apply(AnyCourse._says, {"well": well, "odd": odd})

        return rule(well=st.sampled_from([0, 0, 0, 1, 2]), odd=PICK, **draws)(applied)

    return made


class AnyCourse(RuleBasedStateMachine):
    """One closure. What was taken is remembered, and every reply is held against it."""

    world: ClassVar[AnyWorld]
    accounts: ClassVar[list[str]]
    tally: ClassVar[Tally]
    only: ClassVar[int | None] = None
    seed: ClassVar[int]
    numbers: ClassVar[Iterator[int]]

    def __init__(self) -> None:
        super().__init__()
        self.number = next(self.numbers)
        self.skipped = self.world.stalled or self.only not in {None, self.number}
        self.broken = ""
        self.story: list[str] = []
        self.case = ""
        self.now = Seen()
        self.ends: list[Outcome] = []
        self.tally.courses += not self.skipped

    # ---- the beginning -------------------------------------------------------------------------------------------

    @initialize(
        company=st.booleans(),
        initiator=st.sampled_from(list(Initiator)),
        wrongs=st.lists(st.sampled_from(sorted(WRONGS)), min_size=1, max_size=2, unique=True),
        wished_in=st.sampled_from([None, None, 3, 40]),
        reason=st.sampled_from([ReasonCode.COST, ReasonCode.DISSATISFIED, *ReasonCode]),
        payout=st.sampled_from(["own", *PAYEES]),
        smoothly=st.integers(0, 5),
    )
    def opens(self, company: bool, initiator: Initiator, wrongs: list[str], smoothly: int, **more: Any) -> None:
        """Somebody asks for the closure of an account with which something is wrong; it goes smoothly for a while."""
        self.apply(AnyCourse._open, {"company": company, "initiator": initiator, "wrongs": wrongs} | more)
        self.apply(AnyCourse._get_on, {"rounds": smoothly})

    # ---- people answer -------------------------------------------------------------------------------------------

    @step(span=st.sampled_from(SPANS))
    def time_passes(self, span: timedelta) -> object:
        """Everybody is silent."""
        self.world.passes(span, self.case)
        return span

    @step(pick=PICK, way=PICK)
    def the_customer_answers(self, pick: int, way: int) -> object:
        """With any option."""
        return self._answers([each for each in self.now.asked if each.spec.for_customer], pick, way)

    @step(pick=PICK, way=PICK)
    def staff_decide(self, pick: int, way: int) -> object:
        """With any option."""
        return self._answers([each for each in self.now.asked if not each.spec.for_customer], pick, way)

    @step(times=st.integers(1, 2))
    def all_is_answered_well(self, times: int) -> object:
        """By everybody, to whom it is the only thing to do."""
        return [self._says(len(self.now.asked)) for _ in range(times) if self.now.asked] or None

    def _says(self, well: int, odd: int = 1) -> object:
        first, *others = self.now.asked[:well]
        said = [self._take(first, self.people.says_yes(first) if odd % 3 else self.people.says(first, odd // 3))]
        said += [self._take(question, self.people.says_yes(question)) for question in others]
        self.now = self.world.seen(self.case)
        return said

    @step(pick=PICK)
    def somebody_decides_too_late(self, pick: int) -> object:
        """What was decided before, or is no longer asked."""
        open_ = {each.spec.task for each in self.now.asked}
        over = [spec for spec in self.world.tasks(self.case) if spec.task not in open_]
        if not over:
            return None
        spec = over[pick % len(over)]
        said = self.world.told(self.people.decision(Question(spec, spec.roles), spec.options[0], SUPERVISOR))
        assert said in {Code.ALREADY_DECIDED, Code.TOO_LATE, Code.ALREADY_ENDED}, said
        return said

    @step(pick=PICK, way=PICK, others=st.lists(st.sampled_from(K_AT_ONCE), max_size=2), withdrawn=st.booleans())
    def much_happens_at_once(self, pick: int, way: int, others: list[FindingKind], withdrawn: bool) -> object:
        """A decision, a withdrawal, and what else there is, at the same moment."""
        firm, asked = self.world.firm, self.now.asked
        messages: list[tuple[Coroutine[Any, Any, Any], Callable[[Any], object]]] = []
        for kind in others:
            happened = occurrence(firm, kind, data=THE_ORDER if kind is K.ACCOUNT_FROZEN else {})
            judged = partial(self._unless_over, allowed=Code.NOT_ALLOWED)
            messages.append((firm.quietus.happened(self.case, happened), judged))
        if asked:
            question = asked[pick % len(asked)]
            messages.append((self.people.anything(question, way), partial(self._take, question)))
        if withdrawn:
            messages.append((firm.withdraw(self.case, "li.wei"), self._withdrawn))
        said = self.world.told_at_once(*(message for message, _ in messages))
        return [judge(each) for each, (_, judge) in zip(said, messages, strict=True)] or None

    # ---- the customer --------------------------------------------------------------------------------------------

    @step(heard=st.booleans())
    def the_customer_withdraws(self, heard: bool) -> object:
        """Themselves, or to somebody who notes it."""
        return self._withdrawn(self.world.told(self.world.firm.withdraw(self.case, "li.wei" if heard else CUSTOMER)))

    def _withdrawn(self, said: object) -> object:
        settling = self.now.stage in SETTLING
        if isinstance(said, Noted):
            over = settling or self.now.ended or self.now.outcome is not Outcome.OPEN
            assert not over, self.now
            assert self.initiator is Initiator.CUSTOMER
            self.ends = [Outcome.WITHDRAWN]
        elif self.initiator is not Initiator.CUSTOMER:
            assert said in {Code.NOT_ALLOWED, Code.TOO_LATE, Code.ALREADY_ENDED}, said
        else:
            after = self.world.seen(self.case)
            late = said is Code.TOO_LATE and (settling or after.stage in SETTLING or after.outcome is Outcome.CLOSED)
            assert late or (said in {Code.ALREADY_ENDED} | LOST and (self._over() or after.ended)), said
        return said

    @step(change=st.sampled_from(DETAILS), heard=st.booleans())
    def the_customers_details_change(self, change: Mapping[str, Any], heard: bool) -> object:
        """A contact, the name, the language, where the money goes."""
        return self._happens(K.CUSTOMER_INFO_CHANGE, "li.wei" if heard else CUSTOMER, change)

    @step(days=st.integers(0, 60))
    def the_customer_wishes_another_day(self, days: int) -> object:
        """Soon or later."""
        return self._happens(K.CUSTOMER_NEED_CHANGE, CUSTOMER, {"wished_on": str(_in(days))})

    @step(heard=st.booleans())
    def the_customer_complains(self, heard: bool) -> object:
        """About whatever it is."""
        return self._happens(K.CUSTOMER_COMPLAINT, "li.wei" if heard else CUSTOMER, {})

    # ---- staff ---------------------------------------------------------------------------------------------------

    @step(rarely=st.integers(0, 2))
    def staff_pause_or_resume(self, rarely: int) -> object:
        """Whichever it is not; they resume sooner than they pause."""
        return None if rarely and not self.now.held else self._pause_or_resume()

    def _pause_or_resume(self) -> object:
        firm, held = self.world.firm, self.now.held
        hold = Hold(decision_id=f"H-{next(firm.ids)}", reason="so be it", token=firm.tokens.mint(SUPERVISOR))
        said = self.world.told((firm.quietus.resume if held else firm.quietus.pause)(self.case, hold))
        return self._unless_over(said)

    @step(pick=PICK, whole=st.booleans())
    def staff_ask_for_more_time(self, pick: int, whole: bool) -> object:
        """For one task or for the case; only so often."""
        firm, asked = self.world.firm, self.now.asked
        task = asked[pick % len(asked)].spec.task if asked and not whole else None
        more = Extension(
            decision_id=f"E-{next(firm.ids)}", task=task, working_days=2, reason="so be it",
            token=firm.tokens.mint("luo.hao"),
        )  # fmt: skip
        return self._unless_over(self.world.told(firm.quietus.extend(self.case, more)), Code.NOT_ALLOWED)

    @step(pick=PICK)
    def staff_have_the_customer_asked_again(self, pick: int) -> object:
        """On the preferred contact."""
        asked = [each.spec.task for each in self.now.asked if each.spec.for_customer]
        if not asked:
            return None
        firm, task = self.world.firm, asked[pick % len(asked)]
        again = Resend(decision_id=f"R-{next(firm.ids)}", task=task, token=firm.tokens.mint("li.wei"))
        return self._unless_over(self.world.told(firm.quietus.ask_again(self.case, again)))

    @step(pick=PICK, to=st.sampled_from(["song.jia", "wang.fang", "lin.tao", "chen.jie"]))
    def the_supervisor_reassigns(self, pick: int, to: str) -> object:
        """To somebody who may decide it, or not: then it is refused."""
        asked = [each.spec.task for each in self.now.asked if not each.spec.for_customer]
        if not asked:
            return None
        firm, token = self.world.firm, self.world.firm.tokens.mint(SUPERVISOR)
        work = DeskWork(firm.world.database, firm.tokens, firm.world.policies)
        return self.world.tried(lambda: work.reassign(asked[pick % len(asked)], to, token))

    @step(kind=st.sampled_from([K.EXTERNAL_EVENT, K.INTERNAL_PROCESS, K.REGULATION_CHANGE, K.SYSTEM_FAULT]))
    def staff_raise(self, kind: FindingKind) -> object:
        """That something has happened."""
        return self._happens(kind, "huang.lei", {})

    # ---- the authority and the firm ------------------------------------------------------------------------------

    @step(by=st.sampled_from(list(FreezeBy)), pick=st.integers(1, 2))
    def an_order_to_freeze_comes(self, by: FreezeBy, pick: int) -> object:
        """To the case; the same twice is one freeze."""
        order = {"by": by.value, "reference": f"order {pick}"}
        return self._happens(K.ACCOUNT_FROZEN, "lin.tao", order, Code.NOT_ALLOWED)

    @step(change=st.sampled_from(sorted(CHANGES)), said=st.booleans())
    def the_books_change(self, change: str, said: bool) -> object:
        """And the case may be told that money came, or not."""
        if self.world.firm.account(self.account).closed_on:
            return None
        CHANGES[change](self.world.firm, self.account)
        if said and not self.now.ended:
            self.world.told(self.world.firm.quietus.money_came(self.case, Reckoning(reason="a transfer")))
        return change

    @step(rules=st.sampled_from(sorted(RULES)), rarely=st.integers(0, 2))
    def the_policy_changes(self, rules: str, rarely: int) -> object:
        """And the case answers it."""
        return None if rarely else self.world.rolls_out(*RULES[rules])

    @step(gateway=st.sampled_from(BREAKABLE), down=st.booleans())
    def something_is_out_of_order(self, gateway: str, down: bool) -> object:
        """Or works again."""
        self.world.breaks(gateway, down=down)
        return down

    @step(pick=PICK)
    def the_mail_comes_back(self, pick: int) -> object:
        """The mail system says so to the case."""
        if self.now.ended or not (sent := self.world.sent(self.case)):
            return None
        bounce, quietus = Bounce(message_id=sent[pick % len(sent)], reason="5.1.1"), self.world.firm.quietus
        return self.world.told(quietus.bounced(self.case, bounce)) or "told"

    @step(rarely=st.integers(0, 3))
    def an_operator_cancels(self, rarely: int) -> object:
        """What counts as a withdrawal, and only before settlement."""
        if rarely or self._over():
            return None
        self.world.do(self.world.firm.handle(self.case).cancel())
        if self.now.stage not in SETTLING:
            self.ends = [Outcome.WITHDRAWN]
        return "cancelled"

    # ---- how all of these go -------------------------------------------------------------------------------------

    def apply(self, method: Callable[..., object], drawn: Mapping[str, Any]) -> None:
        """Do one thing, see how the case stands then, and remember both."""
        if self.skipped or self.broken:
            return
        self.tally.stages[self.now.stage] += 1
        try:
            came = method(self, **drawn)
            self.now = self.world.seen(self.case)
        except Stalled as stalled:
            came, self.skipped = f"{stalled}", True
            self.tally.stalled.append(f"seed {self.seed}, course {self.number}: {stalled}")
        except Exception:  # noqa: BLE001  one course goes wrong, the others go on
            came, self.broken = "", traceback.format_exc()
        (self.tally.idle if came is None else self.tally.rules)[method.__name__] += 1
        self.story.append(f"{method.__name__} {dict(drawn)}: {came} -> {_words(self.now)}")

    def teardown(self) -> None:
        """Everybody does their part, the case ends, and its end is an allowed one."""
        if self.skipped:
            return
        self.apply(AnyCourse._end, {})
        if self.broken:
            told = "\n".join([*self.story, self.broken])
            self.tally.wrong.append(f"seed {self.seed}, course {self.number}, {self.case}\n{told}")

    def _open(
        self, company: bool, initiator: Initiator, wrongs: list[str], wished_in: int | None,
        reason: ReasonCode, payout: str,
    ) -> object:  # fmt: skip
        firm, account = self.world.firm, self.accounts.pop(-1 if company else 0)
        for wrong in wrongs:
            WRONGS[wrong](firm, account)
        self.account, self.initiator, self.case = account, initiator, f"closure-{account}"
        self.people = AnyPeople(self.world)
        self.world.all_works()
        payout = "own" if (initiator, payout) == (Initiator.CUSTOMER, "none") else payout
        values: dict[str, Any] = {"reason": {"code": reason}, "payout": payout_to(firm, account, payout)}
        values |= {"wished_on": _in(wished_in)} if wished_in is not None else {}
        values |= {"requested_by": "li.wei"} if initiator is Initiator.FIRM else {}
        return self.world.open(account, initiator=initiator, **values).reference

    def _get_on(self, rounds: int) -> object:
        """Everybody does their part; where nobody is asked, time passes."""
        span = timedelta(seconds=2)
        for _ in range(rounds):
            if self.now.ended:
                break
            put_right(self.world.firm, self.account)
            if self.now.held:
                self._pause_or_resume()
            for question in self.now.asked:
                self._take(question, self.people.says_yes(question))
            if not self.now.asked:
                self.world.passes(span, self.case)
                span = min(3 * span, timedelta(days=1))
            self.now = self.world.seen(self.case)
        return rounds

    def _end(self) -> object:
        """All is in order, and everybody does their part until the case has ended."""
        self.world.all_works()
        self._get_on(LONGEST)
        assert self.now.ended, f"no end: {_words(self.now)}"
        outcome = self.world.outcome(self.case)
        assert_allowed_end(self.world.firm, outcome, self.ends)
        self.tally.outcomes[outcome.outcome] += 1
        return outcome.outcome

    def _answers(self, asked: list[Question], pick: int, way: int) -> object:
        if not asked:
            return None
        question = asked[pick % len(asked)]
        return self._take(question, self.people.says(question, way))

    def _take(self, question: Question, said: DecisionReceipt | Code) -> str:
        """What was decided may end the case: it ends so, unless it is withdrawn before it could."""
        name = question.spec.name
        if isinstance(said, DecisionReceipt):
            end = ending_of(question.spec, said.option) if said.done else None
            self.ends += [end] if end else []
            return f"{name}: {said.option}"
        still = {each.spec.task for each in self.world.seen(self.case).asked}
        gone = question.spec.task not in still or self._over()
        late = {Code.ALREADY_DECIDED, Code.TOO_LATE, Code.ALREADY_ENDED}
        assert said is Code.FOUR_EYES or (gone and said in late | LOST), f"{name}: {said}"
        return f"{name}: {said}"

    def _happens(self, kind: FindingKind, by: str, data: Mapping[str, Any], allowed: Code | None = None) -> object:
        firm = self.world.firm
        said = self.world.told(firm.quietus.happened(self.case, occurrence(firm, kind, by, data=data)))
        changes = kind in {K.CUSTOMER_INFO_CHANGE, K.CUSTOMER_NEED_CHANGE}
        if changes and said is Code.TOO_LATE:
            stage = self.world.seen(self.case).stage
            assert stage in (*SETTLING, Stage.FILED), f"too late in {stage}"
            return said
        assert not (changes and self.now.stage in SETTLING and isinstance(said, Noted)), self.now.stage
        return self._unless_over(said, allowed)

    def _unless_over(self, said: object, allowed: Code | None = None) -> object:
        """It was taken, unless the case is over; then it was refused."""
        if isinstance(said, Code):
            after = self.world.seen(self.case)
            over = self._over() or after.ended or after.outcome is not Outcome.OPEN
            assert said is allowed or (over and said in {Code.ALREADY_ENDED} | LOST), said
        else:
            assert not self.now.ended
        return said

    def _over(self) -> bool:
        """Whether the case has ended, or is about to."""
        return self.now.ended or self.now.outcome is not Outcome.OPEN or bool(self.ends)


def _in(days: int) -> date:
    return date.today() + timedelta(days=days)  # noqa: DTZ011  of whichever zone


def _words(seen: Seen) -> str:
    held = " held" if seen.held else ""
    return f"{seen.stage} {seen.outcome}{held} {[each.spec.name for each in seen.asked]}"

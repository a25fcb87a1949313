"""中断: a disruption is declared, cases that it touches are suspended as long as it lasts, and let go in order."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from temporalio import workflow

from activities.disruption import Disruptions
from activities.disruption_cases import DisruptedCases
from activities.disruption_plan import MORE_TIME, DisruptionPlans
from contracts.disruption import (
    Declaration,
    Declared,
    DisruptionEnd,
    DisruptionNoted,
    DisruptionOutcome,
    DisruptionRuling,
    DisruptionState,
    PlanSignature,
    Reached,
)
from contracts.refusals import Code, Refused
from workflows.calls import Outlasted, call
from workflows.sweeping import in_a_new_run_when_long, sweep, until_none_is_missing

_SUSPEND = cast("Callable[..., Reached]", DisruptedCases.suspend_cases)  # the worker awaits it
_LET_GO = cast("Callable[..., Reached]", DisruptedCases.let_cases_go)


@workflow.defn
class Disruption:
    """One disruption. All it knows stands in the records, so that another run of it goes on from there."""

    def __init__(self) -> None:
        self.declaration: Declaration | None = None
        self.declared: Declared | None = None
        self.refusal: Refused | None = None
        self.state = DisruptionState.LASTING
        self.reached = Reached(last="", missing=0)

    @workflow.run
    async def run(self, declaration: Declaration) -> DisruptionOutcome:
        """From the declaration to the last case that goes on."""
        self.declaration = declaration
        self.declared = await self._declare(declaration)
        self._stands(self.declared.state)
        telling = asyncio.ensure_future(self._start_plan(self.declared))
        await self._suspend_cases(self.declared, telling)
        await self._more_time_ruled_on(self.declared)
        await telling
        pace = self.declared.pace
        await until_none_is_missing(lambda: sweep(self._let_page_go, between=pace), declaration, at_least=pace)
        outcome = await call(Disruptions.finish_disruption, declaration.reference, workflow.now(), summary="over")
        self._stands(DisruptionState.OVER)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return outcome

    async def _declare(self, declaration: Declaration) -> Declared:
        try:
            return await call(Disruptions.declare_disruption, declaration, workflow.now(), summary="declared")
        except Refused as refusal:
            self.refusal = refusal
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise

    async def _start_plan(self, declared: Declared) -> None:
        """Its people get their mail, each once whatever run this is; nobody waits for a mail server that is down."""
        await asyncio.gather(*(self._tell(declared, DisruptionPlans.tell_plan_step, step) for step in declared.steps))

    async def _tell(self, declared: Declared, tell: Callable[..., object], of: str) -> None:
        try:
            at, patience = workflow.now(), declared.patience
            await call(tell, declared.reference, of, at, summary=f"mail about {of}", patience=patience)
        except Outlasted as fault:
            give_up = DisruptionPlans.give_up_plan_step
            await call(give_up, declared.reference, of, fault.cause, summary="record the failure")

    async def _more_time_ruled_on(self, declared: Declared) -> None:
        """Whoever may give more time is mailed. The cases stand meanwhile, so that nobody is waited for without end:
        silence gives no more time."""
        if self.state is not DisruptionState.ENDING:
            return
        telling = asyncio.ensure_future(self._tell(declared, DisruptionPlans.tell_of_more_time, MORE_TIME))
        try:
            await workflow.wait_condition(
                lambda: self.state is not DisruptionState.ENDING,
                timeout=declared.ruled_within,
                timeout_summary="a word on more time",
            )
        except TimeoutError:
            self._said(await call(Disruptions.nobody_ruled, declared.reference, workflow.now(), summary="nobody ruled"))
        await telling

    async def _suspend_cases(self, declared: Declared, telling: asyncio.Task[None]) -> None:
        """Again and again, since cases come to it as long as it lasts."""
        while self.state is DisruptionState.LASTING:
            await sweep(self._suspend_page)
            if telling.done():
                await in_a_new_run_when_long(self.declaration)
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    lambda: self.state is not DisruptionState.LASTING,
                    timeout=declared.rhythm,
                    timeout_summary="until cases are looked for again",
                )

    async def _suspend_page(self, last: str) -> Reached:
        return self._shows(await call(_SUSPEND, self._reference, last, summary="suspend cases"))

    async def _let_page_go(self, last: str) -> Reached:
        return self._shows(await call(_LET_GO, self._reference, last, summary="let cases go"))

    # ---- what is said to it --------------------------------------------------------------------------------------

    @workflow.update
    async def declare(self, declaration: Declaration) -> Declared:
        """What became of the declaration. Sent with the start; the same again is the same disruption."""
        await workflow.wait_condition(lambda: self.declared is not None or self.refusal is not None)
        if self.refusal:
            raise self.refusal
        if self.declaration is None or self.declared is None or _content(declaration) != _content(self.declaration):
            raise Refused(Code.MISMATCH, f"Disruption {declaration.reference} was declared with other content.")
        return self.declared.model_copy(update={"state": self.state})

    @declare.validator
    def _judge_declaration(self, declaration: Declaration) -> None:
        _about(declaration.reference)

    @workflow.update
    async def end(self, ending: DisruptionEnd) -> DisruptionNoted:
        """It is over; cases go on at once, or when it is decided how much more time they get."""
        return self._said(await call(Disruptions.end_disruption, ending, workflow.now(), summary="said to be over"))

    @end.validator
    def _judge_end(self, ending: DisruptionEnd) -> None:
        self._speaks_of(ending.reference)
        if not ending.cause.strip():
            raise Refused(Code.REASON_MISSING, "The end of a disruption needs its cause (--cause).")

    @workflow.update
    async def rule(self, ruling: DisruptionRuling) -> DisruptionNoted:
        """审批: somebody else than who asked for it gives more time, or does not."""
        return self._said(await call(Disruptions.rule_on_disruption, ruling, workflow.now(), summary="ruled on"))

    @rule.validator
    def _judge_ruling(self, ruling: DisruptionRuling) -> None:
        self._speaks_of(ruling.reference)
        if not ruling.approve and not ruling.reason.strip():
            raise Refused(Code.REASON_MISSING, "A rejection needs a reason (--reason).")

    @workflow.update
    async def sign(self, signature: PlanSignature) -> DisruptionNoted:
        """A step of the contingency plan is done."""
        return await call(DisruptionPlans.sign_plan_step, signature, workflow.now(), summary=f"done: {signature.step}")

    @sign.validator
    def _judge_signature(self, signature: PlanSignature) -> None:
        self._speaks_of(signature.reference)

    # ---- how it stands -------------------------------------------------------------------------------------------

    @property
    def _reference(self) -> str:
        if self.declaration is None:
            raise AssertionError("nothing was declared yet")
        return self.declaration.reference

    def _said(self, noted: DisruptionNoted) -> DisruptionNoted:
        self._stands(noted.state)
        return noted

    def _stands(self, state: DisruptionState) -> None:
        """It only goes forward, in whichever order answers arrive."""
        self.state = max(self.state, state, key=lambda each: each.rank)
        self._publish()

    def _shows(self, reached: Reached) -> Reached:
        self.reached = reached
        self._publish()
        return reached

    def _publish(self) -> None:
        """Markdown for operators."""
        now = self.reached
        workflow.set_current_details(
            f"**{workflow.info().workflow_id}** · **{self.state}**\n"
            f"- cases: {now.touched} touched, {now.suspended} suspended, {now.resumed} resumed\n"
            f"- customers told: {now.told}\n"
            f"- see `starter.py disruption show {self._reference}`"
        )

    def _speaks_of(self, reference: str) -> None:
        _about(reference)
        if self.declared is None:
            raise Refused(Code.NOT_FOUND, f"Disruption {reference} is not declared yet; try again.")


def _content(declaration: Declaration) -> Declaration:
    return declaration.model_copy(update={"token": ""})


def _about(reference: str) -> None:
    if workflow.info().workflow_id != f"disruption-{reference}":
        raise Refused(Code.BAD_INPUT, f"This is {workflow.info().workflow_id}, not about disruption {reference}.")

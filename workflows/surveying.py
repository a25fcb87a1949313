"""满意度调查: how a case that has ended starts the survey about it, without waiting for it."""

from contextlib import suppress

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from contracts.messages import Process, survey_id
from contracts.surveys import SurveyRequest
from workflows.case_state import CaseState


async def start_survey(case: CaseState) -> None:
    """The customer is asked about this case once, where its policy says so: whatever became of a survey about it, and
    however often the case comes here (a reset), there is no second one."""
    rules, opened = case.policy.survey, case.required
    if rules is None or not rules.follows(case.outcome, opened.initiator, opened.reason):
        return
    with suppress(WorkflowAlreadyStartedError):
        await workflow.start_child_workflow(
            Process.SURVEY,
            SurveyRequest(about=case.dossier, makers=tuple(sorted(case.makers))),
            id=survey_id(case.dossier),
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=f"Survey about {case.dossier}",
        )

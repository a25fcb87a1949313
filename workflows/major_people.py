"""重大事故: what a major incident asks of its team, its lead, who writes and rules on bulletins, and the spokesman."""

from collections.abc import Sequence
from typing import Any

from contracts.majors import Announcement, Improvement
from contracts.taken import Taken
from contracts.tasks import DecisionReceipt, TaskOption
from contracts.vocabulary import CaseKind, Role
from policy.incidents import MajorRules
from workflows.case import Case
from workflows.incident_people import DONE
from workflows.remedy_shapes import approved

BOTH_LANGUAGES = (Taken(name="zh", needed=True, long=True), Taken(name="en", needed=True, long=True))
ACCEPT = TaskOption(name="take_on")
INTERIM = TaskOption(name="interim", reason_needed=True, takes=BOTH_LANGUAGES)
DRAFTED = TaskOption(name="drafted", takes=BOTH_LANGUAGES)
SPOKEN = TaskOption(name="spoken", takes=BOTH_LANGUAGES)
REVIEWED = TaskOption(name="reviewed", reason_needed=True)

BULLETIN, BULLETIN_APPROVAL = "bulletin_draft", "bulletin_approval"


class MajorPeople(Case):
    """The questions of a major incident. It has no customer of its own: each customer hears of it by their report."""

    def __init__(self) -> None:
        super().__init__(CaseKind.MAJOR)

    @property
    def rules(self) -> MajorRules:
        """The policy's rules for major incidents, without which none is opened."""
        rules = self.policy.for_incidents.major
        if rules is None:
            raise AssertionError("a major incident was opened under a policy without rules for it")
        return rules

    @property
    def lead(self) -> tuple[Role, ...]:
        """The role that leads, and who stands in."""
        role, deputies = next(iter(self.rules.team.items()))
        return (role, *deputies)

    async def tell(self, template: str, facts: Any = None) -> None:
        """Nothing is said to one customer alone."""

    async def ask_to_join(self, role: Role, deputies: Sequence[Role]) -> DecisionReceipt:
        """组队: a role of the team is accepted; when it is not in time, those who stand in are asked as well."""
        return await self.ask_staff(
            f"team_{role}", f"join the team of {self.case_id} as {role}", (role,), (ACCEPT,),
            ladder=self.rules.team_ladder, deputies=tuple(deputies), facts={"because": self.required.reason},
        )  # fmt: skip

    async def ask_interim(self) -> DecisionReceipt:
        """临时措施, and how customers are told of it."""
        words = f"an interim solution for {self.case_id}"
        return await self.ask_staff("interim_solution", words, self.lead, (INTERIM,), ladder=self.rules.interim_ladder)

    async def ask_lasting(self, why: str) -> DecisionReceipt:
        """根本解决: the cause, what was done, what all whose reports hang on it are told. `why` it is asked again."""
        solved = TaskOption(
            name="solved",
            reason_needed=True,
            wants="cause",
            among=self.policy.for_incidents.causes,
            takes=BOTH_LANGUAGES,
        )
        words = f"the lasting solution of {self.case_id}"
        return await self.ask_staff(
            "lasting_solution", words, self.lead, (solved,), ladder=self.rules.lasting_ladder,
            facts={"why": why} if why else {},
        )  # fmt: skip

    async def ask_draft(self) -> DecisionReceipt:
        """通报: customer service or the lead writes it."""
        roles = tuple(dict.fromkeys((Role.CUSTOMER_SERVICE, *self.lead)))
        words = f"a bulletin on {self.case_id}"
        return await self.ask_staff(BULLETIN, words, roles, (DRAFTED,), ladder=self.rules.bulletin_ladder)

    async def ask_spokesman(self) -> DecisionReceipt:
        """对外声明: the spokesman may have something to say at any time; nobody else can."""
        rules, words = self.rules, f"words to public and press on {self.case_id}"
        return await self.ask_staff("statement", words, (rules.spokesman,), (SPOKEN,), ladder=rules.statement_ladder)

    async def ask_approval(self, name: str, written: DecisionReceipt, said: Announcement) -> str:
        """Who approved words; empty when they were rejected. Nobody approves their own."""
        rules, words = self.rules, f"{name} of {self.case_id}"
        authors = (written.by, written.in_place_of)
        return await approved(self, name, words, rules.approval, authors, rules.bulletin_ladder, zh=said.zh, en=said.en)

    async def ask_review(self, earlier: Sequence[str]) -> DecisionReceipt:
        """事后复盘: what is to be done better, by whom, within what time, one after the other; then it is reviewed."""
        within = Taken(name="within", among=tuple(self.rules.actions), needed=True)
        owners = tuple(role for role in Role if role is not Role.CUSTOMER)
        action = TaskOption(name="action", reason_needed=True, wants="owner", among=owners, takes=(within,))
        roles = tuple(dict.fromkeys((*self.lead, Role.SUPERVISOR)))
        words = f"review of {self.case_id}"
        return await self.ask_staff("review", words, roles, (action, REVIEWED), continues=tuple(earlier))

    async def ask_owner(self, action: Improvement) -> DecisionReceipt:
        """改进措施: its owner does it, with what proves it."""
        ladder = self.rules.actions[action.within]
        return await self.ask_staff("improvement", action.what, (action.owner,), (DONE,), ladder=ladder)


def announced(decision: DecisionReceipt) -> Announcement:
    """The words of a decision in both languages."""
    return Announcement(zh=str(decision.data["zh"]), en=str(decision.data["en"]), by=decision.by)

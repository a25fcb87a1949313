"""客户事故的规则: how reports are classified, who deals with them by when, and what becomes of grave ones."""

from collections import Counter
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from contracts.base import Contract
from contracts.incidents import Category, Severity
from contracts.money import Amount, Currency
from contracts.text import Word, Words
from contracts.vocabulary import Initiator, Outcome, ReasonCode, Role
from policy.spans import Span
from policy.wording import phrase
from policy.work import Approvals, ExtensionRules, Roles


class TriageRule(Contract):
    """One rule: where one of its `words` (Chinese or English) is in a report, it speaks with its `weight` for the
    category and for the matter, which is the common cause that reports are counted by, and for the severity."""

    id: str
    words: tuple[Word, ...] = Field(min_length=1)
    category: Category | None = None
    severity: Severity | None = None
    matter: str = ""
    weight: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _looked_for(self) -> Self:
        unheard = [word for word in self.words if not phrase(word)]
        if unheard:
            raise ValueError(f"words: '{unheard[0]}' holds neither letter nor digit")
        return self

    @cached_property
    def phrases(self) -> tuple[tuple[str, str], ...]:
        """Each word, and what is looked for in a text that was `heard`."""
        return tuple((word, phrase(word)) for word in self.words)

    def found_in(self, said: str) -> tuple[str, ...]:
        """Its words that are in a text as `policy.wording.heard` gives it."""
        return tuple(word for word, looked_for in self.phrases if looked_for in said)


class TriageRules(Contract):
    """分类规则: which rules speak for what; a report that none speaks of is `otherwise`, and as grave as `severity`.
    So many customers affected make a report at least that grave."""

    rules: tuple[TriageRule, ...]
    otherwise: Category = Category.OTHER
    severity: Severity = Severity.P3
    affected: dict[Severity, int] = {}
    source: str = ""

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        twice = [name for name, count in Counter(rule.id for rule in self.rules).items() if count > 1]
        if twice:
            raise ValueError(f"rules: '{twice[0]}' stands there more than once")
        return self

    def affecting(self, customers: int) -> Severity | None:
        """How grave a report is at least that affects so many customers."""
        reached = (severity for severity, least in self.affected.items() if customers >= least)
        return max(reached, key=lambda severity: severity.rank, default=None)


class Implied(Contract):
    """What the headings of an imported complaint imply, for measuring the rules: of a product (empty: any), for an
    issue that contains one of these words (none: any). The first row that fits counts."""

    product: str = ""
    issues: tuple[str, ...] = ()
    category: Category

    def fits(self, product: str, issue: str) -> bool:
        """Whether it speaks of a complaint with these headings."""
        words = (each.casefold() in issue.casefold() for each in self.issues)
        return self.product.casefold() in product.casefold() and (not self.issues or any(words))


class ComplaintRules(Contract):
    """投诉: the periods of the law, in plain time: clear and simple ones, complex ones; the ladders of their tasks; how
    they may be extended after approval."""

    simple: Span
    complex: Span
    ladder: str
    complex_ladder: str
    extension: ExtensionRules
    source: str = ""


class CompensationRules(Contract):
    """赔付: up to the limit one approves, above it as many as `above` says."""

    limit: dict[Currency, Amount]
    within: Approvals
    above: Approvals
    source: str = ""


class MajorRules(Contract):
    """重大事故: an incident is one from this severity on, from so many customers on, with so many reports of one matter
    within a span, and where a complaint escalates. `team`: the roles to fill, each with who stands in; the first one
    leads. `accepted_within`: then the deputy is asked as well. `interim_within`: the interim solution. `rhythms`: how
    often bulletins are due. `approval`: who approves bulletins and words to the public; `spokesman`: the one role that
    speaks to public and press, by the ladder `statement_ladder`, which names nobody else. `actions`: within what time
    an improvement may be wanted, each with its ladder."""

    severities: tuple[Severity, ...]
    customers: int = Field(ge=1)
    reports: int = Field(ge=2)
    within: Span
    team: dict[Role, Roles] = Field(min_length=1)
    team_ladder: str
    interim_ladder: str
    lasting_ladder: str
    bulletin_ladder: str
    rhythms: dict[Severity, Span]
    approval: Approvals
    spokesman: Role
    statement_ladder: str
    actions: dict[str, str] = Field(min_length=1)
    source: str = ""

    @property
    def ladders(self) -> dict[str, str]:
        """The ladders that it names, by where."""
        named = {name: getattr(self, name) for name in type(self).model_fields if name.endswith("_ladder")}
        return named | {f"actions.{within}": ladder for within, ladder in self.actions.items()}


class AnalysisRules(Contract):
    """分析: when reports point to a latent risk. The last `recent` share of the time is held against what came before.
    A matter is rising with `least` reports or more, which by chance come so seldom as `chance`, shared by all matters;
    it is widespread by so many `channels` or `branches` on one day. `repeated`: so many reports of one customer."""

    recent: float = Field(default=0.25, gt=0, lt=1)
    least: int = Field(default=3, ge=2)
    chance: float = Field(default=0.01, gt=0, lt=1)
    channels: int = Field(default=3, ge=2)
    branches: int = Field(default=3, ge=2)
    repeated: int = Field(default=3, ge=2)
    source: str = ""


class IncidentRules(Contract):
    """客户事故: who confirms the classification, which department deals with which category, by which ladder and within
    what time, the cause codes, and how often one is reopened before it escalates. `duplicates_within`: how far back
    reports of the same customer and matter are looked for."""

    triage: TriageRules
    triage_roles: Roles
    triage_ladder: str
    acknowledged_within: Span
    answered_within: Span
    solved_within: dict[Severity, Span]
    ladders: dict[Severity, str]
    departments: dict[Category, Role]
    causes: tuple[Word, ...] = Field(min_length=1)
    reopenings: int = Field(ge=0)
    duplicates_within: Span
    compensation: CompensationRules
    complaint: ComplaintRules
    major: MajorRules | None = None
    implied: tuple[Implied, ...] = ()
    analysis: AnalysisRules = AnalysisRules()
    source: str = ""


class Question(Contract):
    """A question of a questionnaire, in both languages, answered from 1 (bad) to 5 (good)."""

    id: str
    zh: Words
    en: Words


class SurveyRules(Contract):
    """满意度调查: after which outcomes the customer is asked, of cases begun by whom and not for which reasons; the
    questionnaire with its version, the ladder by which the customer is asked, and the mean score up to which (from 1 to
    5) somebody of a role follows up."""

    version: str
    questions: tuple[Question, ...] = Field(min_length=1)
    ladder: str
    low: float = Field(ge=1, le=5)
    role: Role
    after: tuple[Outcome, ...] = Field(min_length=1)
    initiators: tuple[Initiator, ...] = Field(min_length=1)
    not_for: tuple[ReasonCode, ...] = ()
    source: str = ""

    def follows(self, outcome: str, initiator: Initiator, reason: str) -> bool:
        """Whether the customer is asked about a case that ended so."""
        return outcome in self.after and initiator in self.initiators and reason not in self.not_for

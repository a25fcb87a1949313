"""客户联系 and mail to staff: rendered, written down, sent once, recorded with what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select
from temporalio import activity

from activities.casework import case_of, note, today
from contracts.books import ContactFacts, CustomerFacts
from contracts.notices import Delivered, DeliveryState, NoticeSpec
from contracts.steps import Step
from contracts.tasks import Bounce, TaskSpec
from contracts.vocabulary import CaseKind, Language, Medium, Role
from gateways.answer_codes import AnswerCodes
from gateways.books import Books
from gateways.deadlines import quiet_until
from gateways.failures import PermanentFailure
from gateways.hearing import people_for, roles_of
from gateways.mail import CASE_HEADER, Letterhead, Mail, Mailer, message_id
from gateways.sms import SmsGateway
from notices import Answer, Rendered, matters, render, words
from policy import Policies
from records.database import Database
from records.tables import CaseRow, ContactRow, TaskRow

WRITTEN = (Medium.EMAIL, Medium.SMS)
_UNDER_WAY = (DeliveryState.QUEUED, DeliveryState.SENT)  # queued: we died after the server had taken it


@dataclass
class Post:
    """Sends notices. A message carries its reference to the other side, so that sending again is seen there."""

    database: Database
    books: Books
    policies: Policies
    codes: AnswerCodes
    mailer: Mailer
    sms: SmsGateway
    letterhead: Letterhead

    @activity.defn
    def tell_customer(self, step: Step, notice: NoticeSpec) -> Delivered:
        """Send a notice on the customer's nth verified channel, or say when the quiet hours are over. A refused address
        is an answer; a channel that is down raises and is tried again."""
        with self.database.transaction() as session:
            row = case_of(session, step)
            customer = self.books.customer(session, row.customer)
            contact = _unproven(customer, notice) if notice.at_new else _channel(customer, notice)
            done = self._queue(session, step, notice.template, contact, notice.task)
            if done or contact is None or contact.channel not in WRITTEN:
                return done or _unwritten(session, step, notice.template, contact)
            later = self._later(step, contact.channel)
            if later:
                return later
            rendered = self._render(session, step, row, customer, contact, notice)
        return self._send_to(contact, step, rendered, row, row.language)

    @activity.defn
    def tell_staff(self, step: Step, task: str, template: str) -> Delivered:
        """Mail the people whose task it is: one message to all who hold one of its roles, deputies for the absent."""
        with self.database.transaction() as session:
            row = session.get_one(TaskRow, task)
            roles = [role for role in roles_of(row) if role is not Role.CUSTOMER]
            people = people_for(session, self.books, row, roles, today(step, self.policies[step.policy]))
            address = ", ".join(sorted({person.email for person in people}))
            contact = ContactFacts(channel=Medium.EMAIL, address=address, verified=True, preferred=True)
            done = self._queue(session, step, template, contact if people else None, task)
            if done or not people:
                return done or _unwritten(session, step, template, None)
            later = self._later(step, Medium.EMAIL)
            if later:
                return later
            values = self._staff_values(session, row, roles)
            rendered = render(template, self.letterhead.staff_language, values)
            case = session.get_one(CaseRow, step.dossier)
        return self._send_to(contact, step, rendered, case, self.letterhead.staff_language)

    @activity.defn
    def gave_up(self, step: Step, why: str) -> bool:
        """The channel stayed down to the end of our patience: the contact was not made. False when no channel was tried
        at all, or it was made after all."""
        with self.database.transaction() as session:
            row = session.get(ContactRow, step.key)
            if row and row.state is DeliveryState.QUEUED:
                row.state, row.error = DeliveryState.FAILED, why
                note(session, step, f"notice {row.template} {row.state}", why)
            return row is not None and row.state is DeliveryState.FAILED

    @activity.defn
    def bounced(self, step: Step, bounce: Bounce) -> bool:
        """退信: a message that was taken came back. Answers whether it was one of this case's and news."""
        with self.database.once(step.key, None, bool) as effect:
            if effect.done:
                return effect.result
            mine = select(ContactRow).where(ContactRow.dossier == step.dossier)
            row = effect.session.exec(mine.where(ContactRow.message_id == bounce.message_id)).first()
            if row is None or row.state not in _UNDER_WAY:
                what = f"a bounce of no message that is out: {row.template if row else 'unknown'}"
                note(effect.session, step, what, bounce.reason)
                return effect.record(False)
            row.state, row.error = DeliveryState.BOUNCED, bounce.reason
            evidence = {"message_id": row.message_id}
            note(effect.session, step, f"notice {row.template} {row.state}", bounce.reason, evidence=evidence)
            return effect.record(True)

    def _later(self, step: Step, medium: Medium) -> Delivered | None:
        """The message waits for the end of the quiet hours."""
        until = quiet_until(self.policies[step.policy], medium, step.at)
        return Delivered(state=DeliveryState.QUEUED, medium=medium, at=step.at, not_before=until) if until else None

    def _queue(
        self, session: Session, step: Step, template: str, contact: ContactFacts | None, task: str
    ) -> Delivered | None:
        """Write the contact down before it is made; what became of it, when it was made before."""
        row = session.get(ContactRow, step.key, with_for_update=True)
        if row is None:
            row = ContactRow(
                key=step.key,
                dossier=step.dossier,
                template=template,
                medium=contact.channel if contact else None,
                address=contact.address if contact else "",
                message_id=message_id(step.key, self.letterhead.domain),
                state=DeliveryState.QUEUED,
                at=step.at,
                task=task,
            )
            session.add(row)
            session.flush()
        if row.state is DeliveryState.QUEUED:
            return None
        return Delivered(state=row.state, medium=row.medium, message_id=row.message_id, at=row.at)

    def _send_to(
        self, contact: ContactFacts, step: Step, rendered: Rendered, case: CaseRow, language: Language
    ) -> Delivered:
        """Send, then record. A crash between the two sends once more, with the same Message-ID."""
        state, error = DeliveryState.SENT, ""
        try:
            if contact.channel is Medium.EMAIL:
                error = self._mail(contact.address, step, rendered, case, language)
            else:
                self.sms.send(contact.address, rendered.sms, step.key)
        except PermanentFailure as failure:
            state, error = DeliveryState.REFUSED, str(failure)
        with self.database.transaction() as session:
            row = session.get_one(ContactRow, step.key)
            row.state, row.error, row.at = state, error, step.at
            evidence = {"message_id": row.message_id, "medium": contact.channel.value}
            note(session, step, f"notice {row.template} {state}", error, evidence=evidence)
            return Delivered(state=state, medium=row.medium, message_id=row.message_id, at=step.at)

    def _mail(self, address: str, step: Step, rendered: Rendered, case: CaseRow, language: Language) -> str:
        """Send to all; answers which of several recipients were turned away."""
        mail = Mail(
            to=tuple(address.split(", ")),
            subject=rendered.subject,
            text=rendered.text,
            message_id=message_id(step.key, self.letterhead.domain),
            language=language,
            headers={CASE_HEADER: case.case_id},
        )
        refused = self.mailer.send(mail).refused
        return f"turned away: {', '.join(refused)}" if refused else ""

    def _render(
        self,
        session: Session,
        step: Step,
        row: CaseRow,
        customer: CustomerFacts,
        contact: ContactFacts,
        notice: NoticeSpec,
    ) -> Rendered:
        facts = dict(notice.facts)
        answer = None
        if notice.task:
            asked = session.get_one(TaskRow, notice.task)
            spec = TaskSpec.model_validate_json(asked.spec)
            code = self.codes.issue(session, step.key, contact.address, spec, row.dossier, step.at)
            answer = _answer(spec, row, code)
            facts.setdefault("until", self._day(asked.due_at, row))
            if "about" in facts:
                facts["about"] = words(facts["about"], row.language)
        return render(notice.template, row.language, self._values(row, customer, facts, answer))

    def _day(self, moment: datetime, row: CaseRow) -> str:
        """The firm's day of a moment."""
        return self.policies[row.policy].calendar.day(moment).isoformat()

    def _moment(self, moment: datetime, row: CaseRow) -> str:
        """A moment by the firm's clock, as people are told it."""
        return f"{self.policies[row.policy].calendar.local(moment):%Y-%m-%d %H:%M}"

    def _values(
        self, row: CaseRow, customer: CustomerFacts, facts: dict[str, str], answer: Answer | None
    ) -> dict[str, object]:
        return {
            "firm": self.letterhead.firm,
            "customer": customer.name,
            "account": row.account[-4:],
            "reference": row.dossier,
            "closing": row.kind is CaseKind.CLOSURE,
            "facts": facts,
            "answer": answer,
        } | matters(row.kind, row.language, row.account[-4:])

    def _staff_values(self, session: Session, row: TaskRow, roles: Sequence[Role]) -> dict[str, object]:
        spec = TaskSpec.model_validate_json(row.spec)
        case = session.get_one(CaseRow, row.dossier)
        customer = self.books.customer(session, case.customer)
        answer = _answer(spec, case, code="") if spec.for_customer else None  # staff note what they hear by their token
        values = self._values(case, customer, dict(spec.facts), answer)
        if spec.notice == "letter":
            values["letter"] = render(spec.facts["notice"], case.language, values | {"answer": None}).text
        return values | {
            "name": row.name,
            "subject": row.subject,
            "case": row.case_id,
            "task": row.task,
            "due": self._moment(row.due_at, case),
            "provisional": row.provisional,
            "quiet": self.policies[case.policy].quiet,
            "options": [option.name for option in spec.options],
            "typed": _typed(spec),
            "roles": [role.value for role in roles],
            "consequence": words("task_escalation", self.letterhead.staff_language),
        }


def _answer(task: TaskSpec, row: CaseRow, code: str) -> Answer:
    options = [(option.name, words(option.name, row.language)) for option in task.options]
    return Answer(task=task.task, code=code, options=options, typed=_typed(task))


def _typed(task: TaskSpec) -> dict[str, str]:
    """What staff type for the value that an option wants, by its name."""
    return {option.name: option.typed for option in task.options if option.typed}


def _channel(customer: CustomerFacts, notice: NoticeSpec) -> ContactFacts | None:
    """The nth verified channel, the preferred one first."""
    verified = [contact for contact in customer.contacts if contact.verified]
    usable = [contact for contact in verified if contact.channel in WRITTEN or not notice.in_writing]
    ordered = sorted(usable, key=lambda contact: not contact.preferred)
    return ordered[notice.channel] if notice.channel < len(ordered) else None


def _unproven(customer: CustomerFacts, notice: NoticeSpec) -> ContactFacts | None:
    """The contact that is to be verified; where it does not take the notice, no other channel does."""
    unproven = (each for each in customer.contacts if each.channel is notice.at_new and not each.verified)
    return next(unproven, None) if notice.channel == 0 else None


def _unwritten(session: Session, step: Step, template: str, contact: ContactFacts | None) -> Delivered:
    """No written channel is left: telephone and letter are for people."""
    row = session.get_one(ContactRow, step.key)
    row.state = DeliveryState.TASK if contact else DeliveryState.NO_CHANNEL
    note(session, step, f"notice {template}: {row.state}")
    return Delivered(state=row.state, medium=row.medium, at=step.at)

"""客户联系 and mail to staff: rendered, written down, sent once, recorded with what became of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session
from temporalio import activity

from activities.casework import case_of, json_list, note
from contracts.books import ContactFacts, CustomerFacts
from contracts.notices import Delivered, DeliveryState, NoticeSpec
from contracts.steps import Step
from contracts.tasks import TaskSpec
from contracts.text import moment_text
from contracts.vocabulary import Language, Medium, Role
from gateways.books import Books
from gateways.failures import PermanentFailure
from gateways.mail import CASE_HEADER, Mail, Mailer, message_id
from gateways.sms import SmsGateway
from gateways.tokens import CustomerLinks
from notices import Answer, Rendered, render, words
from policy import Policies
from records.database import Database
from records.tables import CaseRow, ContactRow, TaskRow

WRITTEN = (Medium.EMAIL, Medium.SMS)


@dataclass
class Post:
    """Sends notices. A message carries its reference to the other side, so that sending again is seen there."""

    database: Database
    books: Books
    policies: Policies
    links: CustomerLinks
    mailer: Mailer
    sms: SmsGateway
    firm: str
    mail_domain: str
    staff_language: Language = Language.ZH

    @activity.defn
    def tell_customer(self, step: Step, notice: NoticeSpec) -> Delivered:
        """Send a notice on the customer's nth verified channel. A refused address is an answer; a channel that is
        down raises and is tried again."""
        with self.database.transaction() as session:
            row = case_of(session, step)
            customer = self.books.customer(session, row.customer)
            contact = _channel(customer, notice.channel)
            done = self._queue(session, step, notice.template, contact, notice.task)
            if done or contact is None or contact.channel not in WRITTEN:
                return done or _unwritten(session, step, notice.template, contact)
            rendered = self._render(session, row, customer, notice)
        return self._send_to(contact, step, rendered, row, row.language)

    @activity.defn
    def tell_staff(self, step: Step, task: str, template: str) -> Delivered:
        """Mail the people whose task it is: one message to all who hold one of its roles."""
        with self.database.transaction() as session:
            row = session.get_one(TaskRow, task)
            spec = TaskSpec.model_validate_json(row.spec)
            roles = [Role(role) for role in json_list(row.roles) if role != Role.CUSTOMER]
            related = self.books.customer(session, session.get_one(CaseRow, step.dossier).customer).related_staff
            kept_out = {*spec.barred, *related}
            people = [person for person in self.books.holders(session, roles) if person.id not in kept_out]
            address = ", ".join(sorted({person.email for person in people}))
            contact = ContactFacts(channel=Medium.EMAIL, address=address, verified=True, preferred=True)
            done = self._queue(session, step, template, contact if people else None, task)
            if done or not people:
                return done or _unwritten(session, step, template, None)
            values = self._staff_values(session, row, spec, roles)
            rendered = render(template, self.staff_language, values)
            case = session.get_one(CaseRow, step.dossier)
        return self._send_to(contact, step, rendered, case, self.staff_language)

    @activity.defn
    def gave_up(self, step: Step, why: str) -> None:
        """The channel stayed down to the end of our patience: the contact was not made."""
        with self.database.transaction() as session:
            row = session.get(ContactRow, step.key)
            if row and row.state is DeliveryState.QUEUED:
                row.state, row.error = DeliveryState.FAILED, why
                note(session, step, f"notice {row.template} {row.state}", why)

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
                message_id=message_id(step.key, self.mail_domain),
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
            row.state, row.error = state, error
            evidence = {"message_id": row.message_id, "medium": contact.channel.value}
            note(session, step, f"notice {row.template} {state}", error, evidence=evidence)
            return Delivered(state=state, medium=row.medium, message_id=row.message_id, at=step.at)

    def _mail(self, address: str, step: Step, rendered: Rendered, case: CaseRow, language: Language) -> str:
        """Send to all; answers which of several recipients were turned away."""
        mail = Mail(
            to=tuple(address.split(", ")),
            subject=rendered.subject,
            text=rendered.text,
            message_id=message_id(step.key, self.mail_domain),
            language=language,
            headers={CASE_HEADER: case.case_id},
        )
        refused = self.mailer.send(mail).refused
        return f"turned away: {', '.join(refused)}" if refused else ""

    def _render(self, session: Session, row: CaseRow, customer: CustomerFacts, notice: NoticeSpec) -> Rendered:
        facts = dict(notice.facts)
        answer = None
        if notice.task:
            asked = session.get_one(TaskRow, notice.task)
            answer = self._answer(TaskSpec.model_validate_json(asked.spec), row)
            facts.setdefault("until", self._day(asked.due_at, row))
            if "about" in facts:
                facts["about"] = words(facts["about"], row.language)
        return render(notice.template, row.language, self._values(row, customer, facts, answer))

    def _day(self, moment: datetime, row: CaseRow) -> str:
        """The firm's day of a moment."""
        return self.policies[row.policy].calendar.day(moment).isoformat()

    def _answer(self, task: TaskSpec, row: CaseRow) -> Answer:
        options = [(option.name, words(option.name, row.language)) for option in task.options]
        return Answer(task=task.task, code=self.links.issue(task.task, row.dossier), options=options)

    def _values(
        self, row: CaseRow, customer: CustomerFacts, facts: dict[str, str], answer: Answer | None
    ) -> dict[str, object]:
        return {
            "firm": self.firm,
            "customer": customer.name,
            "account": row.account[-4:],
            "reference": row.dossier,
            "facts": facts,
            "answer": answer,
        }

    def _staff_values(self, session: Session, row: TaskRow, spec: TaskSpec, roles: list[Role]) -> dict[str, object]:
        case = session.get_one(CaseRow, row.dossier)
        customer = self.books.customer(session, case.customer)
        answer = self._answer(spec, case) if spec.for_customer else None
        values = self._values(case, customer, dict(spec.facts), answer)
        if spec.notice == "letter":
            values["letter"] = render(spec.facts["notice"], case.language, values | {"answer": None}).text
        return values | {
            "name": row.name,
            "subject": row.subject,
            "case": row.case_id,
            "task": row.task,
            "due": moment_text(row.due_at),
            "options": [option.name for option in spec.options],
            "roles": [role.value for role in roles],
            "consequence": words("task_escalation", self.staff_language),
        }


def _channel(customer: CustomerFacts, number: int) -> ContactFacts | None:
    """The nth verified channel, the preferred one first."""
    verified = [contact for contact in customer.contacts if contact.verified]
    ordered = sorted(verified, key=lambda contact: not contact.preferred)
    return ordered[number] if number < len(ordered) else None


def _unwritten(session: Session, step: Step, template: str, contact: ContactFacts | None) -> Delivered:
    """No written channel is left: telephone and letter are for people."""
    row = session.get_one(ContactRow, step.key)
    row.state = DeliveryState.TASK if contact else DeliveryState.NO_CHANNEL
    note(session, step, f"notice {template}: {row.state}")
    return Delivered(state=row.state, medium=row.medium, at=step.at)

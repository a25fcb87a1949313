"""通知: what is sent to people, and what became of it."""

from datetime import datetime
from enum import StrEnum

from contracts.base import Contract
from contracts.vocabulary import Medium


class DeliveryState(StrEnum):
    """What became of a contact."""

    QUEUED = "queued"
    SENT = "sent"
    REFUSED = "refused"  # the address does not exist or takes no mail
    FAILED = "failed"  # the channel itself was down to the end of our patience
    TASK = "task"  # telephone or letter: a person does it
    NO_CHANNEL = "no_channel"  # the customer has no verified contact left
    BOUNCED = "bounced"  # it was sent, and came back
    ANSWERED = "answered"  # the customer used the code that it brought


class CaseNotice(StrEnum):
    """通知模板: what people are told with while a case runs; a test holds it equal to the files in notices/. It stands
    here, since a policy says how long each may be used, and policies know nothing of notices."""

    ACKNOWLEDGEMENT = "acknowledgement"
    ADJUSTMENT_DONE = "adjustment_done"
    ADJUSTMENT_ENDED = "adjustment_ended"
    ADJUSTMENT_NOTICE = "adjustment_notice"
    ADJUSTMENT_QUESTIONS = "adjustment_questions"
    ADJUSTMENT_RECEIVED = "adjustment_received"
    ADJUSTMENT_UNDONE = "adjustment_undone"
    ANSWERED_INFORMATION = "answered_information"
    APOLOGY = "apology"
    BULLETIN = "bulletin"
    BULLETIN_STAFF = "bulletin_staff"
    CLOSING_STATEMENT = "closing_statement"
    CLOSURE_NOTICE = "closure_notice"
    COMPLAINT_RECEIVED = "complaint_received"
    CONFIRM_CONTACT = "confirm_contact"
    CONFIRM_NEW_CONTACT = "confirm_new_contact"
    CONTACT_CHANGING = "contact_changing"
    CORRECT_DETAILS = "correct_details"
    DATE_AGREED = "date_agreed"
    DATE_PROPOSALS = "date_proposals"
    DISRUPTION = "disruption"
    DISRUPTION_OVER = "disruption_over"
    ENDED_REFUSED = "ended_refused"
    ENDED_REJECTED = "ended_rejected"
    ENDED_RETAINED = "ended_retained"
    ENDED_WITHDRAWN = "ended_withdrawn"
    EXTENDED = "extended"
    EXTENSION = "extension"
    HANDOVER = "handover"
    INCIDENT_ENDED = "incident_ended"
    INCIDENT_INTERIM = "incident_interim"
    INCIDENT_JOINED = "incident_joined"
    INCIDENT_RECEIVED = "incident_received"
    INCIDENT_SOLVED = "incident_solved"
    INCIDENT_TAKEN = "incident_taken"
    INFORMATION_ASKED = "information_asked"
    INFORMATION_WANTED = "information_wanted"
    LAST_REMINDER = "last_reminder"
    LETTER = "letter"
    OBJECTION_REJECTED = "objection_rejected"
    OFFER = "offer"
    OUTAGE = "outage"
    OWN_FREEZE = "own_freeze"
    PAUSED = "paused"
    PHONE_SCRIPT = "phone_script"
    REFUSAL_OFFER = "refusal_offer"
    REMINDER = "reminder"
    RESUMED = "resumed"
    SHORTFALL = "shortfall"
    SURVEY = "survey"
    SUSPENDED = "suspended"
    TASK = "task"
    TASK_DUE = "task_due"
    TASK_ESCALATION = "task_escalation"
    TASK_REMINDER = "task_reminder"
    TASK_SECOND_ESCALATION = "task_second_escalation"


class NoticeSpec(Contract):
    """A notice to the customer. `template` names it in notices/; `facts` are its values; `channel` counts the
    customer's verified channels from 0, the preferred one first; `task`: the answer is awaited on it; `in_writing`:
    only channels that are written on count."""

    template: str
    facts: dict[str, str] = {}
    channel: int = 0
    task: str = ""
    at_new: Medium | None = None
    in_writing: bool = False


class Delivered(Contract):
    """What became of a notice. `medium` null: there was no channel; `not_before`: quiet hours, it is not sent until
    then."""

    state: DeliveryState
    medium: Medium | None = None
    message_id: str = ""
    at: datetime
    not_before: datetime | None = None

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


class NoticeSpec(Contract):
    """A notice to the customer. `template` names it in notices/; `facts` are its values; `channel` counts the
    customer's verified channels from 0, the preferred one first; `task`: the answer is awaited on it."""

    template: str
    facts: dict[str, str] = {}
    channel: int = 0
    task: str = ""
    at_new: Medium | None = None


class Delivered(Contract):
    """What became of a notice. `medium` null: there was no channel; `not_before`: quiet hours, it is not sent until
    then."""

    state: DeliveryState
    medium: Medium | None = None
    message_id: str = ""
    at: datetime
    not_before: datetime | None = None

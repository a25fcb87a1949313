"""What is said in one random sequence: a closure that closes, is rejected or withdrawn, and much out of place."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from random import Random
from typing import Any

import jwt

from contracts.tasks import Bounce, Decision, Extension, Hold, Reckoning, Resend, Withdrawal
from contracts.vocabulary import Outcome
from gateways.mail import message_id
from tests.support.firm import Firm

LISTENER, SUPERVISOR, SERVICE = "cao.ning", "song.jia", "li.wei"
UNUSABLE: tuple[Any, ...] = (None, [], "yes", {"decision_id": 7}, {"junk": "x" * 3_000}, b"raw")
GUESSED_CODE = "closure.guess.ed-code-of-nobody-0123456789"


class Way(StrEnum):
    """How a message is sent."""

    CLIENT = "client"
    UPDATE = "update"
    SIGNAL = "signal"


@dataclass(frozen=True)
class Message:
    """One message: the name of the update or signal, and its body. `starts`: the case is started with it if need be."""

    name: str
    body: Any
    way: Way
    starts: bool = False


@dataclass(frozen=True)
class Burst:
    """Messages that are sent at the same moment. `settles`: the next burst waits until the case waits for people."""

    messages: tuple[Message, ...]
    settles: bool


class Script:
    """The plan of sequence `number`; the same number is the same plan."""

    def __init__(self, number: int, firm: Firm, account: str) -> None:
        self.firm = firm
        self.name = f"S{number}"
        self.account = account
        self.case = f"closure-{account}"
        self.request = firm.request(account, request_id=f"REQ-{self.name}")
        self.chance = Random(number)
        self.end = self.chance.choices((Outcome.WITHDRAWN, Outcome.REJECTED, Outcome.CLOSED), (60, 30, 10))[0]
        self.denied = self.end is Outcome.REJECTED and self.chance.random() < 0.6
        self.code_wanted = self.chance.random() < 0.3
        self.more_time = self.chance.choice(("approve", "reject"))

    def plan(self) -> tuple[list[Burst], list[Message]]:
        """The bursts in their order, and what comes after the end."""
        rivals = self.chance.random() < 0.3
        pool = [*self._needed(), *self._noise(), *([] if rivals else [self.start()])]
        pool += [self._by_another_way(message) for message in pool if self.chance.random() < 0.25]
        self.chance.shuffle(pool)
        late = [pool.pop() for _ in range(self.chance.randint(0, 2))]
        if not rivals and pool and self.chance.random() < 0.3:
            pool[0] = replace(pool[0], starts=True)
        bursts = list(self._bursts(pool))
        if rivals:
            bursts.insert(self.chance.randint(0, len(bursts)), self._rivals())
        return bursts, late

    # ---- what is needed ------------------------------------------------------------------------------------------

    def answer(self, task: str, name: str, token: str = "") -> Decision:
        """What is decided on a task: the same decision, with the same id, however often it is sent."""
        option, who = self._says()[name]
        return self._decision(task, option, token or self.firm.tokens.mint(who), "so the script says")

    def withdrawal(self) -> Withdrawal:
        """The customer's mind has changed, as staff heard."""
        return Withdrawal(decision_id=f"{self.name}-W", reason="changed my mind", token=self.firm.tokens.mint(SERVICE))

    def hold(self, name: str) -> Hold:
        """Staff pause the case, or resume it."""
        return Hold(decision_id=f"{self.name}-{name}", reason="wait", token=self.firm.tokens.mint(SERVICE))

    def start(self, **changes: Any) -> Message:
        """The request, or another one for the same account."""
        return Message("receive", self.request.model_copy(update=changes), Way.UPDATE, starts=True)

    def _needed(self) -> list[Message]:
        """Tasks are named before they are there: their numbers can be guessed, and may be wrong."""
        said = [(1, "confirm_contact")]
        said += [(2, "identity_unproven")] if self.denied else [(2, "approval")]
        said += [(3, "closing_statement")] if self.end is Outcome.CLOSED else []
        decisions = [
            Message("decide", self.answer(self._task(number, name), name), self._way()) for number, name in said
        ]
        withdrawn = [Message("withdraw", self.withdrawal(), self._update())] if self.end is Outcome.WITHDRAWN else []
        return [*decisions, *withdrawn]

    def _says(self) -> dict[str, tuple[str, str]]:
        return {
            "confirm_contact": ("deny" if self.denied else "confirm", LISTENER),
            "identity_unproven": ("end", SERVICE),
            "approval": ("reject" if self.end is Outcome.REJECTED else "approve", SUPERVISOR),
            "extension": (self.more_time, "luo.hao"),
            "closing_statement": ("received", LISTENER),
        }

    # ---- what is out of place ------------------------------------------------------------------------------------

    def _noise(self) -> list[Message]:
        kinds: list[Callable[[], list[Message]]] = [
            self._pause,
            self._extension,
            self._asked_again,
            self._tellings,
            self._unusable,
            self._nobody,
            self._other_content,
            self._false_tokens,
        ]
        chosen = self.chance.sample(kinds, self.chance.randint(1, 3))
        return [message for kind in chosen for message in kind()]

    def _pause(self) -> list[Message]:
        return [Message(name, self.hold(name), self._update()) for name in ("pause", "resume")]

    def _extension(self) -> list[Message]:
        token = self.firm.tokens.mint(SERVICE)
        more = Extension(decision_id=f"{self.name}-E", working_days=1, reason="abroad", token=token)
        return [Message("extend", more, self._update())]

    def _asked_again(self) -> list[Message]:
        """The customer has lost the code, or so it is said."""
        task, token = self._task(1, "confirm_contact"), self.firm.tokens.mint(SERVICE)
        return [Message("ask_again", Resend(decision_id=f"{self.name}-R", task=task, token=token), self._update())]

    def _tellings(self) -> list[Message]:
        """A bounce of a letter that may be out or that never was, a new calendar, and what nobody knows."""
        step = f"{self.case}.1/notice-confirm_contact/1"
        bounces = [message_id(step, self.firm.world.letterhead.domain), "<unknown@example.com>"]
        told: list[tuple[str, Any]] = [("bounced", Bounce(message_id=each, reason="5.1.1")) for each in bounces]
        told += [("reckon", Reckoning(reason="announced")), ("hurry_up", "please")]
        return [Message(name, body, Way.SIGNAL) for name, body in self.chance.sample(told, 2)]

    def _unusable(self) -> list[Message]:
        update = self.chance.choice(("decide", "withdraw", "pause", "resume", "extend", "ask_again", "receive"))
        signal = self.chance.choice(("decide", "bounced", "reckon"))
        body = self.chance.choice(UNUSABLE)
        return [Message(update, body, Way.UPDATE), Message(signal, body, Way.SIGNAL)]

    def _nobody(self) -> list[Message]:
        """A task that never is, an option that there is not, somebody without the role, nobody known."""
        decide, mint = self._decision, self.firm.tokens.mint
        confirm, approval = self._task(1, "confirm_contact"), self._task(2, "approval")
        said = [
            decide(self._task(99, "approval"), "approve", mint(SUPERVISOR)),
            decide(confirm, "perhaps", mint(LISTENER), key="perhaps"),
            decide(approval, "approve", mint("wang.fang"), key="finance"),
            decide(approval, "approve", mint("nobody.here"), key="nobody"),
        ]
        return [Message("decide", body, self._way()) for body in self.chance.sample(said, 2)]

    def _other_content(self) -> list[Message]:
        """The same decision id with other words: whichever comes first counts."""
        first = self.answer(self._task(1, "confirm_contact"), "confirm_contact")
        other = first.model_copy(update={"reason": "other words", "token": self.firm.tokens.mint(LISTENER)})
        return [Message("decide", other, self._way())]

    def _false_tokens(self) -> list[Message]:
        genuine = self.firm.tokens.mint(SUPERVISOR)
        claims = jwt.decode(genuine, options={"verify_signature": False})
        tokens = {
            "none": jwt.encode(claims, "", algorithm="none"),
            "forged": genuine[:-8] + "AAAAAAAA",
            "expired": self.firm.tokens.mint(SUPERVISOR, ttl=timedelta(minutes=-10)),
            "guessed": GUESSED_CODE,
            "bound": self.firm.tokens.mint(SUPERVISOR, option="reject"),
        }
        approval = self._task(2, "approval")
        chosen = self.chance.sample(sorted(tokens), 2)
        said = [self._decision(approval, "approve", tokens[name], key=name) for name in chosen]
        return [Message("decide", body, self._way()) for body in said]

    def _rivals(self) -> Burst:
        """Whichever request comes first opens the case."""
        second = f"REQ-{self.name}-2"
        return Burst((self.start(), self.start(notes="other words"), self.start(request_id=second)), settles=True)

    # ---- how it is sent ------------------------------------------------------------------------------------------

    def _task(self, number: int, name: str) -> str:
        return f"{self.case}.task-{number}-{name}"

    def _decision(self, task: str, option: str, token: str, reason: str = "", key: str = "") -> Decision:
        own = key or task.rpartition(".task-")[2]
        return Decision(decision_id=f"{self.name}-{own}", task=task, option=option, token=token, reason=reason)

    def _way(self) -> Way:
        return self.chance.choice((Way.CLIENT, Way.UPDATE, Way.SIGNAL))

    def _update(self) -> Way:
        return self.chance.choice((Way.CLIENT, Way.UPDATE))

    def _by_another_way(self, message: Message) -> Message:
        match message.body:
            case Decision():
                return replace(message, way=self._way())
            case Extension() | Hold() | Resend() | Withdrawal():
                return replace(message, way=self._update())
        return message

    def _bursts(self, pool: list[Message]) -> Iterator[Burst]:
        while pool:
            size = self.chance.randint(1, 4)
            burst, pool = pool[:size], pool[size:]
            yield Burst(tuple(burst), settles=self.chance.random() < 0.5)

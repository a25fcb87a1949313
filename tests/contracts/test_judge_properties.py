"""Looking for a way round the judge: random staff, random quorums, random messages; and for a way into a dead end."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import combinations, permutations, product
from typing import NamedTuple

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from contracts.judgement import Bar, Decider, Earlier, Hearing, Verdict, judge
from contracts.tasks import Decision, TaskOption, TaskSpec
from contracts.vocabulary import Role

TASK = "closure-ACC-1001.task-1-approval"
A, B, C = Role.FINANCE, Role.COMPLIANCE, Role.RISK
ROLES = (A, B, C)
NAMES = ("an", "bo", "chen", "ding", "er")
APPROVE, AGREE, REJECT = "approve", "agree", "reject"
OPTIONS = (TaskOption(name=APPROVE), TaskOption(name=AGREE), TaskOption(name=REJECT, final=True))


def roles(*names: Role) -> frozenset[Role]:
    return frozenset(names)


class Quorum(NamedTuple):
    """What a task asks for."""

    needed: int
    must_include: tuple[Role, ...] = ()
    different_roles: bool = False
    allowed: frozenset[Role] = frozenset(ROLES)

    @property
    def spec(self) -> TaskSpec:
        return TaskSpec(
            task=TASK, name="approval", subject="approve", roles=tuple(sorted(self.allowed)), options=OPTIONS,
            needed=self.needed, must_include=self.must_include, different_roles=self.different_roles,
        )  # fmt: skip

    def met_by(self, people: Sequence[frozenset[Role]]) -> bool:
        """Whether these are enough: some way to give each one role covers what must be, and differs where it must."""
        return len(people) >= self.needed and any(self._fits(each) for each in product(*people))

    def _fits(self, each: tuple[Role, ...]) -> bool:
        covered = Counter(self.must_include) <= Counter(each)
        return covered and not (self.different_roles and len(set(each)) < len(each))


class Vote(NamedTuple):
    """A decision that was taken, as the world saw it: `lent` are the places the decider could take then."""

    by: str
    option: str
    verdict: Verdict
    lent: frozenset[str]


@dataclass
class World:
    """The staff, one task, and the judge as the desk asks it: what is taken is written down, what is refused is not."""

    roles: Mapping[str, frozenset[Role]]
    deputies: Mapping[str, str]
    quorum: Quorum
    absent: set[str] = field(default_factory=set)
    bars: dict[str, Bar] = field(default_factory=dict)
    delegated: set[tuple[str, str]] = field(default_factory=set)
    allowed: set[Role] = field(init=False)
    votes: list[Vote] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.allowed = set(self.quorum.allowed)

    @property
    def done(self) -> bool:
        return bool(self.votes) and self.votes[-1].verdict.done

    def lent_to(self, name: str) -> frozenset[str]:
        """Whose places somebody may take: of absent colleagues as their deputy, of those who delegated."""
        absent = {other for other in self.absent if self.deputies.get(other) == name}
        return frozenset(absent | {other for other, to in self.delegated if to == name})

    def decider(self, name: str) -> Decider:
        stands_for = {other: self.roles[other] for other in self.lent_to(name)}
        return Decider(name, self.roles[name], name in self.absent, stands_for)

    def hearing(self) -> Hearing:
        earlier = [Earlier(vote.by, vote.option, vote.verdict.roles, vote.verdict.in_place_of) for vote in self.votes]
        return Hearing(self.quorum.spec, frozenset(self.allowed), dict(self.bars), earlier)

    def decide(self, name: str, option: str = APPROVE) -> Verdict:
        decision = Decision(decision_id="D-1", task=TASK, option=option, token="-")
        verdict = judge(self.hearing(), decision, self.decider(name))
        if verdict.refusal:
            self.refused += 1
        else:
            self.votes.append(Vote(name, option, verdict, self.lent_to(name)))
        return verdict


class Happening(Enum):
    """What may happen while the task is open."""

    DECIDED = auto()
    LEFT = auto()
    CAME_BACK = auto()
    BARRED = auto()
    DELEGATED = auto()
    ESCALATED = auto()


class Event(NamedTuple):
    """Something that happens: to `who`, with the others as far as it needs them."""

    what: Happening
    who: str
    other: str
    option: str
    role: Role


def take(world: World, event: Event) -> None:
    """Let it happen."""
    match event.what:
        case Happening.DECIDED:
            world.decide(event.who, event.option)
        case Happening.LEFT:
            world.absent.add(event.who)
        case Happening.CAME_BACK:
            world.absent.discard(event.who)
        case Happening.BARRED:
            world.bars.setdefault(event.who, Bar.RECUSED)
        case Happening.DELEGATED:
            world.delegated.add((event.who, event.other))
        case Happening.ESCALATED:
            world.allowed.add(event.role)


# ---- a way round ---------------------------------------------------------------------------------

events = st.builds(
    Event,
    what=st.just(Happening.DECIDED) | st.sampled_from(Happening),
    who=st.sampled_from(NAMES),
    other=st.sampled_from(NAMES),
    option=st.sampled_from((*[APPROVE] * 8, AGREE, REJECT)),
    role=st.sampled_from(ROLES),
)
EVERYBODY_APPROVES = [Event(Happening.DECIDED, name, name, APPROVE, A) for name in NAMES]


@st.composite
def quorums(draw: st.DrawFn, kept: int = 2, different: bool = True) -> Quorum:
    """Of one to four, some places `kept` for roles that may decide, perhaps all `different`."""
    needed, allowed = draw(st.integers(1, 4)), draw(st.frozensets(st.sampled_from(ROLES), min_size=2))
    must_include = draw(st.lists(st.sampled_from(sorted(allowed)), max_size=min(needed, kept)))
    return Quorum(needed, tuple(must_include), different and draw(st.booleans()), allowed)


@st.composite
def worlds(draw: st.DrawFn, quorum: st.SearchStrategy[Quorum], names: Sequence[str] = NAMES) -> World:
    """Some staff with the roles they hold, some of them absent, some with deputies, some kept out, and a task."""
    anybody, roles = st.sampled_from(names), st.frozensets(st.sampled_from(ROLES), max_size=2)
    return World(
        roles={name: draw(roles) for name in names},
        deputies={name: draw(anybody) for name in names},
        quorum=draw(quorum),
        absent=draw(st.sets(anybody, max_size=2)),
        bars=draw(st.dictionaries(anybody, st.sampled_from(Bar), max_size=1)),
    )


def assert_allowed(world: World, vote: Vote) -> None:
    """What was just taken came from somebody who may decide, in a role of theirs or of one whose place was free."""
    place = vote.verdict.in_place_of
    assert vote.by not in world.absent | world.bars.keys()
    assert place not in world.bars
    assert not place or place in vote.lent
    assert vote.verdict.roles
    assert vote.verdict.roles <= world.roles[place or vote.by] & world.allowed


def assert_voices_differ(votes: Iterable[Vote]) -> None:
    """Nobody is heard twice: in person, through a deputy, or as both."""
    heard = [name for vote in votes for name in (vote.by, vote.verdict.in_place_of) if name]
    assert len(heard) == len(set(heard))


def assert_decided_rightly(world: World) -> None:
    """The last vote ended it: it was a final option, or enough of the right people who keep out of nothing agree."""
    last = world.votes[-1]
    if last.option == REJECT:
        assert last.verdict.approvals == 1
        return
    agreed = [
        vote
        for vote in world.votes
        if vote.option == last.option and not {vote.by, vote.verdict.in_place_of} & world.bars.keys()
    ]
    assert last.verdict.approvals == len(agreed)
    assert len({vote.by for vote in agreed}) >= world.quorum.needed
    assert world.quorum.met_by([vote.verdict.roles for vote in agreed])


def run(world: World, happenings: Iterable[Event]) -> None:
    """Let it all happen until the task is decided; whatever is taken on the way must be right."""
    for happening in happenings:
        taken = len(world.votes)
        take(world, happening)
        if len(world.votes) > taken:
            assert_allowed(world, world.votes[-1])
            assert_voices_differ(world.votes)
        if world.done:
            assert_decided_rightly(world)
            return


@settings(max_examples=400, deadline=None)
@given(worlds(quorums()), st.lists(events, max_size=20))
def test_nobody_finds_a_way_round_the_quorum(world, happenings):
    run(world, [*happenings, *EVERYBODY_APPROVES])
    event(f"decided by {len(world.votes)}" if world.done else "not decided")


@settings(max_examples=120, deadline=None)
@given(worlds(quorums()), st.lists(events, max_size=20))
def test_a_refused_decision_changes_nothing(world, happenings):
    same, kept = deepcopy(world), []
    for happening in happenings:
        refused, hearing = world.refused, deepcopy(world.hearing())
        take(world, happening)
        if world.refused > refused:
            assert world.hearing() == hearing
        else:
            kept.append(happening)
        if world.done:
            break
    run(same, kept)
    assert same.votes == world.votes


# ---- a dead end ----------------------------------------------------------------------------------


def capacities(world: World, name: str) -> Iterator[tuple[str, frozenset[Role]]]:
    """All that somebody might decide as: whose voice it is, and in which roles."""
    if name not in world.absent | world.bars.keys():
        for voice in (name, *world.lent_to(name) - world.bars.keys()):
            roles = world.roles[voice] & world.allowed
            if roles:
                yield voice, roles


def could_be_decided(world: World) -> bool:
    """Whether there are people enough, by trying every team in every capacity."""
    for team in combinations(world.roles, world.quorum.needed):
        for parts in product(*(list(capacities(world, name)) for name in team)):
            heard = [voice for name, (voice, _) in zip(team, parts, strict=True) for voice in {name, voice}]
            if len(heard) == len(set(heard)) and world.quorum.met_by([roles for _, roles in parts]):
                return True
    return False


def is_decided(world: World, order: Sequence[str]) -> bool:
    """Whether it comes to an end when people try in this order, and those who were refused try again."""
    trial = replace(world, votes=[])
    return any(trial.decide(name).done for name in [*order] * len(order))


def assert_no_dead_end(world: World) -> None:
    """Whoever comes first, it is decided in the end if it can be at all."""
    ends = {is_decided(world, order) for order in permutations(world.roles)}
    assert ends == {could_be_decided(world)}


FEW = NAMES[:4]


@settings(max_examples=150, deadline=None)
@given(worlds(quorums(), FEW))
def test_no_vote_that_is_taken_leads_into_a_dead_end(world):
    world.deputies = {}
    assert_no_dead_end(world)


@settings(max_examples=150, deadline=None)
@given(worlds(quorums(kept=1, different=False), FEW))
def test_no_deputy_leads_into_a_dead_end_where_one_role_is_kept_a_place(world):
    assert_no_dead_end(world)


def test_a_deputy_with_a_role_of_their_own_is_counted_where_a_place_is_kept_for_the_absent_colleague():
    for order in (["an", "bo"], ["bo", "an"]):
        world = World({"an": roles(A), "bo": roles(A), "chen": roles(B)}, {"chen": "bo"}, Quorum(2, (B,)), {"chen"})
        last = [world.decide(name) for name in order][-1]
        assert last.done
        assert [vote.by for vote in world.votes if vote.verdict.in_place_of == "chen"] == ["bo"]


@pytest.mark.parametrize(
    "quorum", [Quorum(2, (A, B)), Quorum(2, (), different_roles=True)], ids=["both kept", "different"]
)
def test_a_deputy_who_signed_in_their_own_role_leaves_the_place_of_the_absent_to_others(quorum):
    """Four eyes go before speed: it takes somebody else, here the colleague who comes back."""
    world = World({"an": roles(A), "bo": roles(A), "chen": roles(B)}, {"chen": "bo"}, quorum, {"chen"})
    assert not world.decide("bo").in_place_of
    assert all(world.decide(name).refusal for name in ("an", "bo", "chen"))
    world.absent.clear()
    assert world.decide("chen").done

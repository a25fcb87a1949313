"""What a command works with: the settings, the records, Temporal, and who does it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple, TypeVar

from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError, ProgrammingError

from client import Quietus
from contracts.converter import data_converter
from contracts.refusals import Code, Refused
from gateways.books import Ledger
from gateways.rollouts import published_in
from gateways.tokens import RESERVED, LocalTokens, StaffTokens, token_judge
from policy import Policies, PolicyText
from records.database import Database
from settings import Settings, connect, load_settings

Result = TypeVar("Result")


def records(settings: Settings | None = None) -> Database:
    """The records. The embedded ones are made when they are not there yet. Refused: UNREACHABLE."""
    settings = settings or load_settings()
    embedded = "database_url" not in settings.model_fields_set
    if embedded:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url)
    database.check()
    if not inspect(database.engine).has_table("cases"):
        if not embedded:
            raise Refused(Code.UNREACHABLE, "The database has no tables yet; run `python -m records upgrade`.")
        database.upgrade()
    return database


def ask_temporal(question: Callable[[Quietus], Awaitable[Result]]) -> Result:
    """What Temporal answers to `question`. Refused: UNREACHABLE."""

    async def asking() -> Result:
        settings = load_settings()
        client = await connect(settings, data_converter=data_converter())
        return await question(Quietus(client, settings.task_queue))

    return asyncio.run(asking())


class Scope(NamedTuple):
    """What a token made for `--as` is good for: one task, or one option of it; null for any."""

    task: str | None = None
    option: str | None = None


ANY = Scope()


def token_of(staff: str | None, token: str | None, scope: Scope = ANY, otherwise: str | None = None) -> str:
    """The token of who does it: given, or signed with the local key for `--as`, or from QUIETUS_STAFF_TOKEN.

    `otherwise`: who is meant, in development, when nobody is named.

    Refused: UNAUTHENTICATED, NOT_FOUND for an unknown person, BAD_INPUT for two at once.
    """
    settings = load_settings()
    if staff and token:
        raise Refused(Code.BAD_INPUT, "Give either --as or --token, not both.")
    if token:
        return token
    if staff:
        return local_token(settings, staff, scope)
    if settings.staff_token:
        return settings.staff_token.get_secret_value()
    if otherwise and not settings.production:
        return local_token(settings, otherwise, scope)
    raise Refused(Code.UNAUTHENTICATED, "Say who you are: --as, --token, or QUIETUS_STAFF_TOKEN.")


def local_token(settings: Settings, staff: str, scope: Scope = ANY) -> str:
    """A token signed with the development key for somebody in the staff directory."""
    return local_tokens(settings, staff, [scope])[0]


def local_tokens(settings: Settings, staff: str, scopes: Iterable[Scope]) -> list[str]:
    """The same for each of `scopes`."""
    if settings.production:
        raise Refused(Code.UNAUTHENTICATED, "--as is for development; give --token or QUIETUS_STAFF_TOKEN.")
    if staff not in RESERVED:
        with records(settings).transaction() as session:
            Ledger().person(session, staff)
    tokens = LocalTokens(settings.keys_dir)
    return [tokens.mint(staff, scope.task, option=scope.option) for scope in scopes]


def policies_of(settings: Settings) -> Policies:
    """The policy versions of the firm; the records are read when they are asked for, also by whoever writes to them at
    that moment: so without a look whether they are there, which would wait for the writer."""
    stored = published_in(Database(settings.database_url))

    def published() -> Iterable[PolicyText]:
        try:
            return stored()
        except (OperationalError, ProgrammingError):  # no records yet; whoever needs them is told by `records`
            return ()

    return Policies(settings.policy_dir, production=settings.production, published=published)


def staff_tokens(settings: Settings) -> StaffTokens:
    """Who judges staff tokens."""
    return token_judge(settings.keys_dir, settings.oidc_issuer, settings.oidc_audience, settings.oidc_jwks_url)

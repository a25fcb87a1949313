"""Who decides: signed tokens of staff (development's own, or an identity provider's) and signed links of customers."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode
from pydantic import Field, ValidationError

from contracts.base import Contract
from contracts.refusals import Code, Refused
from contracts.verdicts import Ground

LOCAL_ISSUER = "quietus-local"
LOCAL_AUDIENCE = "quietus"
REQUIRED_CLAIMS = ("exp", "iat", "sub", "jti", "aud", "iss")
CUSTOMER, OPERATOR = RESERVED = ("customer", "operator")
"""Who may speak on the embedded server without standing in the staff directory."""

OIDC_ALGORITHMS = ("RS256", "ES256", "EdDSA")
LEEWAY = timedelta(seconds=30)

# The first that fits speaks. Never the library's own words: they may repeat the token.
_SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired; get a new one."),
    (jwt.InvalidIssuerError, "The token comes from another issuer."),
    (jwt.InvalidAudienceError, "The token is meant for another service."),
    (jwt.InvalidAlgorithmError, "The token is not signed in a way that is accepted here."),
    (jwt.InvalidSignatureError, "The signature of the token is not genuine."),
    (jwt.ImmatureSignatureError, "The token is not valid yet."),
    (jwt.PyJWKClientError, "The token is signed with a key that the identity provider does not know."),
)
_MALFORMED = "The token is malformed."


class Claims(Contract):
    """What a staff token proves. `task`, `option` null: it is good for any; `jti`: the token's own id."""

    sub: str = Field(min_length=1)
    task: str | None
    jti: str = Field(min_length=1)
    expires_at: datetime
    option: str | None = None

    def for_task(self, task: str | None) -> Self:
        """These claims, where they are good for a task, or (null) for what is no single task. Refused(FORBIDDEN)."""
        if self.task and self.task != task:
            raise Ground.OTHER_TASK.refusal(bound=self.task)
        return self

    def for_option(self, option: str | None) -> Self:
        """These claims, where they are good for an option, or (null) for what is no option. Refused(FORBIDDEN)."""
        if self.option and self.option != option:
            raise Ground.OTHER_OPTION.refusal(bound=self.option)
        return self


class LinkClaims(Contract):
    """What a customer's code proves. `nonce`: under it the records know the code; `content`: the hash of what was
    asked."""

    task: str
    dossier: str
    nonce: str
    content: str


class StaffTokens(Protocol):
    """Verifies the tokens of staff."""

    def verify(self, token: str) -> Claims:
        """The claims of a genuine token. Refused(UNAUTHENTICATED), one sentence that does not repeat the token."""
        ...


class LocalTokens:
    """Development only: tokens signed with a key in `keys_dir` that is made at first start."""

    def __init__(self, keys_dir: Path) -> None:
        self.keys_dir = keys_dir

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        key = load_pem_private_key(_kept(self.keys_dir / "staff.pem", _new_signing_key), password=None)
        assert isinstance(key, Ed25519PrivateKey)
        return key

    def mint(
        self, sub: str, task: str | None = None, ttl: timedelta = timedelta(minutes=15), option: str | None = None
    ) -> str:
        """A token for the staff member `sub`, for one task and one of its options, or (null) for any."""
        now = datetime.now(UTC)
        claims = {"iss": LOCAL_ISSUER, "aud": LOCAL_AUDIENCE, "sub": sub, "jti": secrets.token_hex(16)}
        bounds = {"task": task, "option": option, "iat": now, "exp": now + ttl}
        return jwt.encode(claims | bounds, self._key, algorithm="EdDSA")

    def verify(self, token: str) -> Claims:
        """The claims of a token that `mint` made. Refused(UNAUTHENTICATED)."""
        return _verified(token, self._key.public_key, ("EdDSA",), LOCAL_ISSUER, LOCAL_AUDIENCE)


class OidcTokens:
    """Tokens of an identity provider, whose public keys are fetched from `jwks_url` and kept for five minutes.

    `cooldown`: seconds between two fetches for unknown keys, so that forged tokens cannot flood the provider.
    """

    def __init__(self, issuer: str, audience: str, jwks_url: str, cooldown: float = 5.0) -> None:
        self.issuer = issuer
        self.audience = audience
        if urlsplit(jwks_url).scheme not in {"http", "https"}:
            raise Refused(Code.BAD_INPUT, "QUIETUS_OIDC_JWKS_URL should look like https://host/path.")
        self._keys = jwt.PyJWKClient(jwks_url, lifespan=300, timeout=5, cooldown_duration=cooldown)

    def verify(self, token: str) -> Claims:
        """The claims of a token of the provider. Refused: UNAUTHENTICATED, or UNREACHABLE without its keys."""
        return _verified(token, lambda: self._key_of(token), OIDC_ALGORITHMS, self.issuer, self.audience)

    def _key_of(self, token: str) -> jwt.PyJWK:
        if jwt.get_unverified_header(token).get("alg") not in OIDC_ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        try:
            return self._keys.get_signing_key_from_jwt(token)
        except (jwt.PyJWKClientConnectionError, jwt.PyJWKSetError, OSError, ValueError) as error:  # ValueError: no JSON
            sentence = f"The identity provider's keys cannot be read from {self._keys.uri}; see QUIETUS_OIDC_JWKS_URL."
            raise Refused(Code.UNREACHABLE, sentence) from error


class CustomerLinks:
    """Signed, expiring codes with which a customer answers a task. `key` comes from `link_key`.

    What only the records can say of a code (gateways/answer_codes.py) is refused with the same `no_code`.
    """

    def __init__(self, key: bytes) -> None:
        signer = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        self._serializer = URLSafeTimedSerializer(key, salt="quietus.customer-link", signer_kwargs=signer)

    def issue(self, task: str, dossier: str, nonce: str, content: str) -> str:
        """A code for one task of one dossier, in letters that a link may carry."""
        code = self._serializer.dumps([dossier, task, nonce, content])
        assert isinstance(code, str)
        return code

    def verify(self, code: str, max_age: timedelta) -> LinkClaims:
        """What `code` proves, if it is not older than `max_age`. Refused(UNAUTHENTICATED), never saying why."""
        code = code.strip()
        try:
            signature = code.rpartition(".")[2]
            if base64_encode(base64_decode(signature)).decode() != signature:  # else one code has many spellings
                raise BadData("not in canonical form")
            dossier, task, nonce, content = self._serializer.loads(code, max_age=int(max_age.total_seconds()))
            return LinkClaims(task=task, dossier=dossier, nonce=nonce, content=content)
        except (BadData, ValueError, TypeError):
            raise no_code() from None


def no_code() -> Refused:
    """The one answer to guessed, expired, altered and outdated codes: it never says which."""
    sentence = "This code is not valid or no longer valid; please ask us for a new one."
    return Refused(Code.UNAUTHENTICATED, sentence)


def token_judge(keys_dir: Path, issuer: str | None, audience: str | None, jwks_url: str | None) -> StaffTokens:
    """Who judges staff tokens: the identity provider where one is set, else the local key (the settings refuse a
    production without a provider)."""
    if issuer and audience and jwks_url:
        return OidcTokens(issuer, audience, jwks_url)
    return LocalTokens(keys_dir)


def link_key(keys_dir: Path, master_key: str | None = None) -> bytes:
    """The key of the customers' codes: from the master key, which all workers share, else made at first start."""
    if master_key:
        return hmac.digest(master_key.encode(), b"quietus customer links", "sha256")
    return _kept(keys_dir / "links.key", lambda: secrets.token_bytes(32))


def _verified(token: str, key: Callable[[], Any], algorithms: tuple[str, ...], issuer: str, audience: str) -> Claims:
    if not token:
        raise Refused(Code.UNAUTHENTICATED, "A token is needed that says who decides.")
    try:
        payload = jwt.decode(
            token,
            key(),
            algorithms=list(algorithms),
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY,
            options={"require": list(REQUIRED_CLAIMS)},
        )
        return _claims(payload)
    except jwt.MissingRequiredClaimError as error:
        raise Refused(Code.UNAUTHENTICATED, f"The token does not say '{error.claim}'.") from None
    except (jwt.PyJWTError, ValueError, OverflowError, OSError) as error:
        sentence = next((words for kind, words in _SENTENCES if isinstance(error, kind)), _MALFORMED)
        raise Refused(Code.UNAUTHENTICATED, sentence) from None


def _claims(payload: dict[str, Any]) -> Claims:
    expires_at = datetime.fromtimestamp(int(payload["exp"]), UTC)
    try:
        task, option = payload.get("task"), payload.get("option")
        return Claims(sub=payload["sub"], task=task, option=option, jti=payload["jti"], expires_at=expires_at)
    except ValidationError:
        raise jwt.InvalidTokenError from None


def _new_signing_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _kept(file: Path, make: Callable[[], bytes]) -> bytes:
    """The key in `file`; made when it is not there. Of several processes that start at once, one makes it."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(make())
        try:
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_bytes()

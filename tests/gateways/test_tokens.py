"""Tokens of staff, made here or by an identity provider that answers over HTTP."""

import base64
import json
import secrets
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from contracts.refusals import Code, Refused
from gateways.tokens import (
    LOCAL_AUDIENCE,
    LOCAL_ISSUER,
    LocalTokens,
    OidcTokens,
    StaffTokens,
    _kept,
    link_key,
)

TASK = "closure-ACC-1001.task-3-approval"
ISSUER, AUDIENCE = "https://id.firm.example/realms/staff", "quietus"


def claims(**changed: object) -> dict[str, object]:
    """Good claims of the local issuer but for what is changed; a claim that becomes None is left out."""
    now = datetime.now(UTC)
    good = {"iss": LOCAL_ISSUER, "aud": LOCAL_AUDIENCE, "sub": "li.wei", "jti": "7", "task": TASK}
    times = {"iat": now, "exp": now + timedelta(minutes=5)}
    return {name: value for name, value in (good | times | changed).items() if value is not None}


def refusal(tokens: StaffTokens, token: str) -> str:
    """The sentence with which `token` is refused; it never repeats a part of the token."""
    with pytest.raises(Refused) as refused:
        tokens.verify(token)
    assert refused.value.code is Code.UNAUTHENTICATED
    assert not any(part and part in str(refused.value) for part in token.split(".") if len(part) > 3)
    return str(refused.value)


# ---- development's own -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "keys"


@pytest.fixture
def tokens(keys_dir: Path) -> LocalTokens:
    return LocalTokens(keys_dir)


@pytest.fixture
def signed(tokens: LocalTokens, keys_dir: Path) -> Callable[..., str]:
    """Sign any claims with the genuine key."""
    tokens.mint("li.wei")
    key = load_pem_private_key((keys_dir / "staff.pem").read_bytes(), password=None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return lambda **changed: jwt.encode(claims(**changed), key, algorithm="EdDSA")


def test_a_token_proves_who_and_for_which_task(tokens: LocalTokens) -> None:
    proven = tokens.verify(tokens.mint("li.wei", TASK, ttl=timedelta(minutes=1)))
    assert (proven.sub, proven.task) == ("li.wei", TASK)
    assert timedelta(seconds=50) < proven.expires_at - datetime.now(UTC) <= timedelta(minutes=1)


def test_a_token_may_be_bound_to_one_option_of_its_task(tokens: LocalTokens) -> None:
    bound = tokens.verify(tokens.mint("li.wei", TASK, option="approve"))
    assert (bound.task, bound.option) == (TASK, "approve")
    assert tokens.verify(tokens.mint("li.wei", TASK)).option is None


def test_two_tokens_are_never_the_same(tokens: LocalTokens) -> None:
    first, second = (tokens.verify(tokens.mint("li.wei")) for _ in range(2))
    assert first.jti != second.jti
    assert first.task is None


def test_a_token_made_by_one_process_is_good_in_another(tokens: LocalTokens, keys_dir: Path) -> None:
    assert LocalTokens(keys_dir).verify(tokens.mint("li.wei")).sub == "li.wei"


def test_a_missing_token_is_asked_for(tokens: LocalTokens) -> None:
    assert refusal(tokens, "") == "A token is needed that says who decides."


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "....", "e30.e30.e30", "\ud800", "令牌", "a" * 4_000, "{}", "null.null.null"]
)
def test_a_malformed_token_is_refused_in_one_sentence(tokens: LocalTokens, token: str) -> None:
    assert refusal(tokens, token) in {
        "The token is malformed.",
        "The token is not signed in a way that is accepted here.",
    }


def test_a_token_signed_with_another_key_is_refused(tokens: LocalTokens, tmp_path: Path) -> None:
    forged = LocalTokens(tmp_path).mint("chen.jie")
    assert refusal(tokens, forged) == "The signature of the token is not genuine."


def test_a_token_whose_claims_were_changed_is_refused(tokens: LocalTokens, signed: Callable[..., str]) -> None:
    header, _, signature = signed().split(".")
    other = base64.urlsafe_b64encode(
        json.dumps({**claims(), "iat": 1, "exp": 2**31, "sub": "chen.jie"}, default=str).encode()
    )
    changed = f"{header}.{other.decode().rstrip('=')}.{signature}"
    assert refusal(tokens, changed) == "The signature of the token is not genuine."


def test_an_unsigned_token_is_refused(tokens: LocalTokens) -> None:
    unsigned = jwt.encode(claims(), "", algorithm="none")
    assert refusal(tokens, unsigned) == "The token is not signed in a way that is accepted here."


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(tokens: LocalTokens, keys_dir: Path) -> None:
    tokens.mint("li.wei")
    key = load_pem_private_key((keys_dir / "staff.pem").read_bytes(), password=None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    confused = jwt.encode(claims(), key.public_key().public_bytes_raw(), algorithm="HS256")
    assert refusal(tokens, confused) == "The token is not signed in a way that is accepted here."


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"iss": "somebody-else"}, "The token comes from another issuer."),
        ({"aud": "payroll"}, "The token is meant for another service."),
        ({"exp": 1_000_000_000}, "The token has expired; get a new one."),
        ({"iat": 9_000_000_000, "exp": 9_000_000_001}, "The token is not valid yet."),
        ({"nbf": 9_000_000_000}, "The token is not valid yet."),
        ({"exp": 10**30}, "The token is malformed."),
        ({"exp": "soon"}, "The token is malformed."),
        ({"sub": ""}, "The token is malformed."),
        ({"sub": 7}, "The token is malformed."),
        ({"task": ["a", "b"]}, "The token is malformed."),
        ({"option": 7}, "The token is malformed."),
        ({"option": ["approve", "reject"]}, "The token is malformed."),
        *(({name: None}, f"The token does not say '{name}'.") for name in ("exp", "iat", "sub", "jti", "aud", "iss")),
    ],
)
def test_a_genuine_token_with_wrong_claims_is_refused(
    tokens: LocalTokens, signed: Callable[..., str], changed: dict[str, Any], sentence: str
) -> None:
    assert refusal(tokens, signed(**changed)) == sentence


def test_clocks_may_differ_by_half_a_minute_and_no_more(tokens: LocalTokens) -> None:
    assert tokens.verify(tokens.mint("li.wei", ttl=timedelta(seconds=-20))).sub == "li.wei"
    assert "expired" in refusal(tokens, tokens.mint("li.wei", ttl=timedelta(seconds=-40)))


def test_a_key_that_many_make_at_once_is_the_same_for_all(tmp_path: Path) -> None:
    file, together = tmp_path / "keys" / "links.key", Barrier(8, timeout=10)

    def made_while_the_others_make_theirs() -> bytes:
        together.wait()
        return secrets.token_bytes(32)

    with ThreadPoolExecutor(8) as pool:
        kept = set(pool.map(lambda _: _kept(file, made_while_the_others_make_theirs), range(8)))
    assert kept == {file.read_bytes()}
    assert list(file.parent.iterdir()) == [file]


def test_only_we_can_read_the_keys(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    LocalTokens(keys).mint("li.wei")
    assert link_key(keys) == link_key(keys)
    assert {stat.S_IMODE(file.stat().st_mode) for file in keys.iterdir()} == {0o600}
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700


# ---- an identity provider --------------------------------------------------------------------------------------------


class Provider(ThreadingHTTPServer):
    """Serves the public keys that it has at the moment. `body`: what it serves instead."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.keys: dict[str, Any] = {}
        self.body: bytes | None = None
        self.fetched = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/jwks"

    def sign(self, kid: str, key: Any, algorithm: str, **changed: object) -> str:
        return jwt.encode(claims(**{"iss": ISSUER, **changed}), key, algorithm=algorithm, headers={"kid": kid})


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        self.server.fetched += 1
        keys = [{**_public(key), "kid": kid, "use": "sig"} for kid, key in self.server.keys.items()]
        body = self.server.body or json.dumps({"keys": keys}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing on the screen."""


def _public(key: Any) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        return RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def oidc(provider: Provider, cooldown: float = 0) -> OidcTokens:
    return OidcTokens(ISSUER, AUDIENCE, provider.url, cooldown=cooldown)


@pytest.mark.parametrize(
    ("algorithm", "make"),
    [
        ("RS256", lambda: rsa.generate_private_key(65537, 2048)),
        ("ES256", lambda: ec.generate_private_key(ec.SECP256R1())),
        ("EdDSA", ed25519.Ed25519PrivateKey.generate),
    ],
)
def test_a_token_of_the_provider_proves_who_decides(
    provider: Provider, algorithm: str, make: Callable[[], Any]
) -> None:
    key = provider.keys["2026-a"] = make()
    proven = oidc(provider).verify(provider.sign("2026-a", key, algorithm))
    assert (proven.sub, proven.task, proven.jti) == ("li.wei", TASK, "7")


def test_a_provider_may_bind_a_token_to_an_option(provider: Provider) -> None:
    key = provider.keys["a"] = ed25519.Ed25519PrivateKey.generate()
    assert oidc(provider).verify(provider.sign("a", key, "EdDSA", option="approve")).option == "approve"
    assert oidc(provider).verify(provider.sign("a", key, "EdDSA")).option is None


def test_the_keys_are_fetched_once_for_many_tokens(provider: Provider) -> None:
    key = provider.keys["a"] = ed25519.Ed25519PrivateKey.generate()
    tokens = oidc(provider)
    for _ in range(5):
        tokens.verify(provider.sign("a", key, "EdDSA"))
    assert provider.fetched == 1


def test_a_rotated_key_is_learned_and_the_old_one_no_longer_good(provider: Provider) -> None:
    old = provider.keys["old"] = ed25519.Ed25519PrivateKey.generate()
    tokens = oidc(provider)
    before = provider.sign("old", old, "EdDSA")
    tokens.verify(before)
    provider.keys = {"new": ed25519.Ed25519PrivateKey.generate()}
    assert tokens.verify(provider.sign("new", provider.keys["new"], "EdDSA")).sub == "li.wei"
    assert "does not know" in refusal(tokens, before)


def test_a_key_that_is_rotated_in_beside_the_old_one_leaves_both_good(provider: Provider) -> None:
    old = provider.keys["old"] = ed25519.Ed25519PrivateKey.generate()
    tokens = oidc(provider)
    tokens.verify(provider.sign("old", old, "EdDSA"))
    new = provider.keys["new"] = rsa.generate_private_key(65537, 2048)
    assert tokens.verify(provider.sign("new", new, "RS256")).sub == "li.wei"
    assert tokens.verify(provider.sign("old", old, "EdDSA")).sub == "li.wei"
    assert provider.fetched == 2


def test_forged_tokens_with_unknown_keys_do_not_flood_the_provider(provider: Provider) -> None:
    provider.keys["a"] = ed25519.Ed25519PrivateKey.generate()
    tokens = oidc(provider, cooldown=60)
    for number in range(10):
        forged = provider.sign(f"made-up-{number}", ed25519.Ed25519PrivateKey.generate(), "EdDSA")
        assert "does not know" in refusal(tokens, forged)
    assert provider.fetched == 1


def test_a_forged_signature_under_a_known_key_is_refused(provider: Provider) -> None:
    provider.keys["a"] = ed25519.Ed25519PrivateKey.generate()
    forged = provider.sign("a", ed25519.Ed25519PrivateKey.generate(), "EdDSA")
    assert "not genuine" in refusal(oidc(provider), forged)


def test_an_unsigned_token_is_refused_without_asking_the_provider(provider: Provider) -> None:
    assert "not signed in a way" in refusal(oidc(provider), provider.sign("a", "", "none"))
    assert provider.fetched == 0


def test_an_algorithm_that_does_not_fit_the_key_is_refused(provider: Provider) -> None:
    provider.keys["a"] = ec.generate_private_key(ec.SECP256R1())
    other = rsa.generate_private_key(65537, 2048)
    assert "not signed in a way" in refusal(oidc(provider), provider.sign("a", other, "RS256"))


def test_a_token_of_the_provider_for_another_service_is_refused(provider: Provider) -> None:
    key = provider.keys["a"] = ed25519.Ed25519PrivateKey.generate()
    assert "another service" in refusal(oidc(provider), provider.sign("a", key, "EdDSA", aud="payroll"))
    assert "another issuer" in refusal(oidc(provider), provider.sign("a", key, "EdDSA", iss="https://evil.example"))


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b'{"keys": []}', b"\xff\xfe"])
def test_a_provider_that_serves_no_keys_is_named_as_unreachable(provider: Provider, body: bytes) -> None:
    provider.body = body
    with pytest.raises(Refused, match="QUIETUS_OIDC_JWKS_URL") as refused:
        oidc(provider).verify(provider.sign("a", ed25519.Ed25519PrivateKey.generate(), "EdDSA"))
    assert refused.value.code is Code.UNREACHABLE


@pytest.mark.parametrize("url", ["", "id.firm.example/jwks", "file:///etc/passwd"])
def test_what_is_no_address_of_keys_is_refused_by_name(url: str) -> None:
    with pytest.raises(Refused, match="QUIETUS_OIDC_JWKS_URL") as refused:
        OidcTokens(ISSUER, AUDIENCE, url)
    assert refused.value.code is Code.BAD_INPUT


def test_a_provider_that_is_down_is_named_as_unreachable() -> None:
    with Provider() as unserved:
        tokens = oidc(unserved)
        token = unserved.sign("a", ed25519.Ed25519PrivateKey.generate(), "EdDSA")
    with pytest.raises(Refused) as refused:
        tokens.verify(token)
    assert refused.value.code is Code.UNREACHABLE

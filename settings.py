"""The environment, read once: our own variables by pydantic-settings, Temporal's own by temporalio.envconfig."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import RPCError

from contracts.base import Contract
from contracts.refusals import Code, Fault, Refused, bad_input, faults_of, no_temporal
from contracts.vocabulary import Language

PREFIX = "QUIETUS_"
CONNECT_SECONDS = 5.0


class Environment(StrEnum):
    """Where we run. Production has no defaults for keys and addresses, and refuses what is for development only."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


REQUIRED_IN_PRODUCTION = (
    "database_url",
    "smtp_url",
    "master_key",
    "oidc_issuer",
    "oidc_audience",
    "oidc_jwks_url",
    "evidence_url",
)


class DevServices(Contract):
    """What `worker.py --dev` runs and where; other processes read it from `dev.json` in QUIETUS_HOME."""

    temporal: str
    ui: str
    smtp: str
    pid: int

    @property
    def alive(self) -> bool:
        """Whether the process that wrote it still runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True


class Settings(BaseSettings):
    """Each field is the variable QUIETUS_<FIELD>. What is None has an embedded stand-in, in development only."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, hide_input_in_errors=True)

    home: Path = Field(default=Path(".quietus"), validate_default=True)
    environment: Environment = Environment.DEVELOPMENT
    database_url: str = Field(default_factory=lambda data: f"sqlite:///{data['home'] / 'quietus.db'}")
    smtp_url: str | None = None
    sms_url: str | None = None
    master_key: SecretStr | None = None
    oidc_issuer: str | None = None
    oidc_audience: str | None = None
    oidc_jwks_url: str | None = None
    evidence_url: str = Field(default_factory=lambda data: (data["home"] / "evidence").as_uri())
    policy_dir: Path = Field(default=Path(__file__).parent / "policy")
    staff_token: SecretStr | None = None
    task_queue: str = "quietus"
    staff_language: Language | None = None
    firm: str = "Quietus"
    sender: str = "service@quietus.invalid"

    @field_validator("home", "policy_dir")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    @property
    def production(self) -> bool:
        """Whether development keys, stand-ins and fault injection are refused."""
        return self.environment is Environment.PRODUCTION

    @property
    def mail_dir(self) -> Path:
        """Where the embedded mail catcher and the embedded SMS gateway file what was sent."""
        return self.home / "mail"

    @property
    def keys_dir(self) -> Path:
        """Where the development keys are kept that are made at first start."""
        return self.home / "keys"

    @property
    def evidence_dir(self) -> Path:
        """The folder of a `file:` evidence store. Refused: any other kind of store."""
        url = urlsplit(self.evidence_url)
        if url.scheme != "file" or url.netloc not in {"", "localhost"}:
            raise Refused(Code.BAD_INPUT, f"QUIETUS_EVIDENCE_URL ({self.evidence_url}) is not a folder (file:///...).")
        return Path(unquote(url.path))

    @property
    def mail_url(self) -> str:
        """The mail server: the one that is set, else the catcher of a running `worker.py --dev`. Refused: neither."""
        if self.smtp_url:
            return self.smtp_url
        if services := self.dev_services:
            return services.smtp
        raise Refused(Code.UNREACHABLE, "No mail server: start `python worker.py --dev` or set QUIETUS_SMTP_URL.")

    @property
    def dev_services(self) -> DevServices | None:
        """What `worker.py --dev` runs on the same QUIETUS_HOME at this moment, if it does."""
        if self.production:
            return None
        try:
            services = DevServices.model_validate_json((self.home / "dev.json").read_text())
        except (OSError, ValidationError):
            return None
        return services if services.alive else None

    @contextmanager
    def announced(self, *, temporal: str, ui: str, smtp: str) -> Iterator[DevServices]:
        """While inside, other processes find these services of ours. `temporal` is host:port, the others are urls."""
        services = DevServices(temporal=temporal, ui=ui, smtp=smtp, pid=os.getpid())
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        file, draft = self.home / "dev.json", self.home / f"dev.json.{services.pid}"
        draft.write_text(services.model_dump_json())
        draft.replace(file)
        try:
            yield services
        finally:
            file.unlink(missing_ok=True)


def load_settings() -> Settings:
    """Read the environment. Refused, with every fault named, when it cannot be used."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise bad_input("settings", _faults(error)) from None
    missing = [name for name in REQUIRED_IN_PRODUCTION if name not in settings.model_fields_set]
    if settings.production and missing:
        raise bad_input("settings", [Fault(path=_variable(name), message="production needs it") for name in missing])
    return settings


async def connect(settings: Settings, *, data_converter: DataConverter) -> Client:
    """A client of the Temporal that the environment names, else of a running `worker.py --dev`. Refused: no answer."""
    config = _temporal_settings(settings)
    try:
        connecting = Client.connect(**config, data_converter=data_converter)
        return await asyncio.wait_for(connecting, CONNECT_SECONDS)
    except ValueError as error:
        raise Refused(Code.BAD_INPUT, f"TEMPORAL_ADDRESS ({config['target_host']}) is not host:port.") from error
    except (RuntimeError, RPCError, TimeoutError) as error:
        raise no_temporal(f"is not reachable at {config['target_host']}") from error


def _temporal_settings(settings: Settings) -> ClientConnectConfig:
    try:
        config = ClientConfig.load_client_connect_config()
    except (RuntimeError, OSError, ValueError) as error:  # no such profile, no such certificate, malformed file
        raise Refused(Code.BAD_INPUT, f"The settings of Temporal cannot be used: {error}.") from None
    if "target_host" not in config:
        services = settings.dev_services
        config["target_host"] = services.temporal if services else "127.0.0.1:7233"
    return config


def _faults(error: ValidationError) -> list[Fault]:
    """The faults by name of variable; without those that only follow from another fault."""
    found = zip(faults_of(error), error.errors(), strict=True)
    own = [fault for fault, detail in found if detail["type"] != "default_factory_not_called"]
    return [Fault(path=_variable(fault.path), message=fault.message) for fault in own]


def _variable(field: str) -> str:
    return PREFIX + field.upper()

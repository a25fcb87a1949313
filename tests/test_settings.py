"""The environment is read once: working defaults in development, every missing variable named in production."""

import socket
import subprocess
import sys
import time

import pytest
from temporalio.converter import DataConverter

from contracts.refusals import Code, Refused
from gateways.devserver import free_port
from settings import REQUIRED_IN_PRODUCTION, Environment, Settings, connect, load_settings

SOON_SECONDS = 20.0


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """Nothing set, and an empty folder to stand in."""
    for name in [
        *(f"QUIETUS_{field.upper()}" for field in Settings.model_fields),
        "TEMPORAL_ADDRESS",
        "TEMPORAL_PROFILE",
    ]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def in_production(environment) -> None:
    environment.setenv("QUIETUS_ENVIRONMENT", "production")
    for field in REQUIRED_IN_PRODUCTION:
        environment.setenv(f"QUIETUS_{field.upper()}", f"file:///{field}")


def test_a_bare_machine_keeps_everything_in_one_folder_of_the_working_directory(tmp_path):
    settings = load_settings()
    home = tmp_path / ".quietus"
    assert settings.database_url == f"sqlite:///{home}/quietus.db"
    assert (settings.mail_dir, settings.keys_dir, settings.evidence_dir) == (
        home / "mail",
        home / "keys",
        home / "evidence",
    )
    assert (settings.policy_dir / "__init__.py").exists()
    assert settings.task_queue == "quietus"


def test_what_is_set_holds_and_what_is_set_to_nothing_does_not(environment, tmp_path):
    environment.setenv("QUIETUS_HOME", "elsewhere")
    environment.setenv("QUIETUS_DATABASE_URL", "postgresql+psycopg://db/quietus")
    environment.setenv("QUIETUS_SMTP_URL", "")
    settings = load_settings()
    assert settings.home == tmp_path / "elsewhere"
    assert settings.database_url == "postgresql+psycopg://db/quietus"
    assert settings.smtp_url is None


def test_production_names_every_missing_variable_at_once(environment):
    environment.setenv("QUIETUS_ENVIRONMENT", "production")
    environment.setenv("QUIETUS_SMTP_URL", "smtp://mail")
    with pytest.raises(Refused) as refusal:
        load_settings()
    assert refusal.value.code is Code.BAD_INPUT
    assert {fault.path for fault in refusal.value.faults} == {
        "QUIETUS_DATABASE_URL",
        "QUIETUS_MASTER_KEY",
        "QUIETUS_OIDC_ISSUER",
        "QUIETUS_OIDC_AUDIENCE",
        "QUIETUS_OIDC_JWKS_URL",
        "QUIETUS_EVIDENCE_URL",
    }


def test_production_starts_when_all_is_given(environment):
    in_production(environment)
    assert load_settings().environment is Environment.PRODUCTION


def test_secrets_do_not_show_when_settings_are_printed(environment):
    environment.setenv("QUIETUS_MASTER_KEY", "open sesame")
    environment.setenv("QUIETUS_STAFF_TOKEN", "open sesame")
    assert "sesame" not in repr(load_settings())


def test_a_misspelt_environment_is_one_fault_with_the_variable_named(environment):
    environment.setenv("QUIETUS_ENVIRONMENT", "prod")
    with pytest.raises(Refused) as refusal:
        load_settings()
    assert [fault.path for fault in refusal.value.faults] == ["QUIETUS_ENVIRONMENT"]


def test_an_evidence_store_that_is_no_folder_is_refused_where_a_folder_is_needed(environment):
    environment.setenv("QUIETUS_EVIDENCE_URL", "s3://bucket")
    with pytest.raises(Refused, match=r"s3://bucket"):
        _ = load_settings().evidence_dir


def test_other_processes_find_the_running_development_services_and_not_dead_ones():
    settings = load_settings()
    with pytest.raises(Refused, match="QUIETUS_SMTP_URL"):
        _ = settings.mail_url
    with settings.announced(temporal="127.0.0.1:1", ui="http://127.0.0.1:2", smtp="smtp://127.0.0.1:3") as services:
        assert settings.mail_url == "smtp://127.0.0.1:3"
        file = settings.home / "dev.json"
        with subprocess.Popen([sys.executable, "-c", ""]) as ended:
            ended.wait()
        file.write_text(file.read_text().replace(f'"pid":{services.pid}', f'"pid":{ended.pid}'))
        assert settings.dev_services is None
    assert not file.exists()


def test_production_never_looks_for_development_services(environment):
    with load_settings().announced(temporal="127.0.0.1:1", ui="-", smtp="smtp://127.0.0.1:3"):
        in_production(environment)
        assert load_settings().dev_services is None


async def test_no_temporal_is_one_sentence_soon(environment):
    environment.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    began = time.monotonic()
    with pytest.raises(
        Refused, match=r"not reachable at 127.0.0.1:\d+; start it with `python worker.py --dev`"
    ) as refusal:
        await connect(load_settings(), data_converter=DataConverter.default)
    assert refusal.value.code is Code.UNREACHABLE
    assert time.monotonic() - began < SOON_SECONDS


async def test_a_server_that_accepts_and_says_nothing_is_given_up_soon(environment):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(Refused, match="not reachable"):
            await connect(load_settings(), data_converter=DataConverter.default)
    assert time.monotonic() - began < SOON_SECONDS


@pytest.mark.parametrize(
    ("name", "value"), [("TEMPORAL_PROFILE", "nobody"), ("TEMPORAL_TLS_CLIENT_CERT_PATH", "/no/such/file")]
)
async def test_unusable_settings_of_temporal_are_refused(environment, name, value):
    environment.setenv(name, value)
    with pytest.raises(Refused, match="settings of Temporal") as refusal:
        await connect(load_settings(), data_converter=DataConverter.default)
    assert refusal.value.code is Code.BAD_INPUT

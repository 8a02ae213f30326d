"""Settings are validated at the start, and code, sample file and README agree."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from capture.connection import StorageConnection
from capture.errors import SettingsError
from capture.settings import Settings, setting_names

ROOT = Path(__file__).parents[2]
SAMPLE: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
HOST_SETTINGS = {"AzureWebJobsStorage", "FUNCTIONS_WORKER_RUNTIME", "PYTHON_THREADPOOL_THREAD_COUNT"}


def problems(**changes: str | None) -> list[str]:
    environ = {name: value for name, value in {**SAMPLE, **changes}.items() if value is not None}
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ)
    return caught.value.problems


def test_the_sample_is_valid() -> None:
    settings = Settings.from_env(SAMPLE)
    assert settings.scope == "https://contoso.crm4.dynamics.com/.default"
    assert settings.lease_identity == settings.node_name == "main"


def test_every_setting_without_a_default_is_asked_for_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({})
    required = {name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    required.add("DYNAMICS_CLIENT_SECRET")  # or an identity in its place
    assert {line.split(":")[0] for line in caught.value.problems} == required
    assert all(line.endswith(": is not set") for line in caught.value.problems)


def test_an_unresolved_key_vault_reference_is_named() -> None:
    (line,) = problems(DYNAMICS_CLIENT_SECRET="@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/s/)")
    assert line.startswith("DYNAMICS_CLIENT_SECRET: the Key Vault reference was not resolved")


def test_an_unresolved_connection_is_named() -> None:
    (line,) = problems(WITNESS_STORAGE="@Microsoft.KeyVault(VaultName=kv;SecretName=s)")
    assert line.startswith("WITNESS_STORAGE: the Key Vault reference was not resolved")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("LEASE_SECONDS", "14"),
        ("LEASE_SECONDS", "61"),
        ("TICK_SECONDS", "0"),
        ("TICK_SECONDS", "soon"),
        ("DYNAMICS_URL", "http://contoso.crm4.dynamics.com"),
        ("DYNAMICS_AUTHORITY", "login.microsoftonline.com"),
        ("DYNAMICS_PAGE_SIZE", "5001"),
        ("INGEST_QUEUE", "Ingest_Queue"),
        ("WATCH_SCHEDULE", "*/5 * * * *"),
        ("NODE_NAME", "Main Node"),
        ("OWN_STORAGE", "somewhere"),
    ],
)
def test_what_is_malformed_gives_one_line_with_its_name(setting: str, value: str) -> None:
    lines = problems(**{setting: value})
    assert len(lines) == 1
    assert lines[0].startswith(f"{setting}: ")


def test_the_length_of_a_tick_is_that_of_its_schedule() -> None:
    assert problems(WATCH_SCHEDULE="*/4 * * * * *") == ["TICK_SECONDS: is 5, but WATCH_SCHEDULE ticks every 4 seconds"]


def test_lease_and_tick_must_fit_together() -> None:
    (line,) = problems(TICK_SECONDS="7", WATCH_SCHEDULE="*/7 * * * * *")
    assert line.startswith("LEASE_SECONDS: 15 is too short: two ticks (TICK_SECONDS=7)")


def test_the_nodes_of_a_pair_have_different_names() -> None:
    assert problems(PEER_NAME="main") == ["PEER_NAME: must differ from NODE_NAME"]


def test_the_three_accounts_must_differ() -> None:
    (line,) = problems(WITNESS_STORAGE=SAMPLE["OWN_STORAGE"])
    assert line.startswith("OWN_STORAGE, PEER_STORAGE, WITNESS_STORAGE: must be three different accounts")


def test_the_secret_is_never_shown() -> None:
    environ = {**SAMPLE, "DYNAMICS_CLIENT_SECRET": "s3cret-value", "OWN_STORAGE": SAMPLE["OWN_STORAGE"] + "x=k3y"}
    assert "s3cret-value" not in repr(Settings.from_env(environ))
    assert "k3y" not in repr(Settings.from_env(environ))


def test_an_identity_based_connection_is_read_as_functions_does() -> None:
    environ = {
        **{name: value for name, value in SAMPLE.items() if name != "OWN_STORAGE"},
        "OWN_STORAGE__accountName": "stmain",
        "OWN_STORAGE__clientId": "id-1",
        "OWN_STORAGE__tableServiceUri": "https://elsewhere.table.core.usgovcloudapi.net",
    }
    assert Settings.from_env(environ).own_storage == StorageConnection(
        "OWN_STORAGE",
        blob="https://stmain.blob.core.windows.net",
        queue="https://stmain.queue.core.windows.net",
        table="https://elsewhere.table.core.usgovcloudapi.net",
        client_id="id-1",
    )


def test_an_incomplete_identity_based_connection_names_the_missing_part() -> None:
    lines = problems(OWN_STORAGE=None, OWN_STORAGE__blobServiceUri="https://stmain.blob.core.windows.net")
    assert lines == ["OWN_STORAGE: neither OWN_STORAGE__queueServiceUri nor OWN_STORAGE__accountName is set"]


def test_the_sample_file_has_every_setting_and_no_other() -> None:
    assert set(SAMPLE) - HOST_SETTINGS == set(setting_names())


def test_the_sample_file_shows_the_defaults() -> None:
    for name, field in Settings.model_fields.items():
        if not field.is_required() and name != "dynamics_client_secret":
            assert SAMPLE[name.upper()] == str(field.default), name


def test_the_readme_table_has_every_setting_with_its_default_and_promise() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*?) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    expected = [
        (
            name.upper(),
            "required" if field.is_required() else f"`{field.default}`" if str(field.default) != "" else "empty",
            field.description,
        )
        for name, field in Settings.model_fields.items()
    ]
    assert rows == expected


def test_an_identity_stands_in_for_the_secret() -> None:
    environ = {**SAMPLE, "DYNAMICS_CLIENT_SECRET": "", "DYNAMICS_IDENTITY_CLIENT_ID": "id-1"}
    assert Settings.from_env(environ).dynamics_identity_client_id == "id-1"
    assert problems(DYNAMICS_CLIENT_SECRET=None) == ["DYNAMICS_CLIENT_SECRET: is not set"]
    assert problems(DYNAMICS_IDENTITY_CLIENT_ID="id-1") == [
        "DYNAMICS_CLIENT_SECRET: is set beside DYNAMICS_IDENTITY_CLIENT_ID: remove the one that is not used"
    ]


def test_the_end_of_the_secret_is_a_day() -> None:
    assert Settings.from_env(SAMPLE).secret_ends is None
    told = Settings.from_env({**SAMPLE, "DYNAMICS_CLIENT_SECRET_EXPIRES": "2027-11-22"})
    assert told.secret_ends == date(2027, 11, 22)
    (line,) = problems(DYNAMICS_CLIENT_SECRET_EXPIRES="2027-02-30")
    assert line == "DYNAMICS_CLIENT_SECRET_EXPIRES: must be a day such as 2027-11-22"


def test_a_command_needs_the_settings_of_dynamics_only() -> None:
    of_dynamics = {name: value for name, value in SAMPLE.items() if name.startswith("DYNAMICS_")}
    for beside in ({}, {"NODE_NAME": "peer"}, {"OWN_STORAGE": "not a connection", "PREFERRED_NODE": "nobody"}):
        settings = Settings.of_a_command(of_dynamics | beside)
        assert settings.dynamics_url == SAMPLE["DYNAMICS_URL"]
    with pytest.raises(SettingsError) as caught:
        Settings.of_a_command({})
    assert all(problem.startswith("DYNAMICS_") for problem in caught.value.problems)

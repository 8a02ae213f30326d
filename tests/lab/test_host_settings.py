"""The host's settings and host.json."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from host_app.processes import APP, ROOT, SETTINGS

from lab.host.host_json import HostJson, QueueOptions, seconds
from lab.host.schedule import Schedule
from lab.host.settings import (
    MisconfiguredError,
    connection_string,
    is_disabled,
    load_local_settings,
    resolve,
)

_CONNECTION = "AccountName=a;AccountKey=b"


def test_the_environment_wins_over_the_file() -> None:
    environ = {"GREETING": "from the environment"}
    keys = load_local_settings(SETTINGS, environ)
    assert environ["GREETING"] == "from the environment"
    assert environ["TICK_SCHEDULE"] == "* * * * * *"
    assert keys.function == "key-of-a-function"


def test_placeholders_are_resolved_or_named() -> None:
    assert resolve("%A%-x-%B%", {"A": "1", "B": "2"}) == "1-x-2"
    with pytest.raises(MisconfiguredError, match="setting C is missing"):
        resolve("%C%", {})


def test_a_connection_is_found_with_and_without_prefix() -> None:
    assert connection_string("X", {"X": _CONNECTION}) == _CONNECTION
    assert connection_string("X", {"AzureWebJobsX": _CONNECTION, "X": "other=1"}) == _CONNECTION
    assert connection_string("AzureWebJobsStorage", {"AzureWebJobsStorage": _CONNECTION}) == _CONNECTION
    with pytest.raises(MisconfiguredError, match="setting X is missing"):
        connection_string("X", {})


def test_a_function_can_be_switched_off() -> None:
    assert is_disabled("tick", {"AzureWebJobs.tick.Disabled": "true"})
    assert is_disabled("tick", {"AzureWebJobs_tick_Disabled": "1"})
    assert not is_disabled("tick", {"AzureWebJobs.tick.Disabled": "false"})


def test_host_json_is_read_with_the_real_defaults(tmp_path: Path) -> None:
    assert HostJson.read(tmp_path).queues == QueueOptions(16, 8, 0.0, 5, 60.0, "base64")
    assert HostJson.read(tmp_path).route_prefix == "api"
    queues = {"batchSize": 2, "visibilityTimeout": "00:00:30", "maxPollingInterval": "00:00:02"}
    content = {"functionTimeout": "-1", "extensions": {"queues": queues, "http": {"routePrefix": ""}}}
    (tmp_path / "host.json").write_text(json.dumps(content), encoding="utf-8")
    read = HostJson.read(tmp_path)
    assert read.queues == QueueOptions(2, 1, 30.0, 5, 2.0, "base64")
    assert (read.function_timeout, read.route_prefix) == (None, "")


def test_time_spans() -> None:
    assert seconds("01:02:03.5") == 3723.5
    assert seconds("1.00:00:00") == 86400
    with pytest.raises(MisconfiguredError, match="not a time span"):
        seconds("30")


@pytest.mark.parametrize("expression", ["*/5 * * * *", "00:00:05", "61 * * * * *"])
def test_a_schedule_is_six_fields(expression: str) -> None:
    """Five fields would be read as minutes by a cron library and fire far too seldom."""
    with pytest.raises(MisconfiguredError, match="schedule"):
        Schedule(expression)


def test_what_is_missing_is_said_in_one_line(tmp_path: Path) -> None:
    environ = {"TRACE_FILE": str(tmp_path / "trace"), "PATH": ""}
    command = ["-m", "lab.host", "--root", str(APP), "--port", "0", "--settings", str(SETTINGS)]
    done = subprocess.run(  # noqa: S603
        [sys.executable, *command],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == (
        "lab.host: function order: setting ORDERS is missing: it must hold a storage connection string\n"
    )
    assert done.stdout == ""

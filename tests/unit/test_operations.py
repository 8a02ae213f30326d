"""docs/operations.md speaks of every alarm and of no event that there is not."""

import ast
import re
from pathlib import Path

from capture.console import glance
from capture.events import Event

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
ALARMS, EVENTS = TEXT.split("## Alarms")[1].split("| event of the log |")
RECOVERY = TEXT.split("| event of recovery |")[1]
FOLDER = Path(__file__).parents[2]
RAISED = {"agent_without_workstation", "workstations_doubled", "long_call", "screen_failed", "screen_incomplete"}


def first_column(table: str) -> set[str]:
    return {
        name for line in re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", line)
    }


def test_every_alarm_of_the_console_is_explained_and_no_other() -> None:
    assert first_column(ALARMS) == {alarm.value for alarm in glance.PairAlarm} | RAISED
    assert {kind.value for kind in glance._KINDS.values()} | {"screen_failed"} == RAISED


def test_every_event_that_is_explained_is_one() -> None:
    assert first_column(EVENTS.split("\n\n")[0]) <= {event.value for event in Event}


def logged_by(folder: Path) -> set[str]:
    """The events that the modules of a folder name."""
    sources = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    return {Event[name].value for source in sources for name in re.findall(r"\bEvent\.([A-Z_]+)", source)}


def test_every_event_of_recovery_and_verification_is_explained_and_no_other() -> None:
    logged = logged_by(FOLDER / "capture" / "recovery") - first_column(EVENTS.split("\n\n")[0])
    # Whoever archives leaves out what is too short, and protects what is under hold.
    assert first_column(RECOVERY.split("\n\n")[0]) == logged | {
        Event.RECORDING_LEFT_OUT.value,
        Event.HOLD_NOT_IN_STORE.value,
    }


def loud() -> set[str]:
    """The events that are logged as warnings or errors, wherever the level and the event stand in the same call."""
    found = set()
    for path in (FOLDER / "capture").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "emit":
                text = ast.unparse(call)
                if re.search(r"logging\.(WARNING|ERROR)", text):
                    found |= {Event[name].value for name in re.findall(r"\bEvent\.([A-Z_]+)", text)}
    return found


def test_every_event_that_is_a_warning_or_an_error_is_explained() -> None:
    explained = first_column(EVENTS.split("\n\n")[0]) | first_column(RECOVERY.split("\n\n")[0])
    assert len(loud()) > 20
    assert loud() <= explained


def test_every_event_that_an_alert_is_built_on_is_explained() -> None:
    alerts = (FOLDER / "infra" / "modules" / "alerts.bicep").read_text(encoding="utf-8")
    queries = [
        (FOLDER / "infra" / "queries" / name).read_text(encoding="utf-8")
        for name in re.findall(r"queries/([\w-]+\.kql)", alerts)
    ]
    named = {name for query in queries for name in re.findall(r"\"(\w+)\"", query)} & {event.value for event in Event}
    assert len(named) > 5
    explained = first_column(EVENTS.split("\n\n")[0]) | first_column(RECOVERY.split("\n\n")[0])
    assert named <= explained

"""docs/operations.md speaks of every alarm and of no event that there is not."""

import re
from pathlib import Path

from capture.console import glance
from capture.events import Event

TEXT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
ALARMS, EVENTS = TEXT.split("## Alarms")[1].split("| event of the log |")
RAISED = {"agent_without_workstation", "workstations_doubled", "long_call", "screen_failed"}


def first_column(table: str) -> set[str]:
    return {
        name for line in re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", line)
    }


def test_every_alarm_of_the_console_is_explained_and_no_other() -> None:
    assert first_column(ALARMS) == {alarm.value for alarm in glance.PairAlarm} | RAISED
    assert {kind.value for kind in glance._KINDS.values()} | {"screen_failed"} == RAISED


def test_every_event_that_is_explained_is_one() -> None:
    assert first_column(EVENTS.split("\n\n")[0]) <= {event.value for event in Event}

"""The figures of the recovery demo cannot be good by themselves."""

from typing import Any

from lab.check import Findings
from lab.recovery_figures import Said, figures

WAYS = {
    "hidden rows": {"h1", "h2"},
    "object removed": {"gone"},
    "object altered": {"changed"},
    "entry struck from the log": {"block"},
}


def item(name: str, outcome: str = "recovered") -> dict[str, Any]:
    return {"id": name, "outcome": outcome}


ALL = [item("h1"), item("h2"), item("gone"), item("changed", "reported"), item("block", "reported")]
LEDGERS = {"h1", "h2", "gone", "changed"}


def test_all_found_and_all_recovered_or_reported() -> None:
    said = figures(Said(ALL, WAYS, "block"), Findings(hash_mismatches=["changed"]), LEDGERS)
    assert (said["suppressed"], said["detected"], said["recovered"], said["reported_unrecoverable"]) == (5, 5, 3, 2)
    assert said["false_alarms"] == 0
    assert said["chain_break_named"]
    assert said["altered_object_named"]
    assert said["wrong_afterwards"] == []


def test_what_was_not_found_is_not_counted_though_it_is_there() -> None:
    said = figures(Said(ALL[1:], WAYS, "block"), Findings(hash_mismatches=["changed"]), LEDGERS)
    assert (said["detected"], said["recovered"], said["undetected_ids"]) == (4, 2, ["h1"])


def test_what_was_said_to_be_recovered_and_is_missing_is_not_counted() -> None:
    said = figures(Said(ALL, WAYS, "block"), Findings(missing=["h2"], hash_mismatches=["changed"]), LEDGERS - {"gone"})
    assert said["recovered"] == 1
    assert said["wrong_afterwards"] == ["h2"]


def test_alarms_without_a_reason_are_counted() -> None:
    said = figures(Said([*ALL, item("fine")], WAYS, "block"), Findings(hash_mismatches=["changed"]), LEDGERS)
    assert (said["false_alarms"], said["false_alarm_ids"]) == (1, ["fine"])
    lost = Said([*ALL, item("fine")], WAYS, "block", visible=["fine"])
    assert figures(lost, Findings(hash_mismatches=["changed"]), LEDGERS)["false_alarms"] == 0


def test_an_altered_object_that_nobody_named_is_told() -> None:
    said = figures(Said([*ALL[:3], ALL[4]], WAYS, "block"), Findings(hash_mismatches=["changed"]), LEDGERS)
    assert not said["altered_object_named"]
    assert said["reported_unrecoverable"] == 1

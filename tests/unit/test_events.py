"""Lines of the log: nothing personal, one line each, and the ids by which a call is followed."""

import json
import logging
from pathlib import Path

import pytest

from capture.events import Event, emit, masked
from tests.office import Office, at, ringing
from tests.pair import Pair


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("call from +4915123456789 refused", "call from +***89 refused"),
        ("to +1 (800) 555-0100.", "to +***00."),
        (
            "https://a.blob.core.windows.net/x?sv=1&sig=abc%3D&se=2",
            "https://a.blob.core.windows.net/x?sv=1&sig=***&se=2",
        ),
        ("2026-11-22T21:23:19+00:00", "2026-11-22T21:23:19+00:00"),
        ("8d4648ff-93ba-4c28-95e3-7fb5e9464945", "8d4648ff-93ba-4c28-95e3-7fb5e9464945"),
    ],
)
def test_numbers_and_signatures_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_an_event_is_one_line_with_its_fields_in_order(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "capture"):
        emit(Event.WORK_FAILED, node="main", nothing=None, why="the number +15551234567\nis busy")
    assert [record.getMessage() for record in caplog.records] == [
        "event=work_failed node=main why=the number +***67\\nis busy"
    ]


def test_a_recording_is_followed_from_its_job_to_the_other_node(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()
    pair.turn()
    with caplog.at_level(logging.INFO, "capture"):
        recording = pair.publish()
        pair.turn()
        pair.turn()
    about = [record.getMessage() for record in caplog.records if f"recording={recording.id}" in record.getMessage()]
    assert {line.split()[0] for line in about} >= {
        "event=recording_archived",
        "event=notification_sent",
        "event=notification_merged",
    }
    (archived,) = [line for line in about if line.startswith("event=recording_archived")]
    assert f"conversation={recording.conversation_id}" in archived


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("plain, with Grüße and a \\ in it", "plain, with Grüße and a \\ in it"),
        ("a\nevent=no_majority node=main", r"a\nevent=no_majority node=main"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("a\x1b[2Jb\x00c\x7f", r"a\x1b[2Jb\x00c\x7f"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("a\ud800b\u202eb", r"a\ud800b\u202eb"),
    ],
)
def test_a_value_cannot_begin_a_line_of_its_own(caplog: pytest.LogCaptureFixture, value: str, line: str) -> None:
    caplog.set_level("INFO")
    emit(Event.WORK_FAILED, node="main", none=None, why=value)
    (record,) = caplog.records
    assert record.getMessage() == f"event=work_failed node=main why={line}"


def test_what_a_desktop_says_cannot_pretend_to_be_an_event(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    office.hear(ringing())
    body = {"agent_id": "ann", "state": "failed", "at": at(9).isoformat(), "reason": "x\nevent=became_active node=evil"}
    assert office.call("main", "pc-1", "report", body, "s1").status == 202
    lines = [line for record in caplog.records for line in record.getMessage().splitlines()]
    assert any("event=screen_failed" in line for line in lines)
    assert not any(line.startswith("event=became_active") for line in lines)


def test_the_host_does_not_tell_what_somebody_searches_for() -> None:
    """Names and numbers stand in the queries of the console's search; the host leaves queries out unless told."""
    host = json.loads((Path(__file__).parents[2] / "host.json").read_text(encoding="utf-8"))
    assert "telemetryMode" not in host
    insights = host["logging"]["applicationInsights"]
    assert "enableQueryStringTracing" not in insights
    assert set(insights["samplingSettings"]["excludedTypes"].split(";")) == {"Request", "Exception", "Trace"}

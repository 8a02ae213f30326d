"""Lines of the log: nothing personal, one line each, and the ids by which a call is followed."""

import logging

import pytest

from capture.events import Event, emit, masked
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
        ("two\nlines event=became_active", "two lines event=became_active"),
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
        "event=work_failed node=main why=the number +***67 is busy"
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

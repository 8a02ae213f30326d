"""The archive path is a pure function of the ids."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from capture.model.identity import ConversationId, RecordingId
from capture.model.path import stem


def test_the_path_is_hive_style() -> None:
    created = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert stem("contoso", RecordingId("r1"), created, ConversationId("c1")) == (
        "source=contoso/year=2026/month=11/day=22/conversation=c1/r1"
    )


def test_the_day_is_that_of_utc() -> None:
    local = datetime(2026, 11, 23, 0, 30, tzinfo=timezone(timedelta(hours=2)))
    assert "/day=22/" in stem("contoso", RecordingId("r1"), local, None)


def test_a_recording_without_conversation_has_a_place() -> None:
    assert "/conversation=none/" in stem("contoso", RecordingId("r1"), datetime(2026, 1, 2, tzinfo=UTC), None)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_id_can_leave_its_folder(recording: str, conversation: str) -> None:
    path = stem("contoso", RecordingId(recording), datetime(2026, 1, 2, tzinfo=UTC), ConversationId(conversation))
    parts = path.split("/")
    assert len(parts) == 6
    assert all(part not in ("", ".", "..") for part in parts)
    assert path.isascii()

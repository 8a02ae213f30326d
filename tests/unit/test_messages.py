"""What travels between the nodes is read strictly: every time has a zone, however deep it stands."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from capture.errors import Permanent
from capture.messages import Codec, Notification, notifications
from capture.model.authority import Watermark
from capture.model.conversation import Conversation, Participant, Session
from capture.model.identity import ConversationId, Epoch, NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
COPY = Copy(AT, NodeName("main"), "a.mp3", 1, "0", "audio/mpeg")
SESSION = Session("s1", participants=(Participant(None, joined_on=AT),))
NOTIFICATION = Notification(
    NodeName("main"),
    LedgerEntry(RecordingId("r1"), AT, copies=frozenset({COPY}), reopened=AT),
    Conversation(ConversationId("c1"), AT, sessions=(SESSION,)),
    Watermark(Epoch(1), AT),
)
NAIVE = AT.replace(tzinfo=None)


def test_what_is_written_is_read() -> None:
    assert notifications.from_json(notifications.to_json(NOTIFICATION)) == NOTIFICATION


def test_a_time_without_a_zone_is_refused_wherever_it_stands() -> None:
    entry, conversation, watermark = NOTIFICATION.entry, NOTIFICATION.conversation, NOTIFICATION.watermark
    assert entry is not None
    assert conversation is not None
    assert watermark is not None
    copies = frozenset({replace(COPY, archived_at=NAIVE)})
    session = replace(SESSION, participants=(Participant(None, joined_on=NAIVE),))
    for wrong, where in (
        (replace(NOTIFICATION, watermark=replace(watermark, low=NAIVE)), "watermark.low"),
        (replace(NOTIFICATION, entry=replace(entry, reopened=NAIVE)), "entry.reopened"),
        (
            replace(NOTIFICATION, entry=replace(entry, copies=copies)),
            "archived_at",
        ),
        (replace(NOTIFICATION, conversation=replace(conversation, sessions=(session,))), "joined_on"),
    ):
        with pytest.raises(Permanent, match=f"{where}: the time has no zone"):
            notifications.from_json(notifications.to_json(wrong))


@dataclass(frozen=True, slots=True)
class Dates:
    """A type of its own: nothing is known of it beforehand."""

    some: tuple[datetime, ...]


def test_times_in_a_row_are_looked_at_too() -> None:
    codec = Codec(Dates)
    with pytest.raises(Permanent, match="some"):
        codec.from_json(codec.to_json(Dates((AT, NAIVE))))

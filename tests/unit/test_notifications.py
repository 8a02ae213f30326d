"""The peer is always told: now, or later from the outbox, and never waited for."""

from datetime import UTC, datetime

import pytest

from capture.errors import Permanent
from capture.messages import notifications
from capture.model.conversation import Agent, Conversation, Session
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry
from capture.redundancy.notifications import Notifier
from capture.redundancy.rest import REST_SECONDS, Rest
from tests.stores.account import MemoryAccount
from tests.stores.clock import FakeClock

WHEN = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ENTRY = LedgerEntry(
    RecordingId("r1"),
    WHEN,
    ConversationId("c1"),
    frozenset({Copy(WHEN, NodeName("main"), "r1.mp3", 3, "0" * 64, "audio/mpeg")}),
)


class Desk:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.own, self.peer = MemoryAccount(self.clock).stores, MemoryAccount(self.clock).stores
        self.notifier = Notifier(
            NodeName("main"), self.peer.watermarks, self.own.outbox, self.own.state, self.clock, Rest(self.clock)
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_time_of_completion_place_and_hash_are_told(desk: Desk) -> None:
    desk.notifier.tell(ENTRY, None)
    (body,) = desk.peer.watermarks.bodies()
    notification = notifications.from_json(body)
    assert notification.sender == "main"
    assert notification.entry == ENTRY


def test_what_cannot_be_told_waits_in_the_outbox(desk: Desk) -> None:
    desk.peer.watermarks.fail_next("send")
    desk.notifier.tell(ENTRY, None)
    assert desk.own.outbox.count(100) == 1
    assert desk.notifier.deliver(10) == 1
    assert desk.own.outbox.count(100) == 0
    assert notifications.from_json(desk.peer.watermarks.bodies()[0]).entry == ENTRY


def test_after_a_failure_the_peer_is_left_alone_for_a_while(desk: Desk) -> None:
    desk.peer.watermarks.power.down = True
    for _ in range(20):
        desk.notifier.tell(ENTRY, None)
    desk.peer.watermarks.power.down = False
    desk.notifier.tell(ENTRY, None)
    assert desk.own.outbox.count(100) == 21
    desk.clock.advance(REST_SECONDS)
    desk.notifier.tell(ENTRY, None)
    assert len(desk.peer.watermarks.bodies()) == 1


def test_delivery_stops_at_the_first_failure_and_loses_nothing(desk: Desk) -> None:
    desk.peer.watermarks.power.down = True
    for _ in range(5):
        desk.notifier.tell(ENTRY, None)
        desk.clock.advance(1)
    desk.peer.watermarks.power.down = False
    desk.peer.watermarks.fail_next("send", times=1)
    assert desk.notifier.deliver(10) == 0
    assert desk.own.outbox.count(100) == 5
    assert desk.notifier.deliver(3) == 3
    assert desk.notifier.deliver(10) == 2


def test_what_the_queue_refuses_for_ever_does_not_hold_up_the_rest(desk: Desk) -> None:
    desk.peer.watermarks.power.down = True
    for _ in range(3):
        desk.notifier.tell(ENTRY, None)
    desk.peer.watermarks.power.down = False
    desk.peer.watermarks.fail_next("send", error=Permanent("400 the message is too large"))
    assert desk.notifier.deliver(10) == 2
    assert desk.own.outbox.count(100) == 0
    assert desk.own.state.rejected() == [("outbox", "400 the message is too large")]


def test_a_refusal_of_the_peer_never_fails_the_recording(desk: Desk) -> None:
    desk.peer.watermarks.fail_next("send", error=Permanent("404"))
    desk.notifier.tell(ENTRY, None)
    assert desk.own.outbox.count(100) == 1


def test_metadata_that_does_not_fit_into_a_message_is_left_out(desk: Desk) -> None:
    sessions = tuple(Session(f"s{number}", Agent("a", "N" * 100)) for number in range(400))
    desk.notifier.tell(ENTRY, Conversation(ConversationId("c1"), WHEN, finished=True, sessions=sessions))
    (body,) = desk.peer.watermarks.bodies()
    notification = notifications.from_json(body)
    assert notification.entry == ENTRY
    assert notification.conversation is None

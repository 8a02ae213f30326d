"""Open conversations, the outbox and the state."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from capture.errors import Superseded
from capture.model.authority import Cursor, Preference, Revocation, Watermark, Yields
from capture.model.hold import HeldRecording, Hold
from capture.model.identity import ConversationId, Epoch, NodeName, RecordingId
from capture.model.ledger import ParkedRecording
from tests.contract.values import MAIN, ODD_IDS, after
from tests.contract.worlds import World


def test_open_conversations_come_when_they_are_due(world: World) -> None:
    open_conversations = world.main.open_conversations
    assert open_conversations.due(after(0), 10) == []
    for name, due, wait in (("a", 30, 60.5), ("b", 10, 15.0), ("c", 20, 30.0)):
        open_conversations.put(ConversationId(name), after(due), wait)
    assert open_conversations.due(after(9), 10) == []
    assert open_conversations.due(after(20), 10) == [("b", 15.0), ("c", 30.0)]
    assert open_conversations.due(after(99), 2) == [("b", 15.0), ("c", 30.0)]


def test_an_open_conversation_is_replaced_and_removed(world: World) -> None:
    open_conversations = world.main.open_conversations
    open_conversations.put(ConversationId("a"), after(10), 15)
    open_conversations.put(ConversationId("a"), after(40), 30)
    assert open_conversations.due(after(30), 10) == []
    assert open_conversations.due(after(40), 10) == [("a", 30)]
    open_conversations.remove(ConversationId("a"))
    open_conversations.remove(ConversationId("a"))
    assert open_conversations.due(after(99), 10) == []


@pytest.mark.parametrize("name", ODD_IDS)
def test_odd_conversation_ids(world: World, name: str) -> None:
    world.main.open_conversations.put(ConversationId(name), after(0), 1)
    assert world.main.open_conversations.due(after(0), 10) == [(name, 1)]
    world.main.open_conversations.remove(ConversationId(name))
    assert world.main.open_conversations.due(after(0), 10) == []


def test_the_outbox_gives_the_oldest_first(world: World) -> None:
    outbox = world.main.outbox
    for number in (3, 1, 2):
        outbox.put(f'{{"n":{number}}}'.encode(), after(number))
    for number in range(12):
        outbox.put(f'{{"same moment":{number}}}'.encode(), after(9))
    assert outbox.count(100) == 15
    assert outbox.count(10) == 10
    assert outbox.since() == after(1)
    messages = [message for _, message in outbox.oldest(100)]
    assert messages[:3] == [b'{"n":1}', b'{"n":2}', b'{"n":3}']
    assert messages[3:] == [f'{{"same moment":{number}}}'.encode() for number in range(12)]
    assert [message for _, message in outbox.oldest(2)] == messages[:2]


def test_a_delivered_message_leaves_the_outbox(world: World) -> None:
    outbox = world.main.outbox
    outbox.put(b"{}", after(0))
    outbox.put(b"{}", after(0))
    ((key, _),) = outbox.oldest(1)
    outbox.remove(key)
    outbox.remove(key)
    assert outbox.count(10) == 1


def test_a_large_message_survives_the_outbox(world: World) -> None:
    message = ('{"text":"' + "電話📞ü" * 10_000 + '"}').encode()
    world.main.outbox.put(message, after(0))
    ((_, found),) = world.main.outbox.oldest(1)
    assert found == message


def test_a_new_state_is_empty(world: World) -> None:
    state = world.main.state
    assert (state.watermark(), state.cursor(), state.paused_until(), state.last_error()) == (None, None, None, None)
    assert (state.preference(), state.revocation(), state.yields()) == (None, None, None)
    assert world.main.outbox.since() is None
    assert state.rejected() == []
    assert state.parked() == []


def test_the_watermark_never_goes_back_in_an_epoch(world: World) -> None:
    state = world.main.state
    first, later, next_reign = (
        Watermark(Epoch(1), after(0)),
        Watermark(Epoch(1), after(9)),
        Watermark(Epoch(2), after(5)),
    )
    assert state.raise_watermark(first) == first
    assert state.raise_watermark(later) == later
    assert state.raise_watermark(first) == later
    assert state.raise_watermark(next_reign) == next_reign
    assert state.raise_watermark(Watermark(Epoch(1), after(99))) == next_reign
    assert state.watermark() == next_reign


def test_racing_watermarks_leave_the_highest(world: World) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(lambda n: world.main.state.raise_watermark(Watermark(Epoch(1), after(n))), range(8)))
    assert world.main.state.watermark() == Watermark(Epoch(1), after(7))


def test_a_persons_word_is_judged_by_epoch_then_time(world: World) -> None:
    state = world.main.state
    first = Preference(Epoch(3), after(9), NodeName("main"), alone_until=after(99))
    assert state.prefer(first) == first
    assert state.prefer(Preference(Epoch(2), after(50), NodeName("peer"))) == first
    later = Preference(Epoch(3), after(10), NodeName("peer"))
    assert state.prefer(later) == later
    assert state.preference() == later


def test_a_revocation_never_goes_back(world: World) -> None:
    state = world.main.state
    first = Revocation(Epoch(3), after(9))
    assert state.revoke(first) == first
    assert state.revoke(Revocation(Epoch(3), after(8))) == first
    assert state.revoke(Revocation(Epoch(2), after(99))) == first
    assert state.revocation() == first


def test_how_often_the_role_was_left_is_kept(world: World) -> None:
    world.main.state.note_yield(Yields(after(1), 1))
    world.main.state.note_yield(Yields(after(9), 2))
    assert world.main.state.yields() == Yields(after(9), 2)


def test_a_cursor_of_a_lower_epoch_is_refused(world: World) -> None:
    state = world.main.state
    cursor = Cursor(Epoch(2), high=after(0.5), began_at=after(-1))
    state.put_cursor(cursor)
    assert state.cursor() == cursor
    with pytest.raises(Superseded):
        state.put_cursor(replace(cursor, epoch=Epoch(1), high=after(9)))
    assert state.cursor() == cursor
    back = replace(cursor, high=after(-9))
    state.put_cursor(back)
    assert state.cursor() == back
    state.put_cursor(replace(back, epoch=Epoch(3)))
    assert state.cursor() == replace(back, epoch=Epoch(3))


def test_a_pause_is_only_ever_lengthened(world: World) -> None:
    state = world.main.state
    state.pause_until(after(10))
    state.pause_until(after(5))
    assert state.paused_until() == after(10)
    state.pause_until(after(10.5))
    assert state.paused_until() == after(10.5)


def test_the_last_error_is_kept(world: World) -> None:
    state = world.main.state
    state.note_error(after(0), "first")
    state.note_error(after(1), "zweiter 📞\nline " + "x" * 3000)
    assert state.last_error() == (after(1), "zweiter 📞\nline " + "x" * 3000)


def test_an_unreadable_message_is_kept_once(world: World) -> None:
    state = world.main.state
    state.reject("ingest", b"\xff\x00 not json" * 3000, "not JSON", after(0))
    state.reject("ingest", b"\xff\x00 not json" * 3000, "not JSON", after(1))
    state.reject("watermark", b"{}", "empty", after(2))
    assert state.rejected() == [("ingest", "not JSON"), ("watermark", "empty")]
    first, second = state.rejected_messages()
    assert (first.queue, first.at, first.reason) == ("ingest", after(1), "not JSON")
    assert state.rejected_body(first) == b"\xff\x00 not json" * 3000
    state.forget_rejected(first)
    state.forget_rejected(first)
    assert state.rejected_body(first) is None
    assert state.rejected_messages() == [second]


@pytest.mark.parametrize("name", ODD_IDS)
def test_parked_recordings_are_listed_until_they_are_archived(world: World, name: str) -> None:
    state = world.main.state
    parked = ParkedRecording(RecordingId(name), after(0.25), "no file yet")
    state.note_parked(replace(parked, reason="no file"))
    state.note_parked(parked)
    assert state.parked() == [parked]
    state.forget_parked(RecordingId(name))
    state.forget_parked(RecordingId(name))
    assert state.parked() == []


@pytest.mark.parametrize("name", ODD_IDS)
def test_held_recordings_are_listed_until_they_are_released(world: World, name: str) -> None:
    state = world.main.state
    held = HeldRecording(
        RecordingId(name), after(0.25), Hold(after(1), on=True, node=MAIN, by="Änn", reason="x" * 2000)
    )
    state.note_held(replace(held, hold=replace(held.hold, reason="case 6")))
    state.note_held(held)
    assert state.held() == [held]
    state.forget_held(RecordingId(name))
    state.forget_held(RecordingId(name))
    assert state.held() == []

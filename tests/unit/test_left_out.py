"""Recordings of calls that are shorter than MIN_CALL_SECONDS."""

from dataclasses import replace
from datetime import timedelta

import pytest

from capture.messages import commands
from capture.model.conversation import Conversation
from capture.model.identity import ConversationId
from capture.model.recording import ArchiveRecording
from tests.pair import Pair


@pytest.fixture
def pair() -> Pair:
    pair = Pair({"MIN_CALL_SECONDS": "5"})
    pair.turn()
    return pair


def of_a_short_call(pair: Pair, given: ArchiveRecording) -> bytes:
    """The command once more, looking first, after Dynamics has said that the call lasted four seconds."""
    began = pair.clock.now()
    ended = began + timedelta(seconds=4)
    talk = Conversation(ConversationId("c1"), began, finished=True, started_on=began, closed_on=ended)
    return commands.to_json(replace(given, look_first=True, conversation=talk))


def command(pair: Pair) -> ArchiveRecording:
    pair.publish()
    pair.members["main"].node.tick()
    (body,) = pair.queue("main").bodies()
    return commands.from_json(body)


def test_it_is_not_archived_and_both_ledgers_say_why(pair: Pair) -> None:
    given = command(pair)
    pair.queue("main").messages.clear()
    pair.members["main"].node.ingest(of_a_short_call(pair, given))
    pair.work("peer")
    assert pair.archived("main") | pair.archived("peer") == set()
    for name in ("main", "peer"):
        entry = pair.members[name].own.ledger.get(given.recording.id, given.recording.created_on)
        assert entry is not None
        assert entry.removed is not None
        assert (entry.removed.by, entry.removed.reason) == ("MIN_CALL_SECONDS", "the call lasted 4 s")


@pytest.mark.parametrize("where", ["main", "peer"])
def test_what_is_archived_already_stays_whatever_is_said_of_its_length_later(pair: Pair, where: str) -> None:
    given = command(pair)
    pair.members[where].node.ingest(commands.to_json(given))
    pair.accounts["main"].stores.ledger.entries.clear()  # it was killed before it noted, or heard of it
    pair.members["main"].node.ingest(of_a_short_call(pair, given))
    for name in ("main", "peer"):
        pair.work(name)
    assert pair.archived(where) == {given.recording.id}
    entry = pair.members["main"].own.ledger.get(given.recording.id, given.recording.created_on)
    assert entry is not None
    assert entry.state == "archived"

"""What travels between the nodes is read strictly: every time has a zone, however deep it stands."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from capture.errors import Permanent
from capture.messages import (
    ArchiveScreen,
    Codec,
    Notification,
    RowRef,
    ScreenFact,
    boards,
    notifications,
    screen_facts,
    screen_files,
)
from capture.model.authority import Watermark
from capture.model.board import Board, Order
from capture.model.conversation import Conversation, Participant, Session
from capture.model.identity import AgentId, ConversationId, Epoch, NodeName, RecordingId, SessionId
from capture.model.ledger import Copy, LedgerEntry, ScreenTimes
from capture.model.session import AgentSession, Mark, MarkKind, Participation, Stamped, Wanted
from capture.model.workstation import SignIn

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


S1, ANN = SessionId("s1"), AgentId("ann")
FACT = ScreenFact(
    NodeName("main"),
    "e1",
    AT,
    session=AgentSession(
        S1,
        ConversationId("c1"),
        Stamped(AT, ANN),
        192440000,
        marks=(Mark(MarkKind.HOLD, "h1", AT),),
        participants=(Participation("p1", ANN, "Primary", AT),),
    ),
    read_back=RowRef("msdyn_ocsession", "s1"),
    sign_in=SignIn("pc-1", "ann@contoso.com", AT, AT),
)


def test_facts_and_commands_about_screens_are_read_as_they_were_written() -> None:
    assert screen_facts.from_json(screen_facts.to_json(FACT)) == FACT
    command = ArchiveScreen(S1, ANN, "pc-1", 1, AT, AT, 5, "0" * 64, AT, failures=2)
    assert screen_files.from_json(screen_files.to_json(command)) == command
    board = Board("pc-1", NodeName("main")).placing(Order(S1, ANN, None, Wanted.KEEP, AT, AT), AT, timedelta(hours=72))
    assert boards.from_json(boards.to_json(board)) == board
    screen = ScreenTimes(S1, ANN, "pc-1", AT, AT, (Mark(MarkKind.HOLD, "h1", AT),))
    entry = LedgerEntry(RecordingId("r1"), AT, screen=screen)
    told = Notification(NodeName("main"), entry)
    assert notifications.from_json(notifications.to_json(told)) == told


def test_a_fact_without_a_zone_in_a_participant_is_refused() -> None:
    assert FACT.session is not None
    session = replace(FACT.session, participants=(Participation("p1", called_on=NAIVE),))
    with pytest.raises(Permanent, match="called_on: the time has no zone"):
        screen_facts.from_json(screen_facts.to_json(replace(FACT, session=session)))

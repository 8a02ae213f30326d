"""Values for the suite, with names and times that are easy to tell apart."""

from datetime import datetime, timedelta

from capture.model.conversation import Agent, Conversation, Session
from capture.model.identity import ConversationId, Epoch, NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry, Parked
from capture.model.recording import Job, JobState, Recording
from tests.stores.clock import START

MAIN, PEER = NodeName("main"), NodeName("peer")
ODD_IDS = (
    "a/b\\c#d?e",
    "100%",
    "!",
    "%21",
    "with space",
    "o'clock",
    "tab\there",
    "Ünïcödé-電話",
    "a|b",
    "..",
    "x" * 100,
)
"""Ids are guids; these are what may come instead."""


def after(seconds: float) -> datetime:
    """A time, counted from a fixed one."""
    return START + timedelta(seconds=seconds)


def copy_of(name: str, node: NodeName = MAIN, at: float = 0) -> Copy:
    """A copy in the archive."""
    return Copy(after(at), node, f"some/{name}.mp3", 5, "ab" * 32, "audio/mpeg")


def archived(name: str, at: float = 0, node: NodeName = MAIN, conversation: str | None = "talk") -> LedgerEntry:
    """A recording that one node has archived."""
    key = ConversationId(conversation) if conversation is not None else None
    return LedgerEntry(RecordingId(name), after(at), key, frozenset({copy_of(name, node)}))


def parked(name: str, at: float = 0, node: NodeName = MAIN, conversation: str | None = "talk") -> LedgerEntry:
    """A recording that one node has given up."""
    key = ConversationId(conversation) if conversation is not None else None
    return LedgerEntry(RecordingId(name), after(at), key, parked=Parked(after(at), node, "no file"))


def conversation(name: str = "talk", at: float = 0, *, finished: bool = False, sessions: int = 0) -> Conversation:
    """A reading of a conversation; each session brings about 250 characters."""
    talks = tuple(Session(f"s{n}", Agent(f"agent-{n}", name="電話📞" * 20, email="x" * 100)) for n in range(sessions))
    return Conversation(ConversationId(name), after(at), finished=finished, subject="Ärger 📞", sessions=talks)


def job(name: str, at: float = 0, due: float = 0, node: NodeName | None = None) -> Job:
    """A job, assigned when a node is given."""
    state = JobState.PENDING if node is None else JobState.ASSIGNED
    recording = Recording(RecordingId(name), after(at))
    return Job(recording, state=state, due=after(due), epoch=Epoch(1), node=node)

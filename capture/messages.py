"""JSON of what travels between the nodes and of what the tables keep. Reading validates; nothing is guessed."""

from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from capture.errors import Permanent
from capture.model.authority import Cursor, Heartbeat, Preference, Revocation, Watermark, Yields
from capture.model.board import Board
from capture.model.conversation import Conversation
from capture.model.day import DayReport
from capture.model.hold import Hold
from capture.model.identity import AgentId, NodeName, SessionId
from capture.model.ledger import LedgerEntry
from capture.model.recording import ArchiveRecording, Job
from capture.model.request import News, Request
from capture.model.session import AgentSession
from capture.model.workstation import Place, SignIn


@dataclass(frozen=True, slots=True)
class Notification:
    """What a node tells its peer: a recording is finished, a conversation has been read, or both.

    `entry` carries the time of completion, place and hash; `watermark` is the sender's low watermark. `again` says that
    somebody may have worked on the recording before the sender did. `recovery` says how a request to recover
    stands, `days` how some days do.
    """

    sender: NodeName
    entry: LedgerEntry | None = None
    conversation: Conversation | None = None
    watermark: Watermark | None = None
    again: bool = False
    recovery: News | None = None
    days: tuple[DayReport, ...] = ()


@dataclass(frozen=True, slots=True)
class RowRef:
    """A row of Dynamics that must be read before its event says anything. Without a table it is a session itself."""

    table: str | None
    id: str


@dataclass(frozen=True, slots=True)
class ScreenFact:
    """What a node has heard of an agent's session or of a workstation. `places`: where it has the seats recorded."""

    heard_by: NodeName
    event_id: str
    received_at: datetime
    forwarded: bool = False
    session: AgentSession | None = None
    read_back: RowRef | None = None
    sign_in: SignIn | None = None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class ArchiveScreen:
    """The command in a node's own hand-over queue: take what a desktop has staged into the archive.

    `failures` counts deliveries that found other bytes than those reported. `passed_on`: the node that was told first
    did not have those bytes. Not `complete`: the desktop never reported, these are the bytes that came; how many, and
    their `sha256`, is read when it is empty.
    """

    session_id: SessionId
    agent_id: AgentId
    workstation: str
    part: int
    started_at: datetime
    ended_at: datetime
    size: int
    sha256: str
    reported_at: datetime
    failures: int = 0
    passed_on: bool = False
    complete: bool = True


class Codec[T]:
    """One type's way to JSON and back."""

    def __init__(self, kind: type[T]) -> None:
        """Build the validator once."""
        self._adapter = TypeAdapter(kind)
        self._name = kind.__name__

    def to_json(self, value: T) -> bytes:
        """Write a value as compact UTF-8 JSON."""
        return self._adapter.dump_json(value)

    def from_json(self, body: bytes | str) -> T:
        """Read a value; Permanent names the first thing that is wrong, without repeating the content."""
        try:
            value = self._adapter.validate_json(body)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the whole message"
            raise Permanent(f"not a {self._name}: {where}: {first['msg']}") from None
        if (naive := _naive_time(value)) is not None:
            raise Permanent(f"not a {self._name}: {naive}: the time has no zone")
        return value


def _naive_time(value: object) -> str | None:
    """Name the first time without a zone: comparing it with any other would be an error later on."""
    if isinstance(value, datetime):
        return "" if value.tzinfo is None else None
    if isinstance(value, tuple | frozenset):
        return next((found for each in value if (found := _naive_time(each)) is not None), None)
    kind: type = type(value)
    for name in _timed(kind):
        if (found := _naive_time(getattr(value, name))) is not None:
            return f"{name}.{found}".removesuffix(".")
    return None


@cache
def _timed(kind: type) -> tuple[str, ...]:
    """Name the fields of a dataclass in which a time may stand, at whatever depth; of any other type none."""
    if not is_dataclass(kind):
        return ()
    hints = get_type_hints(kind)
    return tuple(part.name for part in fields(kind) if _may_hold_a_time(hints[part.name]))


def _may_hold_a_time(hint: object) -> bool:
    if hint is datetime:
        return True
    if isinstance(hint, type) and is_dataclass(hint):
        return bool(_timed(hint))
    return any(_may_hold_a_time(each) for each in get_args(hint))


commands = Codec(ArchiveRecording)
notifications = Codec(Notification)
entries = Codec(LedgerEntry)
holds = Codec(Hold)
conversations = Codec(Conversation)
jobs = Codec(Job)
heartbeats = Codec(Heartbeat)
watermarks = Codec(Watermark)
cursors = Codec(Cursor)
preferences = Codec(Preference)
revocations = Codec(Revocation)
yields = Codec(Yields)
screen_facts = Codec(ScreenFact)
screen_files = Codec(ArchiveScreen)
sign_ins = Codec(SignIn)
agent_sessions = Codec(AgentSession)
boards = Codec(Board)
requests = Codec(Request)
days = Codec(DayReport)

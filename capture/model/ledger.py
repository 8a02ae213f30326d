"""What has become of a recording. Facts only: an entry grows by merging and never shrinks.

A fact is true for ever and welcome from anyone, in any order, any number of times; the merge is a union, so it is
commutative, associative and idempotent.
"""

from dataclasses import dataclass
from datetime import datetime

from capture.model.hold import Hold
from capture.model.identity import AgentId, ConversationId, NodeName, RecordingId, SessionId
from capture.model.session import Mark, merge_marks


@dataclass(frozen=True, slots=True, order=True)
class Copy:
    """A committed archive object. `archived_at` is the time of completion; the earliest copy is the address."""

    archived_at: datetime
    node: NodeName
    path: str
    size: int
    sha256: str
    media_type: str


@dataclass(frozen=True, slots=True, order=True)
class Parked:
    """Given up with a reason, until a person asks for it again."""

    at: datetime
    node: NodeName
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Removal:
    """A person has had the audio removed, such as one with payment-card data: when, at which node, who and why."""

    at: datetime
    node: NodeName
    by: str
    reason: str


EXPIRED_BY = "RETENTION_DAYS"
"""Who has a recording removed whose time is over."""


@dataclass(frozen=True, slots=True)
class ScreenTimes:
    """Of a recording of a screen: whose it is, when it began and ended, and what happened meanwhile.

    Not `complete`: the desktop never reported its end. Then it begins with the call and ends with the last bytes that
    came, as far as the node can know.
    """

    session_id: SessionId
    agent_id: AgentId
    workstation: str
    started_at: datetime
    ended_at: datetime
    marks: tuple[Mark, ...] = ()
    complete: bool = True


def merge_screens(one: ScreenTimes | None, other: ScreenTimes | None) -> ScreenTimes | None:
    """Join what is known of one screen's recording: all of its time, all of its marks."""
    known = [each for each in (one, other) if each is not None]
    if not known:
        return None
    return ScreenTimes(
        session_id=max(each.session_id for each in known),
        agent_id=max(each.agent_id for each in known),
        workstation=max(each.workstation for each in known),
        started_at=min(each.started_at for each in known),
        ended_at=max(each.ended_at for each in known),
        marks=merge_marks(mark for each in known for mark in each.marks),
        complete=any(each.complete for each in known),
    )


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Everything known to have become of one recording.

    `reopened` is the time of the parking that a person has undone: every parking up to then counts no more.
    `screen` is there when it is the recording of a screen. `lost` are copies that were found to be gone from their
    archive: they count no more, and the recording is open again unless there is another one. `hold` is the latest word
    about a legal hold. `keep_until` is fixed when it is archived; of what has copies and no such time, for ever.
    """

    recording_id: RecordingId
    created_on: datetime
    conversation_id: ConversationId | None = None
    copies: frozenset[Copy] = frozenset()
    parked: Parked | None = None
    reopened: datetime | None = None
    screen: ScreenTimes | None = None
    lost: frozenset[Copy] = frozenset()
    removed: Removal | None = None
    hold: Hold | None = None
    keep_until: datetime | None = None

    @property
    def address(self) -> Copy | None:
        """The copy that counts: the earliest that is not lost. None while nobody has archived it, or once removed."""
        return min(self.copies - self.lost, default=None) if self.removed is None else None

    @property
    def state(self) -> str:
        """`removed` for good; `archived` as soon as one copy is known; else `parked`, or `open` when reopened."""
        if self.removed is not None:
            return "removed"
        if self.address is not None:
            return "archived"
        undone = self.parked is None or (self.reopened is not None and self.reopened >= self.parked.at)
        return "open" if undone else "parked"

    @property
    def held(self) -> bool:
        """Tell whether a legal hold protects it: then nothing of it is deleted, even if it is `removed`."""
        return self.hold is not None and self.hold.on

    @property
    def finished(self) -> bool:
        """Tell whether nothing is left to do."""
        return self.state != "open"


def merge_entries(one: LedgerEntry, other: LedgerEntry) -> LedgerEntry:
    """Join what is known: the union of the copies, the later parking, reopening and hold, whichever conversation."""
    parkings = [parked for parked in (one.parked, other.parked) if parked is not None]
    reopenings = [reopened for reopened in (one.reopened, other.reopened) if reopened is not None]
    removals = [removed for removed in (one.removed, other.removed) if removed is not None]
    holds = [hold for hold in (one.hold, other.hold) if hold is not None]
    conversations = [c for c in (one.conversation_id, other.conversation_id) if c is not None]
    return LedgerEntry(
        recording_id=one.recording_id,
        created_on=min(one.created_on, other.created_on),
        conversation_id=max(conversations, default=None),
        copies=one.copies | other.copies,
        parked=max(parkings, default=None),
        reopened=max(reopenings, default=None),
        screen=merge_screens(one.screen, other.screen),
        lost=one.lost | other.lost,
        removed=max(removals, default=None),
        hold=max(holds, default=None),
        keep_until=_latest_end(one, other),
    )


def _latest_end(one: LedgerEntry, other: LedgerEntry) -> datetime | None:
    """Choose the later end. What was archived for ever, such as before there was an end, stays so."""
    if any(each.copies and each.keep_until is None for each in (one, other)):
        return None
    return max((each.keep_until for each in (one, other) if each.keep_until is not None), default=None)


@dataclass(frozen=True, slots=True)
class ParkedRecording:
    """One line of the list of what is parked."""

    recording_id: RecordingId
    created_on: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RejectedMessage:
    """One line of the list of queue messages that came to nothing; its body is kept beside it, by `id`."""

    id: str
    queue: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many recordings each node has archived, by their address, and how many of them have a second copy."""

    by_node: dict[NodeName, int]
    second_copies: int

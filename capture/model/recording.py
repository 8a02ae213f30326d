"""A recording as Dynamics lists it, and the job of archiving it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from capture.model.conversation import Conversation
from capture.model.identity import ConversationId, Epoch, NodeName, RecordingId


@dataclass(frozen=True, slots=True)
class Recording:
    """One row of `msdyn_ocrecording`. Times are UTC, whole seconds.

    `file_id` is None while Dynamics has no file for the row, which may mean "not yet" or "removed".
    """

    id: RecordingId
    created_on: datetime
    conversation_id: ConversationId | None = None
    file_id: str | None = None
    file_name: str | None = None


class JobState(StrEnum):
    """What a job waits for."""

    PENDING = "pending"
    """The file: Dynamics has the row, but no audio yet."""
    ASSIGNED = "assigned"
    """The node it was given to."""


@dataclass(frozen=True, slots=True)
class Job:
    """A recording that is not finished, as the ACTIVE node keeps it: authority, not fact.

    `due` is when the ACTIVE node looks at it again: the next look for the file of a pending one, the end of the
    assignment of an assigned one. `attempt` counts assignments.
    """

    recording: Recording
    state: JobState
    due: datetime
    epoch: Epoch
    node: NodeName | None = None
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class ArchiveRecording:
    """The command in a node's ingest queue: fetch this recording and archive it.

    `deadline` ends the assignment: after it the ACTIVE node may give the recording to the other node, so nothing
    is committed past it. `assigned_at` is by the clock of the node that assigned. `look_first` says that somebody may
    have archived it before. `failures` counts deliveries that brought something that is not the recording.
    `conversation` is None when the metadata was too large for a queue message: then the node reads it itself.
    """

    recording: Recording
    assigned_by: NodeName
    epoch: Epoch
    attempt: int
    assigned_at: datetime
    deadline: datetime
    look_first: bool = False
    failures: int = 0
    conversation: Conversation | None = None

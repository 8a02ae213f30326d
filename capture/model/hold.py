"""A legal hold: a person's word that a recording must stay, whatever else says that it may go."""

from dataclasses import dataclass
from datetime import datetime

from capture.model.identity import NodeName, RecordingId


@dataclass(frozen=True, slots=True, order=True)
class Hold:
    """A person has put a recording under hold, or (not `on`) released it: when, at which node, who and why.

    The latest word counts; of two at one time the hold does.
    """

    at: datetime
    on: bool
    node: NodeName
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeldRecording:
    """One line of the list of what is under hold."""

    recording_id: RecordingId
    created_on: datetime
    hold: Hold

"""A person has one recording removed before it is locked, such as one in which a card number is read out."""

import logging
from dataclasses import dataclass

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from capture.audio.finish import Finisher
from capture.bodies import read_body
from capture.errors import Absent, Locked
from capture.events import Event, emit
from capture.model.identity import NodeName, RecordingId
from capture.model.ledger import LedgerEntry, Removal, merge_entries
from capture.ports import Clock, Ledger


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    created_on: AwareDatetime
    by: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)


@dataclass(frozen=True, slots=True)
class Removing:
    """The use case behind `POST /api/recordings/<id>/remove`; works on either node, both remove what they have."""

    node: NodeName
    ledger: Ledger
    peer_ledger: Ledger
    finisher: Finisher
    clock: Clock

    def run(self, recording_id: str, body: bytes) -> dict[str, str]:
        """Take `{"created_on": "…", "by": "<who>", "reason": "<why>"}`. Who and why stay in ledger and log for ever.

        Absent: the ledger has no such recording; Malformed: the body is wrong; Locked: a legal hold or
        a policy of the store protects it. Transient: the other ledger, which may know of a hold, cannot be read.
        """
        said = read_body(_Body, body, expected="created_on, by and reason")
        entry = self.ledger.get(RecordingId(recording_id), said.created_on)
        if entry is None:
            raise Absent("the ledger has no recording of this id and time of creation")
        self._refuse_held(entry)
        known = self.finisher.remove(entry, Removal(self.clock.now(), self.node, said.by, said.reason))
        emit(Event.RECORDING_REMOVED, logging.WARNING, node=self.node, recording=known.recording_id)
        return {"recording_id": known.recording_id, "state": known.state}

    def _refuse_held(self, entry: LedgerEntry) -> None:
        """Ask both ledgers: a hold may be on its way from the other node."""
        there = self.peer_ledger.get(entry.recording_id, entry.created_on) if not entry.held else None
        known = entry if there is None else merge_entries(entry, there)
        if known.held and known.hold is not None:
            raise Locked(f"a legal hold protects it, set by {known.hold.by}: it can be removed once that is released")

"""A person asks for a parked recording again."""

import logging
from dataclasses import dataclass

from capture.audio.finish import Finisher
from capture.errors import Malformed
from capture.events import Event, emit
from capture.model.identity import NodeName
from capture.ports import Ledger, State


@dataclass(frozen=True, slots=True)
class Requeue:
    """The use case behind the calls about parked recordings; works on either node."""

    node: NodeName
    ledger: Ledger
    state: State
    finisher: Finisher

    def listed(self) -> list[dict[str, str]]:
        """List what is parked and not archived, with the reasons. Times are UTC in ISO 8601."""
        return [
            {
                "recording_id": parked.recording_id,
                "created_on": parked.created_on.isoformat(timespec="seconds").replace("+00:00", "Z"),
                "reason": parked.reason,
            }
            for parked in self.state.parked()
        ]

    def run(self, recording_id: str) -> dict[str, str]:
        """Take a parked recording up again. Malformed when none of that id is on the list.

        That is a fact which both nodes hear, so the ACTIVE one assigns it with its next sweep, whichever it is.
        """
        found = next((parked for parked in self.state.parked() if parked.recording_id == recording_id), None)
        entry = self.ledger.get(found.recording_id, found.created_on) if found is not None else None
        if entry is None:
            raise Malformed("no parked recording has this id: GET /api/parked lists them")
        self.finisher.reopen(entry)
        emit(Event.RECORDING_REQUEUED, logging.WARNING, node=self.node, recording=entry.recording_id)
        return {"recording_id": entry.recording_id, "state": "open"}

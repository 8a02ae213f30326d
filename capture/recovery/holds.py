"""A person puts a recording under legal hold, or releases it."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from capture.audio.finish import Finisher
from capture.bodies import read_body
from capture.errors import Absent, Malformed
from capture.events import Event, emit
from capture.model.hold import Hold
from capture.model.identity import NodeName, RecordingId
from capture.model.ledger import LedgerEntry
from capture.model.time_text import text_of
from capture.ports import Clock, Ledger, State


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    created_on: AwareDatetime
    by: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=2000)
    on: bool = True


@dataclass(frozen=True, slots=True)
class Holding:
    """The use case behind `POST /api/recordings/<id>/hold` and `GET /api/holds`; works on either node."""

    node: NodeName
    ledger: Ledger
    state: State
    finisher: Finisher
    clock: Clock

    def run(self, recording_id: str, body: bytes) -> dict[str, str | bool]:
        """Take `{"created_on": "…", "by": "<who>", "reason": "<why>"}`, with `"on": false` to release.

        Absent: the ledger has no such recording, or it was removed; Malformed: the body is wrong, or there is no hold
        to release.
        """
        said = read_body(_Body, body, expected="created_on, by and reason, and on to release")
        entry = self.ledger.get(RecordingId(recording_id), said.created_on)
        if entry is None:
            raise Absent("the ledger has no recording of this id and time of creation")
        if said.on and entry.removed is not None:
            raise Absent("it was removed: there is nothing to hold")
        if not said.on and not entry.held:
            raise Malformed("it is not under hold: GET /api/holds lists what is")
        known = self.finisher.hold(entry, self._word(entry, said))
        event = Event.RECORDING_HELD if said.on else Event.RECORDING_RELEASED
        emit(event, logging.WARNING, node=self.node, recording=known.recording_id)
        return {"recording_id": known.recording_id, "held": known.held}

    def listed(self) -> list[dict[str, str]]:
        """List what is under hold, with who and why. Times are UTC in ISO 8601."""
        return [
            {
                "recording_id": held.recording_id,
                "created_on": text_of(held.created_on, precise=True),
                "held_at": text_of(held.hold.at),
                "by": held.hold.by,
                "reason": held.hold.reason,
            }
            for held in self.state.held()
        ]

    def _word(self, entry: LedgerEntry, said: _Body) -> Hold:
        at = self.clock.now()
        if entry.hold is not None:
            # It is the later word, whosever clock lags.
            at = max(at, entry.hold.at + timedelta(microseconds=1))
        return Hold(at, said.on, self.node, said.by, said.reason)

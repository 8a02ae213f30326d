"""What has become of what a request has found: the ledger says it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from capture.model.identity import RecordingId
from capture.model.request import Item, Outcome
from capture.ports import Ledger


@dataclass(frozen=True, slots=True)
class Settlement:
    """Reads the ledger for open items."""

    ledger: Ledger

    def of(self, items: Sequence[Item]) -> list[Item]:
        """Return those that are settled by now, with their outcome."""
        if not items:
            return []
        states = self.ledger.states(min(item.created_on for item in items), max(item.created_on for item in items))
        settled = []
        for item in items:
            recording_id = RecordingId(item.id)
            match states.get(recording_id):
                case "archived":
                    settled.append(replace(item, outcome=Outcome.RECOVERED))
                case "parked":
                    entry = self.ledger.get(recording_id, item.created_on)
                    why = entry.parked.reason if entry is not None and entry.parked is not None else "parked"
                    settled.append(replace(item, outcome=Outcome.FAILED, reason=why))
                case "removed":
                    entry = self.ledger.get(recording_id, item.created_on)
                    removal = entry.removed if entry is not None else None
                    why = f"removed by {removal.by}: {removal.reason}" if removal is not None else "removed"
                    settled.append(replace(item, outcome=Outcome.REPORTED, reason=why))
                case _:
                    pass
        return settled

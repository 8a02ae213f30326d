"""Until when recordings are kept: decided when one is archived, later on only ever lengthened."""

from dataclasses import dataclass, replace
from datetime import datetime

from capture.model.conversation import Conversation
from capture.model.ledger import LedgerEntry
from capture.model.retention import Expiring, Retention
from capture.ports import Expiries, Interactions, Ledger


@dataclass(frozen=True, slots=True)
class Lasting:
    """Applies the settings of retention, and keeps the index by which the night finds what has expired."""

    ledger: Ledger
    interactions: Interactions
    expiries: Expiries
    retention: Retention

    def until(self, entry: LedgerEntry) -> datetime | None:
        """Until when a recording is kept that is archived now, by what is known of its conversation."""
        known = None
        if self.retention.by_queue and entry.conversation_id is not None:
            known = self.interactions.get(entry.conversation_id)
        return self.retention.until(entry.created_on, known.conversation if known is not None else None)

    def note(self, entry: LedgerEntry) -> None:
        """Let the night after its end find a recording. Comes before the ledger, or nobody would find it."""
        if entry.keep_until is not None and entry.removed is None:
            self.expiries.put(Expiring(entry.keep_until, entry.created_on, entry.recording_id))

    def lengthen(self, entry: LedgerEntry, conversation: Conversation) -> None:
        """Keep a recording longer when its conversation ended in a queue whose recordings are kept longer."""
        until = self.retention.until(entry.created_on, conversation)
        if entry.keep_until is None or entry.removed is not None or (until is not None and until <= entry.keep_until):
            return
        # Without an end it is no more in the index: the row that is there goes when its time comes.
        longer = replace(entry, keep_until=until)
        self.note(longer)
        self.ledger.merge(longer)

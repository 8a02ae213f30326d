"""Deletes what has been kept long enough: never before, never under hold, each node from its own archive."""

import logging
from dataclasses import dataclass, field
from datetime import date, timedelta

from capture.audio.finish import Finisher
from capture.errors import Locked, Permanent
from capture.events import Event, emit
from capture.model.identity import NodeName
from capture.model.ledger import EXPIRED_BY, LedgerEntry, Removal, merge_entries
from capture.model.retention import Expiring
from capture.ports import Archive, Clock, Expiries, Ledger

_AT_ONCE = 100
_AGAIN = timedelta(days=1)


@dataclass(slots=True)
class Expiry:
    """The nightly part of the recovery timer that ends retention. Both nodes do it; `hour` is when a night begins.

    What may not be deleted yet is looked at again a day later. Both ledgers are asked: a hold, or a later end, may be
    on its way; while the other one cannot be read, nothing expires.
    """

    node: NodeName
    ledger: Ledger
    peer_ledger: Ledger
    archive: Archive
    expiries: Expiries
    finisher: Finisher
    clock: Clock
    hour: int
    seconds: float
    _done_on: date | None = field(default=None, init=False)

    def run(self) -> bool:
        """Work for about `seconds` on what is due; False when there is nothing left until the next night."""
        now = self.clock.now()
        if now.hour < self.hour or self._done_on == now.date():
            return False
        ends = self.clock.monotonic() + self.seconds
        while due := self.expiries.due(now, _AT_ONCE):
            for expiring in due:
                if self.clock.monotonic() >= ends:
                    return True
                self._tried(expiring)
        self._done_on = now.date()
        return False

    def _tried(self, expiring: Expiring) -> None:
        """Look at one; what will fail again today holds up no other."""
        try:
            self._look(expiring)
        except Permanent as error:
            emit(
                Event.WORK_FAILED,
                logging.WARNING,
                node=self.node,
                work="expire",
                recording=expiring.recording_id,
                why=error,
            )
            self._again(expiring)

    def _look(self, expiring: Expiring) -> None:
        entry = self.ledger.get(expiring.recording_id, expiring.created_on)
        if entry is None:  # a row that is gone comes back from the other ledger or the log
            self._again(expiring)
            return
        there = self.peer_ledger.get(entry.recording_id, entry.created_on)
        known = entry if there is None else merge_entries(entry, there)
        if known.held:
            self._again(expiring)
        elif known.removed is not None:
            if there is None or there.removed is None:
                self.finisher.notifier.tell(known, None)  # this node was killed before it could
            self._clear(expiring, known)
        elif known.keep_until is None:
            self.expiries.remove(expiring)
        elif known.keep_until > self.clock.now():
            self.expiries.move(expiring, known.keep_until)
        else:
            self._expire(expiring, known)

    def _expire(self, expiring: Expiring, known: LedgerEntry) -> None:
        why = f"kept until {known.keep_until:%Y-%m-%d}"
        removed = self.finisher.remove(known, Removal(self.clock.now(), self.node, EXPIRED_BY, why))
        emit(Event.RECORDING_EXPIRED, node=self.node, recording=known.recording_id, why=why)
        self._clear(expiring, removed)

    def _clear(self, expiring: Expiring, known: LedgerEntry) -> None:
        """Delete what is still there, such as what the store did not let go before."""
        try:
            for copy in known.copies - known.lost if not known.held else ():
                if copy.node == self.node:
                    self.archive.remove(copy.path)
        except Locked:
            self._again(expiring)
        else:
            self.expiries.remove(expiring)

    def _again(self, expiring: Expiring) -> None:
        self.expiries.move(expiring, self.clock.now() + _AGAIN)

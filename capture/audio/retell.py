"""At the beginning of a reign: tell the peer again what this node may have been killed before telling."""

from dataclasses import dataclass, field
from datetime import datetime

from capture.audio.finish import Finisher
from capture.model.authority import Active
from capture.model.identity import Epoch, NodeName
from capture.model.ledger import LedgerEntry
from capture.ports import Clock, Ledger, State


@dataclass(slots=True)
class Retelling:
    """Repeats this node's own facts since the low watermark at its beginning, once in a reign, a part in each sweep.

    Killed between ledger and notification, a node is delivered the command again; but not when its time was over
    meanwhile, nor when its epoch was. Then only this node knows the fact. While the peer reigns it finds the archived
    object by its name; when this node reigns it does not look for what it knows, and has to tell.
    """

    node: NodeName
    ledger: Ledger
    state: State
    finisher: Finisher
    clock: Clock
    _epoch: Epoch = field(default=Epoch(0), init=False)
    _span: tuple[datetime, datetime] | None = field(default=None, init=False)

    def run(self, active: Active) -> None:
        """Go on with this reign's part until the authority ends; nothing once it is done."""
        if active.epoch != self._epoch:
            cursor = self.state.cursor()
            if cursor is None or cursor.epoch != active.epoch or cursor.since is None:
                return  # the tick has not begun the reign yet
            self._span = (cursor.since, self.clock.now())
            self._epoch = active.epoch
        if self._span is None:
            return
        for entry in self.ledger.between(*self._span):
            if self.clock.monotonic() >= active.until or active.tenure.over:
                return
            if self._is_ours(entry):
                self.finisher.tell_again(entry, None, self.node)
            self._span = (entry.created_on, self._span[1])
        self._span = None

    def _is_ours(self, entry: LedgerEntry) -> bool:
        parked = entry.parked is not None and entry.parked.node == self.node
        return parked or any(copy.node == self.node for copy in entry.copies)

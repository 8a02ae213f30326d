"""What a node says of itself in the log, for the alerts: the host keeps the lines, nobody has to ask the node."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from capture.errors import CaptureError
from capture.events import Event, emit
from capture.model.authority import Heartbeat
from capture.model.identity import NodeName
from capture.ports import Clock, Jobs, Lease, Outbox, State
from capture.redundancy.presence import Presence

_WARNED_DAYS = 30
"""How long before its end a secret is told of."""
_TOLD_AGAIN = timedelta(hours=6)


@dataclass(slots=True)
class Report:
    """The use case beside the sweep, on both nodes. It reads, and changes nothing."""

    node: NodeName
    presence: Presence
    state: State
    jobs: Jobs
    outboxes: Sequence[Outbox]
    witness: Lease
    secret_ends: date | None
    clock: Clock
    tick_seconds: float
    _told_at: float = field(default=float("-inf"), init=False)

    def run(self) -> None:
        """Log one line of the node, one if the witness does not answer, and from time to time one of the secret.

        Raises what the own store raises: a node that cannot read it has nothing to say.
        """
        now = self.clock.now()
        watermark, oldest = self.state.watermark(), self.jobs.oldest()
        waiting = [since for outbox in self.outboxes if (since := outbox.since()) is not None]
        own, peer = self.presence.own(), self.presence.peer_nearby()
        emit(
            Event.NODE_REPORTED,
            node=self.node,
            role=self._role(own, "UNKNOWN"),
            epoch=own[0].epoch if own is not None else 0,
            peer=self._role(peer, "SILENT"),
            lag_seconds=round((now - watermark.low).total_seconds()) if watermark is not None else None,
            # The watermark also stands still where nobody calls: only work that waits makes it late.
            unfinished_seconds=round((now - oldest).total_seconds()) if oldest is not None else 0,
            outbox_seconds=round((now - min(waiting)).total_seconds()) if waiting else 0,
            parked=len(self.state.parked()) + len(self.state.rejected()),
        )
        self._look_at_witness()
        self._look_at_secret(now.date())

    def _role(self, reading: tuple[Heartbeat, float] | None, otherwise: str) -> str:
        if reading is None or reading[1] > 3 * self.tick_seconds:
            return otherwise
        return reading[0].role.value

    def _look_at_witness(self) -> None:
        try:
            self.witness.reign()
        except CaptureError as error:
            emit(Event.WITNESS_UNREACHABLE, logging.WARNING, node=self.node, why=error)

    def _look_at_secret(self, today: date) -> None:
        if self.secret_ends is None or self.clock.monotonic() - self._told_at < _TOLD_AGAIN.total_seconds():
            return
        days = (self.secret_ends - today).days
        if days <= _WARNED_DAYS:
            self._told_at = self.clock.monotonic()
            emit(Event.SECRET_EXPIRING, logging.WARNING, node=self.node, days=days)

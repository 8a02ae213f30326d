"""The tick: stand for election, say that this node is there, and query Dynamics if it is ACTIVE."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from capture.errors import CaptureError, Unauthorized, Waiting
from capture.events import Event, emit
from capture.model.authority import Active, Heartbeat, Ready, Role, RoleName
from capture.model.identity import Epoch, NodeName
from capture.ports import Clock, State
from capture.redundancy.election import Election, Epochs
from capture.redundancy.incidents import Incidents
from capture.redundancy.presence import Presence

_ENOUGH = 3
"""Ticks in a row that failed, after which an ACTIVE node gives the other one a chance."""


@dataclass(slots=True)
class Watch:
    """The use case behind the watch timer. One runs at a time in a node."""

    node: NodeName
    election: Election
    epochs: Epochs
    presence: Presence
    state: State
    incidents: Incidents
    discover: Callable[[Active, float], None]
    clock: Clock
    tick_seconds: float
    _role: RoleName | None = field(default=None, init=False)
    _failures: int = field(default=0, init=False)

    def tick(self) -> None:
        """Run for at most one tick. A READY node looks every second whether its peer is overdue or has resigned."""
        began = self.clock.monotonic()
        role = self.election.stand()
        self._tell(role)
        self._hear()
        while isinstance(role, Ready) and self.clock.monotonic() + 1 < began + self.tick_seconds - 1:
            self.clock.sleep(1)
            if self.presence.peer_overdue():
                role = self.election.stand()
                if isinstance(role, Active):
                    self._tell(role)
        if isinstance(role, Active):
            self._query(role, began + self.tick_seconds)

    def resign(self) -> None:
        """Hand the role over at once, if this process has it: leases first, then the word to the peer."""
        if (active := self.election.active) is None:
            return
        self.election.resign(abstain_seconds=3 * self.tick_seconds)
        self._beat(RoleName.RESIGNED, active.epoch)
        emit(Event.RESIGNED, node=self.node, epoch=active.epoch)

    def _query(self, active: Active, until: float) -> None:
        try:
            self.discover(active, min(until, active.until))
        except Waiting as error:
            self._failed(error)  # a rate limit is no illness: the other node's turn would not be the better one
        except Unauthorized as error:
            # A node whose credential is refused is of no use as ACTIVE; the other one has its own.
            self._failed(error)
            self.resign()
        except CaptureError as error:
            self._failed(error)
            self._failures += 1
            if self._failures >= _ENOUGH:
                # Perhaps it is this region that cannot reach Dynamics, or this store that takes no more rows.
                self._failures = 0
                self.resign()
        else:
            self._failures = 0

    def _failed(self, error: CaptureError) -> None:
        self.incidents.note(str(error))
        emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="discover", why=error)

    def _tell(self, role: Role) -> None:
        name = RoleName.ACTIVE if isinstance(role, Active) else RoleName.READY
        epoch = role.epoch if isinstance(role, Active) else self._heard()
        self._beat(name, epoch)
        if name is not self._role:
            event = Event.BECAME_ACTIVE if name is RoleName.ACTIVE else Event.BECAME_READY
            emit(event, logging.WARNING, node=self.node, epoch=epoch)
            self._role = name
        if isinstance(role, Ready) and role.reachable < 2:
            emit(Event.NO_MAJORITY, logging.ERROR, node=self.node, reachable=role.reachable)

    def _hear(self) -> None:
        """Take the low watermark from the peer's heartbeat: it comes also when no recording does."""
        try:
            reading = self.presence.peer_nearby()
            if reading is not None and reading.watermark is not None:
                self.state.raise_watermark(reading.watermark)
        except CaptureError as error:
            self.incidents.note(str(error))

    def _heard(self) -> Epoch:
        try:
            return self.epochs.highest()
        except CaptureError:
            return Epoch(0)

    def _beat(self, name: RoleName, epoch: Epoch) -> None:
        try:
            watermark = self.state.watermark()
        except CaptureError:
            watermark = None
        self.presence.beat(Heartbeat(self.node, self.clock.now(), name, epoch, watermark))

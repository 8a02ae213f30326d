"""The tick: stand for election, say that this node is there, and query Dynamics if it is ACTIVE."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from capture.errors import CaptureError, Unauthorized, Waiting
from capture.events import Event, emit
from capture.model.authority import Active, Heartbeat, Preference, Ready, Revocation, Role, RoleName, Watermark
from capture.model.identity import Epoch, NodeName
from capture.model.reign import Reign
from capture.ports import Clock, Reigns, State
from capture.redundancy.condition import Condition
from capture.redundancy.election import Election
from capture.redundancy.fence import Fence
from capture.redundancy.incidents import Incidents
from capture.redundancy.preference import Preferred
from capture.redundancy.presence import Presence

_LOOK = 0.5
"""Seconds between two looks of a READY node at its peer's heartbeat."""
_ENOUGH = 3
"""Ticks in a row that failed, after which an ACTIVE node gives the other one a chance."""


@dataclass(slots=True)
class Watch:
    """The use case behind the watch timer. One runs at a time in a node."""

    node: NodeName
    election: Election
    fence: Fence
    presence: Presence
    preferred: Preferred
    condition: Condition
    state: State
    reigns: Reigns
    incidents: Incidents
    discover: Callable[[Active, float], None]
    jitter: Callable[[], float]
    clock: Clock
    tick_seconds: float
    _role: RoleName | None = field(default=None, init=False)
    _able: bool = field(default=True, init=False)
    _failures: int = field(default=0, init=False)
    _noted: Epoch = field(default=Epoch(0), init=False)
    _said: tuple[Watermark | None, Preference | None, Revocation | None] = field(default=(None,) * 3, init=False)

    def tick(self) -> None:
        """Run for one tick. A READY node looks all the time whether its peer is overdue or has resigned."""
        began = self.clock.monotonic()
        self._hear()
        role = self.election.stand()
        self._tell(role)
        while isinstance(role, Ready):
            pause = self._pause(role)
            if self.clock.monotonic() + pause >= self._next_tick(began) - _LOOK:
                break
            self.clock.sleep(pause)
            if not self.presence.peer_reigns():
                self._hear()
                role = self.election.stand()
                if isinstance(role, Active):
                    self._tell(role)
        if isinstance(role, Active):
            self._query(role, began + self.tick_seconds)

    def resign(self) -> None:
        """Hand the role over at once, if this process has it."""
        if (active := self.election.active) is not None:
            self._resign(active.epoch)

    def prefer(self, node: str, alone: timedelta) -> Preference:
        """Keep a person's word and pass it on; when it calls the peer, and the peer can, the role is free at once.

        Permanent when there is no such node, Transient when the word cannot be kept.
        """
        preference = self.preferred.prefer(node, alone)
        own = self.presence.own()
        if own is not None and own[0].role is RoleName.ACTIVE and self.preferred.yields():
            # Whichever instance of this node has the role: the leases are the node's.
            self._resign(own[0].epoch)
        elif own is not None:
            self._beat(own[0].role, own[0].epoch)
        emit(Event.ROLE_REQUESTED, logging.WARNING, node=self.node, active=preference.node, epoch=preference.epoch)
        return preference

    def _resign(self, epoch: Epoch) -> None:
        # Leases first, then the word to the peer, which tries for them as soon as it hears it.
        self.election.resign(abstain_seconds=3 * self.tick_seconds)
        self._beat(RoleName.RESIGNED, epoch)
        self._role = RoleName.RESIGNED
        emit(Event.RESIGNED, logging.WARNING, node=self.node, epoch=epoch)

    def _next_tick(self, began: float) -> float:
        # The host leaves out a tick that this one runs into, as it may where a store hangs: then this one goes on.
        ticks = (self.clock.monotonic() - began) // self.tick_seconds + 1
        return began + ticks * self.tick_seconds

    def _pause(self, role: Ready) -> float:
        # Two nodes that each got some of the leases, and let go, must not try again at the same moment.
        return 2 * _LOOK + self.jitter() if role.held > 0 else _LOOK

    def _query(self, active: Active, until: float) -> None:
        try:
            self.discover(active, min(until, active.until))
            if self.preferred.yields():
                self._resign(active.epoch)
        except Waiting as error:
            self._failed(error)  # a rate limit is no illness: the other node's turn would not be the better one
        except Unauthorized as error:
            # A node whose credential is refused is of no use as ACTIVE; the other one has its own.
            self._failed(error)
            self.condition.trouble()
            self.resign()
        except CaptureError as error:
            self._failed(error)
            self.condition.trouble()
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
        name = RoleName.ACTIVE if isinstance(role, Active) else self._unless_resigned()
        epoch = role.epoch if isinstance(role, Active) else self._heard()
        self._able = isinstance(role, Active) or role.own_store
        if isinstance(role, Ready) and (role.reachable < 2 or not role.own_store):
            self.condition.trouble()
        self._beat(name, epoch)
        if name is not self._role and name is not RoleName.RESIGNED:
            event = Event.BECAME_ACTIVE if name is RoleName.ACTIVE else Event.BECAME_READY
            emit(event, logging.WARNING, node=self.node, epoch=epoch)
        self._role = name
        if isinstance(role, Active):
            self._note(role.epoch, self.node, self.clock.now())
        if isinstance(role, Ready) and role.reachable < 2:
            emit(Event.NO_MAJORITY, logging.ERROR, node=self.node, reachable=role.reachable)

    def _note(self, epoch: Epoch, node: NodeName, began_at: datetime) -> None:
        """Keep a reign that begins, once, for people to look at; what cannot be kept is tried with the next tick."""
        if epoch <= self._noted:
            return
        with suppress(CaptureError):
            self.reigns.note(Reign(epoch, node, began_at))
            self._noted = epoch

    def _unless_resigned(self) -> RoleName:
        # As long as it abstains the peer must not leave the role to it.
        resigned = self._role is RoleName.RESIGNED and self.election.abstaining
        return RoleName.RESIGNED if resigned else RoleName.READY

    def _hear(self) -> None:
        """Take the low watermark and a person's word from the peer's heartbeat, and heed the word."""
        try:
            reading = self.presence.peer_nearby()
            if reading is not None:
                if reading[0].watermark is not None:
                    self.state.raise_watermark(reading[0].watermark)
                self.preferred.hear(reading[0].preference)
                if reading[0].role is RoleName.ACTIVE:
                    self._note(reading[0].epoch, reading[0].node, reading[0].at)
            called = self.preferred.called()
            own = self.presence.own() if called is not None else None
        except CaptureError as error:
            # Not kept in the table: that would wait for the same store once more, and the leases wait for this.
            emit(Event.WORK_FAILED, logging.WARNING, node=self.node, work="hear", why=error)
            return
        if called == self.node:
            self.election.stand_again()  # it may have handed the role over just before
        elif called is not None and (own is None or own[0].role is not RoleName.ACTIVE):
            # Who is ACTIVE resigns after its query, and releases; another instance of this node may have done so.
            self.election.abstain(self.tick_seconds)

    def _heard(self) -> Epoch:
        try:
            return self.fence.highest()
        except CaptureError:
            return Epoch(0)

    def _beat(self, name: RoleName, epoch: Epoch) -> None:
        # When the table cannot be read, what was said last still holds.
        with suppress(CaptureError):
            self._said = (self.state.watermark(), self.state.preference(), self.state.revocation())
        watermark, preference, revocation = self._said
        self.presence.beat(
            Heartbeat(
                node=self.node,
                at=self.clock.now(),
                role=name,
                epoch=epoch,
                watermark=watermark,
                able=self._able,
                well_seconds=self.condition.well_seconds,
                preference=preference,
                revocation=revocation,
            )
        )

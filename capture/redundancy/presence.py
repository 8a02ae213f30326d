"""Is the other node there? Heartbeats go to the own store and to the peer's; their age is told by the store's clock."""

from collections.abc import Callable
from dataclasses import replace

from capture.errors import CaptureError, Transient
from capture.events import Event, emit
from capture.model.authority import Heartbeat, Revocation, RoleName
from capture.model.identity import NodeName
from capture.ports import Heartbeats
from capture.redundancy.rest import Rest
from capture.redundancy.together import Together


class Presence:
    """What this node tells and knows about who is there."""

    def __init__(
        self,
        node: NodeName,
        peer: NodeName,
        own: Heartbeats,
        peers: Heartbeats,
        *,
        tick_seconds: float,
        rest: Rest,
        together: Together,
    ) -> None:
        """Take both stores; the peer's is left alone while `rest` is on."""
        self._node = node
        self._peer = peer
        self._own = own
        self._peers = peers
        self._tick = tick_seconds
        self._rest = rest
        self._together = together
        self._was_silent = False

    def beat(self, heartbeat: Heartbeat) -> None:
        """Write the heartbeat to both stores. One that cannot be reached is left out: the other side will notice."""
        self._in_both(lambda beats: beats.write(heartbeat))

    def tell_revocation(self, revocation: Revocation) -> None:
        """Say at once, to both stores, what the peer's assignments are worth from now on.

        Transient when not even the own store has heard it: then nothing may be given out again.
        """
        said = self._own.read(self._node)
        if said is None:
            raise Transient("this node has no heartbeat yet")
        heartbeat = replace(said[0], revocation=revocation)
        outcome = self._in_both(lambda beats: beats.write(heartbeat))[0]
        if isinstance(outcome, CaptureError):
            raise outcome

    def own(self) -> tuple[Heartbeat, float] | None:
        """Read this node's own last heartbeat and its age in seconds."""
        return self._own.read(self._node)

    def peer(self) -> tuple[Heartbeat, float] | None:
        """Read the peer's last heartbeat and its age, from whichever store has the younger one."""
        readings = self._in_both(lambda beats: beats.read(self._peer))
        found = [reading for reading in readings if isinstance(reading, tuple)]
        return min(found, key=lambda reading: reading[1], default=None)

    def peer_nearby(self) -> tuple[Heartbeat, float] | None:
        """Read the peer's last heartbeat and its age from the own store alone, so that a dead region costs no time."""
        return self._own.read(self._peer)

    def peer_reigns(self) -> bool:
        """Tell, from the own store alone, whether the peer is ACTIVE as far as one knows; else one may try.

        It is not when it has not been heard of for a tick and a half, or says itself that it is not, or cannot work.
        """
        try:
            reading = self._own.read(self._peer)
        except CaptureError:
            return True  # a node without its own store has nothing to offer
        if reading is None or reading[1] > 1.5 * self._tick:
            return False
        return reading[0].role is RoleName.ACTIVE and reading[0].able

    def peer_can_work(self) -> bool:
        """Tell whether the peer is heard of (it has not missed three ticks) and has its own store.

        A change is logged, once.
        """
        reading = self.peer()
        silent = reading is None or reading[1] > 3 * self._tick
        if silent != self._was_silent:
            emit(Event.PEER_SILENT if silent else Event.PEER_RETURNED, node=self._node, peer=self._peer)
            self._was_silent = silent
        return reading is not None and not silent and reading[0].able

    def _in_both(self, ask: Callable[[Heartbeats], object]) -> list[object]:
        """Ask the own store and the peer's side by side; one that has just not answered is left alone for a while."""
        if self._rest.on:
            return self._together([lambda: ask(self._own)])
        outcomes = self._together([lambda: ask(self._own), lambda: ask(self._peers)])
        if isinstance(outcomes[1], CaptureError):
            self._rest.begin()
        else:
            self._rest.end()
        return outcomes

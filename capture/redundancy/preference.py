"""Which of the two nodes shall be ACTIVE when both can: by setting, or by a person's word."""

from dataclasses import dataclass
from datetime import timedelta

from capture.errors import CaptureError, Malformed
from capture.model.authority import Heartbeat, Preference, RoleName, Yields
from capture.model.identity import NodeName
from capture.ports import Clock, State
from capture.redundancy.fence import Fence
from capture.redundancy.presence import Presence

_CALM = timedelta(hours=24)
"""After so long without leaving the role, the next time is the first again."""
_MOST_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Preferred:
    """Decides whether an ACTIVE node leaves the role to its peer.

    The peer must have been well for `after_seconds`. This doubles each time that the role was left to it and came back
    within a day, so that a node which is well only until it is ACTIVE does not get the role again and again. A person's
    word works at once, but only once.
    """

    node: NodeName
    peer: NodeName
    by_setting: NodeName | None
    state: State
    presence: Presence
    fence: Fence
    clock: Clock
    after_seconds: float
    tick_seconds: float

    def prefer(self, node: str, alone: timedelta) -> Preference:
        """Keep a person's word; Malformed names what is wrong with it.

        For the time `alone` the node may be ACTIVE with the lease of its own region only, as long as the others cannot
        be reached. Whoever says so makes sure that the other node is not ACTIVE beyond the cut.
        """
        if node not in (self.node, self.peer):
            raise Malformed(f"active: {node!r} is no node of this pair, which has {self.node!r} and {self.peer!r}")
        now = self.clock.now()
        until = now + alone if alone else None
        return self.state.prefer(Preference(self.fence.highest(), now, NodeName(node), until))

    def hear(self, preference: Preference | None) -> None:
        """Take in what the peer has been told."""
        if preference is not None and preference != self.state.preference():
            self.state.prefer(preference)

    def alone(self) -> bool:
        """Tell whether a person lets this node be ACTIVE without a majority now."""
        try:
            said = self.state.preference()
        except CaptureError:
            return False
        return (
            said is not None
            and said.node == self.node
            and said.alone_until is not None
            and self.clock.now() < said.alone_until
        )

    def called(self) -> NodeName | None:
        """Name the node that a person has called to be ACTIVE just now, if it is there."""
        said = self.state.preference()
        if said is None or self.clock.now() - said.at >= timedelta(seconds=3 * self.tick_seconds):
            return None
        there = said.node == self.node or self._there(self.presence.peer_nearby())
        return said.node if there else None

    def yields(self) -> bool:
        """Tell an ACTIVE node whether to leave the role to its peer now, and remember that it does."""
        said = self.state.preference()
        wanted = said.node if said is not None else self.by_setting
        heard = self.presence.peer_nearby() if wanted == self.peer else None
        if heard is None or not self._there(heard) or not self._takes(heard[0]):
            return False
        before = self.state.yields()
        now = self.clock.now()
        recent = before.count if before is not None and now - before.at < _CALM else 0
        first_word = said is not None and (before is None or before.at < said.at)
        if not first_word and not self._well(heard[0], recent):
            return False
        self.state.note_yield(Yields(now, recent + 1))
        return True

    def _takes(self, heard: Heartbeat) -> bool:
        # Who has just let go abstains for a while, unless a person has called it since: then it hears of it now.
        return heard.role is RoleName.READY or (heard.role is RoleName.RESIGNED and self.called() == self.peer)

    def _there(self, heard: tuple[Heartbeat, float] | None) -> bool:
        return heard is not None and heard[1] <= 2 * self.tick_seconds and heard[0].able

    def _well(self, heard: Heartbeat, recent: int) -> bool:
        doubled: int = 2 ** min(recent, _MOST_DOUBLINGS)
        return heard.well_seconds >= self.after_seconds * doubled

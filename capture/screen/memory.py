"""What this process remembers having placed and published, so that a fact which changes nothing costs no call.

What is in the store is remembered: a seat's place, which moves in its first minute at most, and orders, which never go
back.
"""

from dataclasses import dataclass, field

from capture.model.board import Order
from capture.model.identity import AgentId, SessionId
from capture.model.workstation import Place

_MOST = 20_000
"""Entries of each kind; then it begins anew."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Threads may share it."""

    _places: dict[SessionId, dict[AgentId, Place]] = field(default_factory=dict, init=False)
    _orders: dict[tuple[str, str], tuple[int, str | None]] = field(default_factory=dict, init=False)
    _alarms: set[str] = field(default_factory=set, init=False)

    def places(self, session_id: SessionId) -> dict[AgentId, Place]:
        """Return the places that are remembered of a session."""
        return dict(self._places.get(session_id, {}))

    def place(self, session_id: SessionId, places: dict[AgentId, Place]) -> None:
        """Remember more places of a session."""
        if len(self._places) >= _MOST:
            self._places.clear()
        self._places[session_id] = {**self._places.get(session_id, {}), **places}

    def has(self, place: str, order: Order) -> bool:
        """Tell whether this, or what replaces it, stands on the board for sure."""
        known = self._orders.get((place, order.key))
        return known is not None and known[0] >= order.wanted.rank and known[1] == order.conversation_id

    def published(self, place: str, order: Order) -> None:
        """Remember an order that stands on the board."""
        if len(self._orders) >= _MOST:
            self._orders.clear()
        self._orders[place, order.key] = order.wanted.rank, order.conversation_id

    def raised(self, key: str) -> None:
        """Remember an alarm."""
        if len(self._alarms) >= _MOST:
            self._alarms.clear()
        self._alarms.add(key)

    def is_raised(self, key: str) -> bool:
        """Tell whether an alarm is remembered, which need not be raised again."""
        return key in self._alarms

    def settle(self, key: str) -> bool:
        """Forget an alarm; True when it was remembered."""
        known = key in self._alarms
        self._alarms.discard(key)
        return known

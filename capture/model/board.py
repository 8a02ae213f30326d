"""A workstation's board: what is wanted of its desktop. It says a state, never "do something now"."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from capture.model.identity import AgentId, ConversationId, NodeName, SessionId
from capture.model.session import Wanted

KEPT_AFTER_THE_END = timedelta(hours=12)
"""How long an order stands after the one that ends it: a desktop that was off over the night must not find less."""


def order_key(session_id: SessionId, agent_id: AgentId) -> str:
    """Name a seat's place on the board."""
    return f"{session_id}:{agent_id}"


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of one seat's screen. `at` is when the node published it, `heard_at` when it heard the reason.

    `archived`: this node knows that the recording is in an archive.
    """

    session_id: SessionId
    agent_id: AgentId
    conversation_id: ConversationId | None
    wanted: Wanted
    at: datetime
    heard_at: datetime
    archived: bool = False

    @property
    def key(self) -> str:
        """Its place on the board."""
        return order_key(self.session_id, self.agent_id)


@dataclass(frozen=True, slots=True)
class Board:
    """All orders for one workstation, by `Order.key`."""

    workstation: str
    node: NodeName
    orders: dict[str, Order] = field(default_factory=dict)

    def placing(self, order: Order, now: datetime) -> "Board":
        """Return the board with this order merged in and the long ended ones left out; itself when nothing changes."""
        known = self.orders.get(order.key)
        joined = order if known is None else merge_orders(known, order)
        kept = {key: each for key, each in self.orders.items() if not _is_over(each, now)} | {order.key: joined}
        return self if kept == self.orders else replace(self, orders=kept)

    def archiving(self, key: str) -> "Board":
        """Return the board with this order marked as archived; itself when nothing changes."""
        known = self.orders.get(key)
        if known is None or known.archived:
            return self
        return replace(self, orders=self.orders | {key: replace(known, archived=True)})


def merge_orders(one: Order, other: Order) -> Order:
    """Join two orders for one seat: the one of the higher rank, once it was published first; archived stays so."""
    first, last = sorted((one, other), key=lambda each: (-each.wanted.rank, each.at, each.heard_at))
    return replace(
        first,
        conversation_id=max((c for c in (one.conversation_id, other.conversation_id) if c is not None), default=None),
        archived=first.archived or last.archived,
    )


def _is_over(order: Order, now: datetime) -> bool:
    return order.wanted.rank > Wanted.STOP.rank and now - order.at >= KEPT_AFTER_THE_END

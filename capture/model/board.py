"""A workstation's board: what is wanted of its desktop. It says a state, never "do something now"."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from capture.model.identity import AgentId, ConversationId, NodeName, SessionId
from capture.model.session import Wanted


def order_key(session_id: SessionId, agent_id: AgentId) -> str:
    """Name a seat's place on the board."""
    return f"{session_id}:{agent_id}"


@dataclass(frozen=True, slots=True)
class ArchivedPart:
    """One part of a recording that is in an archive, whole: its number, and the SHA-256 (in hex) of its bytes."""

    part: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of one seat's screen. `at` is when the node published it, `heard_at` when it heard the reason.

    `archived_parts`: what this node knows to be in an archive. The desktop removes these files and no others.
    """

    session_id: SessionId
    agent_id: AgentId
    conversation_id: ConversationId | None
    wanted: Wanted
    at: datetime
    heard_at: datetime
    archived_parts: frozenset[ArchivedPart] = frozenset()

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

    def placing(self, order: Order, now: datetime, kept_for: timedelta) -> "Board":
        """Return the board with this order merged in, itself when nothing changes.

        Left out are orders that ended longer ago than `kept_for`: by then a desktop that was off is given up.
        """
        known = self.orders.get(order.key)
        joined = order if known is None else merge_orders(known, order)
        kept = {key: each for key, each in self.orders.items() if not _is_over(each, now, kept_for)} | {
            order.key: joined
        }
        return self if kept == self.orders else replace(self, orders=kept)

    def archiving(self, key: str, part: ArchivedPart) -> "Board":
        """Return the board with this part of an order marked as archived; itself when nothing changes."""
        known = self.orders.get(key)
        if known is None or part in known.archived_parts:
            return self
        return replace(self, orders=self.orders | {key: replace(known, archived_parts=known.archived_parts | {part})})


def merge_orders(one: Order, other: Order) -> Order:
    """Join two orders for one seat: the one of the higher rank, once it was published first; archived parts stay so."""
    first, last = sorted((one, other), key=lambda each: (-each.wanted.rank, each.at, each.heard_at))
    return replace(
        first,
        conversation_id=max((c for c in (one.conversation_id, other.conversation_id) if c is not None), default=None),
        archived_parts=first.archived_parts | last.archived_parts,
    )


def _is_over(order: Order, now: datetime, kept_for: timedelta) -> bool:
    return order.wanted.rank > Wanted.STOP.rank and now - order.at >= kept_for

"""What the nodes want of this workstation: boards, their merge, and the threads that poll them."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from desktop_recorder.errors import NotFound, Refused, Unreachable
from desktop_recorder.wire import Wire

_log = logging.getLogger(__name__)
_LONGEST_PAUSE = 2.0

Id = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$")]
"""An id that is also a safe file name."""


class Wanted(StrEnum):
    """What is wanted of a session seat."""

    RECORD = "record"
    STOP = "stop"
    DELETE = "delete"
    KEEP = "keep"


_RANK = {Wanted.RECORD: 0, Wanted.STOP: 1, Wanted.DELETE: 2, Wanted.KEEP: 3}


def outranks(one: Wanted, other: Wanted) -> bool:
    """Tell whether `one` takes the place of `other`: record, then stop, then delete, then keep."""
    return _RANK[one] > _RANK[other]


class ArchivedPart(BaseModel):
    """A part that a node knows to be in an archive, by the SHA-256 of its bytes, in hex."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    part: int
    sha256: str


class Order(BaseModel):
    """What one board says about one session seat."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    session_id: Id
    agent_id: Id
    conversation_id: str | None = None
    wanted: Wanted
    at: AwareDatetime | None = None
    heard_at: AwareDatetime | None = None
    archived_parts: frozenset[ArchivedPart] = frozenset()

    @property
    def seat(self) -> str:
        """The seat's key."""
        return f"{self.session_id}:{self.agent_id}"


class Board(BaseModel):
    """One node's board. An order that cannot be understood is left out: the others count all the same."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    orders: Mapping[str, object] = Field(default_factory=dict)

    def readable(self) -> tuple[Order, ...]:
        """Return the orders that can be read."""
        found: list[Order] = []
        for value in self.orders.values():
            try:
                found.append(Order.model_validate(value))
            except ValidationError:
                _log.warning("event=order_not_understood")
        return tuple(found)


def merge(boards: Iterable[Iterable[Order]]) -> dict[str, Order]:
    """Merge the orders of all boards: the higher rank of each seat, and every part that anyone says is archived."""
    merged: dict[str, Order] = {}
    for order in (order for board in boards for order in board):
        known = merged.get(order.seat)
        if known is None:
            merged[order.seat] = order
            continue
        winner = order if outranks(order.wanted, known.wanted) else known
        merged[order.seat] = winner.model_copy(update={"archived_parts": known.archived_parts | order.archived_parts})
    return merged


class Boards:
    """The boards known so far, each polled by a thread of its own, so that a silent node delays nothing."""

    def __init__(self, wire: Wire, changed: Callable[[], None], ask_anew: Callable[[], None]) -> None:
        """`changed` is called after new orders, `ask_anew` when a board's URL is not accepted any more."""
        self._wire = wire
        self._changed = changed
        self._ask_anew = ask_anew
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._urls: dict[str, tuple[str, float]] = {}
        self._orders: dict[str, tuple[Order, ...]] = {}
        self._threads: list[threading.Thread] = []

    def learn(self, node: str, url: str, poll_seconds: float) -> None:
        """Poll this node's board from now on, with this URL."""
        with self._guard:
            new = node not in self._urls
            self._urls[node] = (url, poll_seconds)
            if new and not self._stop.is_set():
                thread = threading.Thread(target=self._poll, args=(node,), name=f"board-{node}", daemon=True)
                self._threads.append(thread)
                thread.start()
        if new:
            _log.info("event=board_learned node=%s", node)

    @property
    def nodes(self) -> frozenset[str]:
        """Names of the nodes whose board has been read at least once."""
        with self._guard:
            return frozenset(self._orders)

    def orders(self) -> dict[str, Order]:
        """Return what all boards together want."""
        with self._guard:
            return merge(self._orders.values())

    def stop(self) -> None:
        """End the threads."""
        self._stop.set()
        for thread in self._threads:
            thread.join(3)

    def _poll(self, node: str) -> None:
        etag, failures = "", 0
        while True:
            with self._guard:
                url, every = self._urls[node]
            try:
                etag = self._look(node, url, etag)
                failures = 0
            except (Unreachable, Refused, NotFound) as error:
                if failures == 0:
                    _log.warning("event=board_unreadable node=%s reason=%s", node, error)
                failures += 1
                if isinstance(error, Refused):
                    self._ask_anew()
            pause = every if failures < 3 else min(_LONGEST_PAUSE, every * failures)
            if self._stop.wait(pause):
                return

    def _look(self, node: str, url: str, etag: str) -> str:
        reply = self._wire.call("GET", url, headers={"if-none-match": etag} if etag else {}, timeout=(2.0, 3.0))
        if reply.status == 304:
            return etag
        try:
            orders = Board.model_validate_json(reply.body).readable()
        except ValidationError:
            raise Unreachable("the board is not JSON as agreed") from None
        with self._guard:
            self._orders[node] = orders
        self._changed()
        return reply.headers.get("etag", "")

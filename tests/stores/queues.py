"""A queue in memory with the rules of Azure: visibility, time to live, dequeue counts, 64 KiB of base64."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from capture.errors import Permanent
from capture.ports import Clock
from tests.stores.store import Store, operation

_LARGEST = 48 * 1024  # 64 KiB of base64


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a consumer sees it. `receipt` is worth something until the message is received again."""

    id: int
    body: bytes
    visible_at: float
    expires_at: float
    dequeue_count: int = 0
    receipt: int = 0


class MemoryQueue(Store):
    """`sent` is everything that was ever appended; `messages` what is there, by number.

    Each of `delays` gives seconds by which a message is visible later than it could be: Azure promises no order.
    """

    def __init__(self, clock: Clock, kind: str = "queue") -> None:
        super().__init__()
        self.kind = kind
        self._clock = clock
        self._numbers = itertools.count(1)
        self.sent: list[bytes] = []
        self.delays: list[Callable[[], float]] = []
        self.messages: dict[int, Message] = {}
        self._coming: list[tuple[float, int]] = []  # a heap of when each becomes visible; stale items are skipped
        self._expiring: list[tuple[float, int]] = []

    @operation
    def send(self, body: bytes, delay: float = 0, ttl: float | None = None) -> None:
        if len(body) > _LARGEST:
            raise Permanent("a message may have 64 KiB")
        now = self._clock.monotonic()
        visible = math.ceil(delay)
        lasts = math.inf if ttl is None else max(1, math.floor(ttl), visible + 1)
        self.sent.append(body)
        late = sum(delay() for delay in self.delays)
        message = Message(next(self._numbers), body, now + visible + late, now + lasts)
        if ttl is not None:
            heappush(self._expiring, (message.expires_at, message.id))
        self._keep(message)

    @operation
    def hold(self, body: bytes, seconds: float) -> str:
        if len(body) > _LARGEST:
            raise Permanent("a message may have 64 KiB")
        self.sent.append(body)
        message = Message(next(self._numbers), body, self._clock.monotonic() + math.ceil(seconds), math.inf, receipt=-1)
        self._keep(message)
        return str(message.id)

    @operation
    def let_go(self, held: str) -> None:
        found = self.messages.get(int(held))
        if found is not None and found.receipt == -1:
            del self.messages[found.id]

    @operation
    def length(self) -> int:
        self._expire()
        return len(self.messages)

    def receive(self, limit: int = 1, visibility: float = 30) -> list[Message]:
        """Take visible messages, oldest first; they stay hidden for `visibility` seconds unless they are deleted."""
        with self.lock:
            self._expire()
            now = self._clock.monotonic()
            taken: list[Message] = []
            while len(taken) < limit and self._coming and self._coming[0][0] <= now:
                visible_at, number = heappop(self._coming)
                found = self.messages.get(number)
                if found is not None and found.visible_at == visible_at:
                    taken.append(found)
            taken = [
                replace(m, visible_at=now + visibility, dequeue_count=m.dequeue_count + 1, receipt=next(self._numbers))
                for m in taken
            ]
            for message in taken:
                self._keep(message)
            return taken

    def hide(self, message: Message, seconds: float) -> bool:
        """Let a received message be visible again after `seconds`; False when it is this consumer's no more."""
        with self.lock:
            if not self._owned(message):
                return False
            self._keep(replace(message, visible_at=self._clock.monotonic() + seconds))
            return True

    def repeat(self, message: Message) -> None:
        """Put the same message in once more, as a sender does that has never got its answer."""
        with self.lock:
            again = replace(message, id=next(self._numbers), visible_at=self._clock.monotonic(), dequeue_count=0)
            if again.expires_at < math.inf:
                heappush(self._expiring, (again.expires_at, again.id))
            self._keep(again)

    def delete(self, message: Message) -> bool:
        """Delete a received message; False when somebody else has received it since, or it has expired."""
        with self.lock:
            if not self._owned(message):
                return False
            del self.messages[message.id]
            return True

    def bodies(self) -> list[bytes]:
        """What is in the queue, hidden or not."""
        with self.lock:
            self._expire()
            return [message.body for message in self.messages.values()]

    def _owned(self, message: Message) -> bool:
        self._expire()
        known = self.messages.get(message.id)
        return known is not None and known.receipt == message.receipt

    def _keep(self, message: Message) -> None:
        self.messages[message.id] = message
        heappush(self._coming, (message.visible_at, message.id))

    def _expire(self) -> None:
        now = self._clock.monotonic()
        while self._expiring and self._expiring[0][0] <= now:
            self.messages.pop(heappop(self._expiring)[1], None)

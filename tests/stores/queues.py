"""A queue in memory with the rules of Azure: visibility, time to live, dequeue counts, 64 KiB of base64."""

import base64
import itertools
import math
from dataclasses import dataclass, replace

from capture.errors import Permanent
from capture.ports import Clock
from tests.stores.store import Store, operation

_LARGEST = 64 * 1024


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
    """`sent` is everything that was ever appended; `messages` what is there."""

    def __init__(self, clock: Clock, kind: str = "queue") -> None:
        super().__init__()
        self.kind = kind
        self._clock = clock
        self._numbers = itertools.count(1)
        self.sent: list[bytes] = []
        self.messages: dict[int, Message] = {}

    @operation
    def send(self, body: bytes, delay: float = 0, ttl: float | None = None) -> None:
        if len(base64.b64encode(body)) > _LARGEST:
            raise Permanent("a message may have 64 KiB")
        now = self._clock.monotonic()
        visible = math.ceil(delay)
        lasts = math.inf if ttl is None else max(1, math.floor(ttl), visible + 1)
        number = next(self._numbers)
        self.sent.append(body)
        self.messages[number] = Message(number, body, now + visible, now + lasts)

    @operation
    def length(self) -> int:
        self._expire()
        return len(self.messages)

    def receive(self, limit: int = 1, visibility: float = 30) -> list[Message]:
        """Take visible messages, oldest first; they stay hidden for `visibility` seconds unless they are deleted."""
        with self.lock:
            self._expire()
            now = self._clock.monotonic()
            found = sorted(
                (m for m in self.messages.values() if m.visible_at <= now), key=lambda m: (m.visible_at, m.id)
            )
            taken = [
                replace(m, visible_at=now + visibility, dequeue_count=m.dequeue_count + 1, receipt=next(self._numbers))
                for m in found[:limit]
            ]
            self.messages |= {message.id: message for message in taken}
            return taken

    def delete(self, message: Message) -> bool:
        """Delete a received message; False when somebody else has received it since, or it has expired."""
        with self.lock:
            self._expire()
            known = self.messages.get(message.id)
            if known is None or known.receipt != message.receipt:
                return False
            del self.messages[message.id]
            return True

    def bodies(self) -> list[bytes]:
        """What is in the queue, hidden or not."""
        with self.lock:
            self._expire()
            return [message.body for message in self.messages.values()]

    def _expire(self) -> None:
        now = self._clock.monotonic()
        for number in [m.id for m in self.messages.values() if m.expires_at <= now]:
            del self.messages[number]

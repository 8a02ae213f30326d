"""What fires the functions of a host: timers, and queues with all that may go wrong on the way of a message."""

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.stores.queues import MemoryQueue, Message

if TYPE_CHECKING:
    from tests.simulation.host import Host

type Run = Callable[[Message], None]

_BATCH = 4
_NEW_BATCH_BELOW = 3  # newBatchThreshold 2: a new batch is fetched when so many are left
_AGAIN_AFTER = 30.0
_MOST_DELIVERIES = 5
_HELD = 1e9  # the host prolongs the hiding for as long as the function runs


class Timer:
    """Fires every `period` seconds; one that is late fires as soon as the one before has ended, missed ones never."""

    def __init__(self, host: "Host", kind: str, period: float, phase: float, fire: Callable[[], None]) -> None:
        self._host = host
        self._kind = kind
        self._period = period
        self._phase = phase
        self._fire = fire
        self._running = False
        self._late = False

    def start(self) -> None:
        """Begin with the next regular time."""
        now = self._host.kernel.now
        periods = (now - self._phase) // self._period + 1
        self._host.later(self._phase + periods * self._period, self._due)

    def _due(self) -> None:
        self.start()
        if self._running:
            self._late = True
        else:
            self._begin()

    def _begin(self) -> None:
        self._running = True
        self._host.spawn(self._kind, self._fire, self._ended)

    def _ended(self, error: BaseException | None) -> None:
        self._running = False
        self._host.judge(self._kind, error)
        if self._late and not self._host.draining:
            self._late = False
            self._begin()


class Listener:
    """One queue's messages on their way to one function."""

    def __init__(self, host: "Host", queue: MemoryQueue, poison: MemoryQueue | None, run: Run) -> None:
        self._host = host
        self._queue = queue
        self._poison = poison
        self._run = run
        self.working: dict[int, Message] = {}
        self._numbers = itertools.count()

    def start(self) -> None:
        """Look once a second."""
        self._poll()

    def _poll(self) -> None:
        self._host.later(self._host.kernel.now + 1.0, self._poll)
        if self._queue.messages:
            self._take()

    def _take(self) -> None:
        if self._host.draining or len(self.working) >= _NEW_BATCH_BELOW or not self._host.line.open:
            return
        host, draw = self._host, self._host.random.random
        for message in self._queue.receive(_BATCH, _HELD):
            if host.line.lossy and draw() < 0.1:
                self._queue.hide(message, _AGAIN_AFTER)  # taken out, but the answer was lost
            elif message.dequeue_count > _MOST_DELIVERIES and self._poison is not None:
                self._give_up(message)
            else:
                self._begin(message)
                if host.repeated and draw() < host.repeated:
                    self._queue.repeat(message)
                if host.expiring and draw() < host.expiring:
                    self._queue.hide(message, draw() * 3)

    def _begin(self, message: Message) -> None:
        number = next(self._numbers)
        self.working[number] = message
        task = self._host.spawn(self._queue.kind, lambda: self._run(message), lambda e: self._ended(number, e))
        self._host.delivered(task, self._queue, message)

    def _ended(self, number: int, error: BaseException | None) -> None:
        message = self.working.pop(number)
        self._host.judge(self._queue.kind, error)
        line = self._host.line
        if not line.open or (line.lossy and self._host.random.random() < 0.5):
            self._queue.hide(message, _AGAIN_AFTER)
        elif error is None:
            self._queue.delete(message)
        elif message.dequeue_count >= _MOST_DELIVERIES and self._poison is not None:
            self._give_up(message)
        else:
            self._queue.hide(message, _AGAIN_AFTER)
        if self._queue.messages:
            self._take()

    def _give_up(self, message: Message) -> None:
        self._host.story.note(self._host.name, "host", "poison", message.body)
        if self._poison is not None and self._queue.delete(message):
            self._poison.send(message.body)

    def let_go(self) -> None:
        """Nobody prolongs the hiding any more: what is in work comes again soon."""
        for message in self.working.values():
            self._queue.hide(message, self._host.random.uniform(1, _AGAIN_AFTER))

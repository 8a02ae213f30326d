"""The Functions host of one node: what fires its triggers, and what becomes of messages."""

import itertools
from collections.abc import Callable
from random import Random

from capture.errors import CaptureError
from capture.node import Node
from capture.ports import Clock
from tests.simulation.kernel import Kernel, Task
from tests.simulation.network import Line
from tests.simulation.story import Story
from tests.stores.queues import MemoryQueue, Message

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

    def __init__(self, host: "Host", queue: MemoryQueue, poison: MemoryQueue | None, run: "Run") -> None:
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
        for message in self._queue.receive(_BATCH, _HELD):
            if message.dequeue_count > _MOST_DELIVERIES and self._poison is not None:
                self._give_up(message)
                continue
            number = next(self._numbers)
            self.working[number] = message
            task = self._host.spawn(
                self._queue.kind, lambda m=message: self._run(m), lambda e, n=number: self._ended(n, e)
            )
            self._host.delivered(task, self._queue, message)
            if self._host.duplicates and self._host.random.random() < self._host.duplicates:
                self._queue.hide(message, self._host.random.random() * 3)

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


type Run = Callable[[Message], None]


class Host:
    """One node's process, from start to start. `failed` is told of what a trigger should never raise."""

    def __init__(
        self,
        kernel: Kernel,
        random: Random,
        name: str,
        line: Line,
        queues: tuple[MemoryQueue, MemoryQueue],
        clock: Clock,
        build: Callable[[], Node],
        story: Story,
    ) -> None:
        self.kernel = kernel
        self.random = random
        self.name = name
        self.line = line
        self.story = story
        self.up = False
        self.draining = False
        self.duplicates = 0.0
        self.delivered: Callable[[Task, MemoryQueue, Message], None] = lambda *_: None
        self.failed: Callable[[str, str, BaseException], None] = lambda *_: None
        self.queues = queues
        self.poisons = (MemoryQueue(clock, "ingest-poison"), MemoryQueue(clock, "watermarks-poison"))
        self._build = build
        self._life = 0
        self._phase = random.random()
        self._node: Node | None = None
        self._listeners: list[Listener] = []

    def start(self) -> None:
        """Start the process, if it does not run."""
        if self.up:
            return
        self.up, self.draining = True, False
        self._life += 1
        self.story.note(self.name, "host", "started")
        node = self._node = self._build()
        (ingest, watermarks), (ingest_poison, watermarks_poison) = self.queues, self.poisons
        self._listeners = [
            Listener(self, ingest, ingest_poison, lambda m: node.ingest(m.body, m.dequeue_count)),
            Listener(self, watermarks, watermarks_poison, lambda m: node.merge(m.body)),
            Listener(self, ingest_poison, None, lambda m: node.give_up(m.body)),
            Listener(self, watermarks_poison, None, lambda m: node.merge(m.body)),
        ]
        for listener in self._listeners:
            self.later(self.kernel.now + self.random.random(), listener.start)
        Timer(self, "tick", 5.0, self._phase, node.tick).start()
        Timer(self, "sweep", 15.0, self._phase, node.sweep).start()

    def crash(self) -> None:
        """Lose everything that is in memory."""
        if not self.up:
            return
        self.up = False
        self._life += 1
        self.story.note(self.name, "host", "crashed")
        self.kernel.kill(self.name)
        self.let_go()

    def stop(self, within: float = 10.0) -> None:
        """Stop cleanly: no new work, hand the role over, end what is under way if it ends soon."""
        if not self.up or self._node is None:
            return
        self.draining = True
        self.story.note(self.name, "host", "stopping")
        self.spawn("stop", self._node.stop, lambda error: self.judge("stop", error))
        self.later(self.kernel.now + within, self.crash)

    def ask(self, kind: str, question: Callable[[Node], object]) -> None:
        """Let a person call the node."""
        node = self._node
        if node is not None and self.up:
            self.spawn(kind, lambda: question(node), lambda error: self.judge(kind, error))

    def let_go(self) -> None:
        """Let what is in work come again, as when its hiding cannot be prolonged."""
        for listener in self._listeners:
            listener.let_go()

    def later(self, when: float, call: Callable[[], None]) -> None:
        """Call at `when`, if this process still lives then."""
        life = self._life
        self.kernel.at(when, lambda: call() if life == self._life else None, self.name)

    def spawn(self, kind: str, run: Callable[[], object], ended: Callable[[BaseException | None], None]) -> Task:
        """Run a function of this process."""
        return self.kernel.spawn(self.name, kind, run, ended)

    def judge(self, kind: str, error: BaseException | None) -> None:
        """Keep what a function raised; only failures that the product foresees are in order."""
        if error is None:
            return
        self.story.note(self.name, "host", f"{kind} failed", str(error))
        if not isinstance(error, CaptureError):
            self.failed(self.name, kind, error)

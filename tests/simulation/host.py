"""The Functions host of one node: what fires its triggers, and what becomes of messages."""

from collections.abc import Callable
from random import Random

from capture.errors import CaptureError
from capture.node import Node
from capture.ports import Clock
from tests.simulation.kernel import Kernel, Task
from tests.simulation.network import Line
from tests.simulation.story import Story
from tests.simulation.triggers import Listener, Timer
from tests.stores.queues import MemoryQueue, Message


class Host:
    """One node's process, from start to start. `failed` is told of what a trigger should never raise.

    While it is `held`, nobody can start it. `expiring` and `repeated` are the chances that a message is handed out
    again while it is in work, and that it was sent twice.
    """

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
        self.held = 0
        self.started_at = 0.0
        self.expiring = 0.0
        self.repeated = 0.0
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
        """Start the process, if it does not run and may."""
        if self.up or self.held:
            return
        self.up, self.draining = True, False
        self.started_at = self.kernel.now
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

"""Virtual time, and tasks that run the product's synchronous code and are switched at every call to the outside world.

A task is a greenlet. It runs until it sleeps; then the kernel goes on to the next event in the order of time, and of
scheduling where times are equal. Nothing else decides the order, so a history replays exactly.
"""

from collections.abc import Callable
from heapq import heappop, heappush

from greenlet import getcurrent, greenlet

SLOW = 2.0
"""Seconds beyond which a call excuses what was decided before it."""


class Killed(BaseException):
    """The process of this task is dead: every further call to the outside raises it again."""


type Ended = Callable[[BaseException | None], None]


class Task:
    """One thread of a process. `command` is what it works on; `called_at` and `slow_at` are for the invariants."""

    __slots__ = (
        *("alive", "began", "called_at", "command", "doomed", "ended", "function"),
        *("greenlet", "in_flight", "kind", "owner", "slow_at", "wake"),
    )

    def __init__(self, owner: str | None, kind: str, function: Callable[[], object], ended: Ended | None) -> None:
        self.owner = owner
        self.kind = kind
        self.function = function
        self.ended = ended
        self.greenlet: greenlet | None = None
        self.command: object = None
        self.began = 0.0
        self.called_at = 0.0
        self.slow_at = float("-inf")
        self.in_flight = False
        self.alive = True
        self.doomed = False
        self.wake = -1


class Kernel:
    """The clock of the world and everything that is going to happen."""

    def __init__(self) -> None:
        self.now = 0.0
        self.events = 0
        self.current: Task | None = None
        self._hub = getcurrent()
        self._queue: list[tuple[float, int, Task | None, str | None, Callable[[], None] | None]] = []
        self._tasks: dict[str | None, dict[Task, None]] = {}
        self._paused: dict[str, float] = {}
        self._doomed: list[str] = []

    def at(self, when: float, call: Callable[[], None], owner: str | None = None) -> None:
        """Call at `when`; if `owner` is paused then, as soon as it is not."""
        self.events += 1
        heappush(self._queue, (max(when, self.now), self.events, None, owner, call))

    def spawn(self, owner: str | None, kind: str, function: Callable[[], object], ended: Ended | None = None) -> Task:
        """Start a task now, after what is already due. `ended` is told of its end, but not when it is killed."""
        task = Task(owner, kind, function, ended)
        task.began = task.called_at = self.now
        self._tasks.setdefault(owner, {})[task] = None
        self.wake(task, self.now)
        return task

    def wake(self, task: Task, when: float) -> None:
        """Let a task go on at `when`."""
        self.events += 1
        task.wake = self.events
        heappush(self._queue, (when, self.events, task, None, None))

    def sleep(self, seconds: float) -> None:
        """Let the current task wait."""
        task = self.current
        if task is None:
            raise RuntimeError("only a task can wait")
        if task.doomed:
            raise Killed
        self.wake(task, self.now + seconds)
        self._hub.switch()

    def wait(self) -> None:
        """Let the current task wait until somebody wakes it."""
        if self.current is None or self.current.doomed:
            raise Killed
        self._hub.switch()

    def kill(self, owner: str) -> None:
        """End all tasks of `owner` wherever they are. The current one, if among them, must raise Killed itself."""
        if self.current is not None:
            self._doomed.append(owner)
            if self.current.owner == owner:
                self.current.doomed = True
            return
        for task in list(self._tasks.get(owner, ())):
            task.doomed = True
            task.wake = -1
            if task.greenlet is not None and not task.greenlet.dead:
                self.current = task
                task.greenlet.throw(Killed)
                self.current = None
            self._forget(task)
        self._paused.pop(owner, None)

    def pause(self, owner: str, until: float) -> None:
        """Stop the process like SIGSTOP: what is due for it happens at `until`. Requests in flight still arrive."""
        self._paused[owner] = max(until, self._paused.get(owner, 0.0))
        self.at(self._paused[owner], lambda: self._resume(owner))

    def paused(self, owner: str | None) -> bool:
        """Tell whether the process is stopped now."""
        return owner in self._paused

    def run(self, until: float) -> None:
        """Let everything happen that is due up to `until`."""
        queue = self._queue
        while queue and queue[0][0] <= until:
            when, number, task, owner, call = heappop(queue)
            if task is not None:
                if task.wake != number:
                    continue
                if self._paused and task.owner in self._paused and not task.in_flight:
                    self.wake(task, self._paused[task.owner])
                    continue
                self.now = when
                self._enter(task)
            elif call is not None:
                if self._paused and owner in self._paused:
                    self.at(self._paused[owner], call, owner)
                    continue
                self.now = when
                call()
            while self._doomed:
                self.kill(self._doomed.pop(0))
        self.now = max(self.now, until)

    def _resume(self, owner: str) -> None:
        if self._paused.get(owner, self.now + 1) <= self.now:
            del self._paused[owner]

    def _enter(self, task: Task) -> None:
        if task.greenlet is None:
            task.greenlet = greenlet(lambda: self._live(task), parent=self._hub)
        self.current = task
        task.greenlet.switch()
        self.current = None

    def _live(self, task: Task) -> None:
        error: BaseException | None = None
        try:
            task.function()
        except (Killed, Exception) as raised:  # noqa: BLE001  whoever started the task judges
            error = raised
        self._forget(task)
        if task.ended is not None and not task.doomed:
            task.ended(error)

    def _forget(self, task: Task) -> None:
        task.alive = False
        self._tasks.get(task.owner, {}).pop(task, None)

"""Side by side: what a node's pool of threads is under virtual time."""

from collections import deque
from collections.abc import Callable, Sequence

from capture.errors import CaptureError
from tests.simulation.kernel import SLOW, Kernel, Task


class Pool:
    """`together` of one process: as many calls side by side as it has threads; the others wait for a free one."""

    def __init__(self, kernel: Kernel, owner: str, threads: int = 8) -> None:
        self._kernel = kernel
        self._owner = owner
        self._free = threads
        self._waiting: deque[tuple[_Batch, int]] = deque()

    def __call__(self, calls: Sequence[Callable[[], object]]) -> list[object]:
        parent = self._kernel.current
        if parent is None or not calls:
            return [_outcome(call) for call in calls]
        batch = _Batch(parent, calls)
        began = self._kernel.now
        self._waiting.extend((batch, number) for number in range(len(calls)))
        self._fill()
        self._kernel.wait()
        if self._kernel.now - began > SLOW:
            parent.slow_at = self._kernel.now
        for outcome in batch.outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, CaptureError):
                raise outcome
        return batch.outcomes

    def _fill(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            self._start(*self._waiting.popleft())

    def _start(self, batch: "_Batch", number: int) -> None:
        def ended(error: BaseException | None) -> None:
            self._free += 1
            if batch.ended(number, error):
                self._kernel.wake(batch.parent, self._kernel.now)
            self._fill()

        child = self._kernel.spawn(self._owner, batch.parent.kind, lambda: batch.run(number), ended)
        child.command = batch.parent.command


class _Batch:
    """Calls that one task has made together."""

    __slots__ = ("calls", "left", "outcomes", "parent")

    def __init__(self, parent: Task, calls: Sequence[Callable[[], object]]) -> None:
        self.parent = parent
        self.calls = calls
        self.left = len(calls)
        self.outcomes: list[object] = [None] * len(calls)

    def run(self, number: int) -> None:
        """Make one of them."""
        self.outcomes[number] = _outcome(self.calls[number])

    def ended(self, number: int, error: BaseException | None) -> bool:
        """Keep what one has raised; tell whether it was the last."""
        if error is not None:
            self.outcomes[number] = error
        self.left -= 1
        return self.left == 0


def _outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except CaptureError as error:
        return error

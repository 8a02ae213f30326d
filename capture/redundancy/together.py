"""Calls to several regions side by side, so that a dead one costs its time-out once and not in turn."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from capture.errors import CaptureError

type Together = Callable[[Sequence[Callable[[], object]]], list[object]]
"""Runs calls and returns, in their order, each result or the CaptureError it raised."""


def one_by_one(calls: Sequence[Callable[[], object]]) -> list[object]:
    """Run calls in their order: for tests and simulations, where order must not depend on threads."""
    return [_outcome(call) for call in calls]


def side_by_side(pool: ThreadPoolExecutor) -> Together:
    """Make a `Together` that runs its calls in the threads of `pool`."""

    def run(calls: Sequence[Callable[[], object]]) -> list[object]:
        try:
            futures: list[Future[object]] = [pool.submit(_outcome, call) for call in calls]
        except RuntimeError:
            # The interpreter is ending and starts no more work in threads; a last hand-over goes in turn.
            return one_by_one(calls)
        return [future.result() for future in futures]

    return run


def _outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except CaptureError as error:
        return error

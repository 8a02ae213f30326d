"""Work that goes on after an answer has been given. It may be left undone: then the queue does it."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

type Background = Callable[[Callable[[], None]], None]
"""Takes work and returns; the work is done soon, or not at all."""

_log = logging.getLogger("capture")


def at_once(work: Callable[[], None]) -> None:
    """Do it now: for tests and simulations, where order must not depend on threads."""
    work()


class Bounded:
    """A few threads and a bounded number of works that wait for them; what comes beyond is left undone."""

    def __init__(self, threads: int, most: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="screens")
        self._room = BoundedSemaphore(most)

    def __call__(self, work: Callable[[], None]) -> None:
        """Take the work, if there is room."""
        if not self._room.acquire(blocking=False):
            return
        try:
            self._pool.submit(self._run, work)
        except RuntimeError:  # the interpreter is ending and starts no more work in threads
            self._room.release()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001  logged with its traceback
            # Nobody looks at the outcome, so it is told here; the queue brings the work once more.
            _log.exception("event=work_failed work=screens")
        finally:
            self._room.release()

"""Can this node durably accept work? Never: is it ACTIVE."""

from collections.abc import Callable, Mapping
from threading import Lock

from capture.errors import CaptureError
from capture.ports import Clock

_FRESH_SECONDS = 3.0


class Health:
    """Asks each of the parts that accepting work needs; the answer is good for a few seconds."""

    def __init__(self, checks: Mapping[str, Callable[[], object]], clock: Clock) -> None:
        self._checks = checks
        self._clock = clock
        self._lock = Lock()
        self._read_at = float("-inf")
        self._problems: dict[str, str] = {}

    def problems(self) -> dict[str, str]:
        """Name each part that does not work, with the reason. Empty: the node is healthy."""
        with self._lock:  # probes of every edge site come at once; one of them does the asking
            if self._clock.monotonic() - self._read_at >= _FRESH_SECONDS:
                self._problems = {name: why for name, check in self._checks.items() if (why := _failure(check))}
                self._read_at = self._clock.monotonic()
            return dict(self._problems)


def _failure(check: Callable[[], object]) -> str | None:
    try:
        check()
    except CaptureError as error:
        return str(error)
    return None

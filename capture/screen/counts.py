"""What this process has seen of screens since it started, for `status`."""

from collections import Counter
from threading import Lock


class Counts:
    """Counters by name. Threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counted: Counter[str] = Counter()

    def add(self, name: str) -> None:
        """Count one more."""
        with self._lock:
            self._counted[name] += 1

    def read(self, *names: str) -> dict[str, int]:
        """Read these, 0 for what has not happened."""
        with self._lock:
            return {name: self._counted[name] for name in names}

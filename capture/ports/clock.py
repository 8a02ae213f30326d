"""Time, by argument."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Time and waiting, by argument, so that tests and simulations can move it by hand."""

    def now(self) -> datetime:
        """Wall clock, UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean something."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

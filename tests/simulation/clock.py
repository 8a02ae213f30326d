"""What time each node believes it is. Stores and Dynamics have the true time."""

from datetime import datetime, timedelta

from tests.simulation.kernel import Kernel
from tests.stores.clock import START


class TrueClock:
    """The time of the stores: no clock of theirs is wrong."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def now(self) -> datetime:
        return START + timedelta(seconds=self._kernel.now)

    def monotonic(self) -> float:
        return self._kernel.now

    def sleep(self, seconds: float) -> None:
        self._kernel.sleep(seconds)


class NodeClock:
    """A node's clock: the wall is wrong by `skew` seconds, and everything goes at `rate` seconds a true second."""

    def __init__(self, kernel: Kernel, skew: float = 0.0, rate: float = 1.0) -> None:
        self._kernel = kernel
        self._start = START + timedelta(seconds=skew)
        self.skew = skew
        self.rate = rate

    def now(self) -> datetime:
        # A wall clock is set right again and again: only its skew counts, not its rate.
        return self._start + timedelta(seconds=self._kernel.now)

    def monotonic(self) -> float:
        return self._kernel.now * self.rate

    def sleep(self, seconds: float) -> None:
        self._kernel.sleep(max(seconds, 0.0) / self.rate)

"""Links and accounts: every call of a node to a store is a switch, may be slow, be refused, or lose its reply.

The effect of a call happens when its request arrives. A process that is stopped or killed while the reply is under way
never knew of it.
"""

from collections.abc import Callable
from random import Random
from typing import Protocol

from capture.errors import Transient
from tests.simulation.kernel import SLOW, Kernel, Killed
from tests.stores.store import Store, Switch


class Witness(Protocol):
    """Who is told of every effect."""

    def effect(self, line: "Line", call: str, store: Store, arguments: tuple[object, ...], result: object) -> None:
        """Judge what has just happened."""


class Power(Switch):
    """An account that may be down; `timeout` is how long a caller waits until it knows."""

    def __init__(self) -> None:
        super().__init__()
        self.outages = 0
        self.timeout = 0.05

    def before(self, call: str) -> None:
        """Let the call through: the link has judged."""

    def after(self, call: str) -> None:
        """Nothing is kept."""


class Line(Switch):
    """One node's link to one account. Faults of several episodes add up.

    `crash` kills the node with the chance `crash_odds` for each call, before or after the effect, and after the next
    call that is `crash_after`.
    """

    def __init__(self, kernel: Kernel, random: Random, node: str, account: str, power: Power) -> None:
        super().__init__()
        self.node = node
        self.account = account
        self.power = power
        self.cuts = 0
        self.timeout = 0.05
        self.slow: list[float] = []
        self.lossy: list[tuple[float, float]] = []
        self.crash_odds = 0.0
        self.crash_after = ""
        self.crash: Callable[[], None] = lambda: None
        self.witness: Witness | None = None
        self.healed_at = float("-inf")
        self._kernel = kernel
        self._random = random
        self.faulty = False

    @property
    def open(self) -> bool:
        """Tell whether a call can get through at all."""
        return not (self.cuts or self.power.outages)

    @property
    def good(self) -> bool:
        """Tell whether nothing is wrong now."""
        return not (self.cuts or self.power.outages or self.slow or self.lossy)

    def good_for(self) -> float:
        """For how many seconds nothing has been wrong."""
        return self._kernel.now - self.healed_at if self.good else 0.0

    def before(self, call: str) -> None:
        kernel, draw = self._kernel, self._random.random
        task = kernel.current
        if task is None:
            return
        now = task.called_at = kernel.now
        chance = draw()
        if self.crash_odds and draw() < self.crash_odds:
            self.crash()
            raise Killed
        latency = 0.002 + 0.028 * chance * chance
        if self.faulty:
            # Who gives up before the answer comes does not know what happened.
            latency = min(latency + self._trouble(), self._patience(call))
        # A process that is stopped now has sent the request, or has not.
        task.in_flight = chance < 0.5
        kernel.sleep(latency)
        task.in_flight = False
        if self.faulty and (not self.open or (self.lossy and draw() < max(before for before, _ in self.lossy))):
            self._time_out(call, "no answer")
        if kernel.now - now > SLOW:
            task.slow_at = kernel.now

    def effect(self, call: str, store: Store, arguments: tuple[object, ...], result: object) -> None:
        if self.witness is not None:
            self.witness.effect(self, call, store, arguments, result)

    def after(self, call: str) -> None:
        kernel, draw = self._kernel, self._random.random
        task = kernel.current
        if task is None:
            return
        if call == self.crash_after or (self.crash_odds and draw() < self.crash_odds):
            self.crash_after = ""
            self.crash()
            raise Killed
        if self.faulty or kernel.paused(self.node):
            spent = kernel.now - task.called_at
            patience = self._patience(call)
            kernel.sleep(min(0.005 + self._trouble() * draw(), max(patience - spent, 0.0)))
            overdue = spent >= patience
            if overdue or not self.open or (self.lossy and draw() < max(after for _, after in self.lossy)):
                self._time_out(call, "the answer was lost")
            if kernel.now - task.called_at > SLOW:
                task.slow_at = kernel.now

    def changed(self) -> None:
        """Note that a fault has begun or ended."""
        self.faulty = not self.good

    def _patience(self, call: str) -> float:
        """For how long the product waits for an answer, repeats included (capture.storage.accounts)."""
        if call.startswith(("lease.", "heartbeats.")):
            return 2.0
        return 9.0 if self.node == self.account else 5.0

    def _trouble(self) -> float:
        return max(self.slow, default=0.0) * self._random.random()

    def _time_out(self, call: str, why: str) -> None:
        kernel = self._kernel
        timeout = min(self.power.timeout if self.power.outages else self.timeout, self._patience(call))
        spent = kernel.now - kernel.current.called_at if kernel.current is not None else 0.0
        kernel.sleep(max(timeout * (0.9 + 0.1 * self._random.random()) - spent, 0.001))
        if kernel.current is not None and kernel.now - kernel.current.called_at > SLOW:
            kernel.current.slow_at = kernel.now
        raise Transient(f"{call} at {self.account}: {why}")

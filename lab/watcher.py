"""Watches a running pair from outside: takes readings, counts failovers, starts a node that was killed again."""

import time

from lab.pair import Pair
from lab.view import NodeReading, Reading

BACK_AFTER_SECONDS = 30.0


class Watcher:
    """Takes one reading after the other. Azure would start a dead node again, so this does, after half a minute."""

    def __init__(self, pair: Pair, began: float) -> None:
        """Count time from `began` (monotonic)."""
        self._pair = pair
        self._began = began
        self._down_since: dict[str, float] = {}
        self._active: str | None = None
        self._failovers = 0

    def read(self) -> Reading:
        """Look at everything once."""
        calls, recordings = self._pair.organisation.totals()
        reading = Reading(
            seconds=time.monotonic() - self._began,
            nodes=tuple(self._node(name) for name in self._pair.nodes),
            calls=calls,
            recordings=recordings,
            failovers=self._failovers,
        )
        if reading.active is not None and reading.active != self._active:
            self._failovers += self._active is not None
            self._active = reading.active
        return reading

    def _node(self, name: str) -> NodeReading:
        node = self._pair.nodes[name]
        if node.running:
            return NodeReading(name, node.pid, running=True, back_in=None, status=node.status())
        since = self._down_since.setdefault(name, time.monotonic())
        left = since + BACK_AFTER_SECONDS - time.monotonic()
        if left <= 0:
            del self._down_since[name]
            node.start()
        return NodeReading(name, node.pid, running=False, back_in=max(0, round(left)), status=None)

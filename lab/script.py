"""What `make demo` does to the pair, step by step, while calls come in."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lab.pair import NODES, Pair
from lab.waiting import TimeoutExpiredError

_PUBLISH_SECONDS = 40.0
_DOWN_SECONDS = 30.0
_MOST_SECONDS_TO_FAIL_OVER = 120.0
_LOOK_SECONDS = 0.1


def shape(number: int) -> dict[str, Any]:
    """Say what is special about a call: of twenty, six are. Most have one recording, at once."""
    match number % 20:
        case 1:
            return {"recordings_per_call": 3}
        case 4 | 14:
            return {"recordings_per_call": 1, "commit_delay_seconds": 12}
        case 6 | 16:
            return {"recordings_per_call": 1, "file_delay_seconds": 20}
        case 8:
            return {"without_recording": True}
        case 11:
            return {"recordings_per_call": 2, "open": True, "close_delay_seconds": 15}
        case _:
            return {"recordings_per_call": 1}


@dataclass(slots=True)
class Script:
    """What is done to the pair, step by step, while the calls come in."""

    pair: Pair
    calls: int
    tell: Callable[[str], None]
    _published: int = 0
    _victim: str = ""
    _killed_at: float | None = None
    _back: bool = False
    failover_seconds: float | None = field(default=None)

    def run(self) -> None:
        """Publish all calls, kill the ACTIVE node after half of them, start it again half a minute later."""
        began = time.time()
        while not self._over():
            due = min(self.calls, 1 + int((time.time() - began) * self.calls / _PUBLISH_SECONDS))
            while self._published < due:
                self.pair.organisation.publish(1, **shape(self._published))
                self._published += 1
            if self._killed_at is None and self._published >= self.calls / 2:
                self._kill()
            if self._killed_at is not None:
                self._measure_failover(self._killed_at)
                if not self._back and time.time() - self._killed_at >= _DOWN_SECONDS:
                    self._start_again()
            time.sleep(_LOOK_SECONDS)

    def _over(self) -> bool:
        return self._published == self.calls and self._back and self.failover_seconds is not None

    def _kill(self) -> None:
        self._victim = self.pair.wait_for_active(30)
        self._killed_at = self.pair.nodes[self._victim].kill()
        self.tell(f"{self._published} of {self.calls} calls have ended: ACTIVE node {self._victim} is killed")

    def _start_again(self) -> None:
        self.pair.nodes[self._victim].start()
        self._back = True
        self.tell(f"node {self._victim} is started again")

    def _measure_failover(self, killed_at: float) -> None:
        if self.failover_seconds is not None:
            return
        if time.time() - killed_at > _MOST_SECONDS_TO_FAIL_OVER:
            raise TimeoutExpiredError("the surviving node did not begin to query the organisation")
        survivor = NODES[1 - NODES.index(self._victim)]
        lists = self.pair.organisation.stats()["recording_lists"]
        seen = lists.get(self.pair.credentials[survivor].client_id, {})
        polls = [datetime.fromisoformat(seen[key]).timestamp() for key in ("first", "last") if key in seen]
        if after := [poll for poll in polls if poll > killed_at]:
            self.failover_seconds = round(min(after) - killed_at, 1)
            self.tell(f"node {survivor} queries the organisation {self.failover_seconds} s after the kill")

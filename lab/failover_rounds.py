"""The rounds of a failover run: a crash or a planned handover while calls keep coming, measured at the organisation."""

import random
import time
from collections.abc import Callable

from lab.chaos_calls import Calls
from lab.chaos_faults import other
from lab.chaos_polls import polls, seconds_to_poll
from lab.check import Findings, check, unfinished
from lab.failover_figures import Takeover
from lab.organisation import SOURCE
from lab.pair import NODES, Pair
from lab.waiting import TimeoutExpiredError, wait_until

_CALLS_PER_SECOND = 1.0
_TICK_SECONDS = 5.0
_MOST_SECONDS_TO_ORDER = 90.0
_MOST_SECONDS_TO_POLL = 60.0
_MOST_SECONDS_TO_FINISH = 180.0
_SETTLE_SECONDS = 5.0


class Rounds:
    """Takes the role from whoever has it, again and again, on one pair."""

    def __init__(
        self, pair: Pair, chance: random.Random, tell: Callable[[str], None], *, calm_seconds: float = _TICK_SECONDS
    ) -> None:
        """Leave at least `calm_seconds` between the moment when both nodes have their roles and the next event."""
        self._pair = pair
        self._chance = chance
        self._tell = tell
        self._calm = calm_seconds
        self._calls = Calls(pair.organisation, _CALLS_PER_SECOND)

    def crash(self) -> Takeover:
        """Kill the ACTIVE node at any moment of a tick, and start it again when the other one has taken over."""
        active = self._in_order()
        killed_at = self._pair.nodes[active].kill()
        takeover = self._measured("was killed", active, killed_at)
        self._pair.nodes[active].start()
        return takeover

    def hand_over(self) -> Takeover:
        """Tell the ACTIVE node that the other one shall be ACTIVE."""
        active = self._in_order()
        asked_at = self._pair.nodes[active].hand_over(other(active))
        return self._measured("was told to hand over", active, asked_at)

    def findings(self) -> Findings:
        """Let the last calls be finished, and check all of them."""
        stores = {name: self._pair.storage[name].connection_string for name in NODES}
        truth = self._pair.organisation.published
        try:
            wait_until(
                "everything is archived and in both ledgers",
                lambda: unfinished(truth(hashes=False), stores) == 0,
                _MOST_SECONDS_TO_FINISH,
                every=1,
            )
        except TimeoutExpiredError as error:
            self._tell(str(error))  # the check says what is missing
        time.sleep(_SETTLE_SECONDS)
        return check(truth(), stores, SOURCE)

    def _in_order(self) -> str:
        """Wait for one ACTIVE and one READY node, then for any moment of a tick. Return who is ACTIVE."""
        self._calls.wait_until("one node is ACTIVE and the other one READY", self._has_order, _MOST_SECONDS_TO_ORDER)
        self._calls.keep_coming(self._calm + self._chance.uniform(0, _TICK_SECONDS))
        return self._pair.wait_for_active(_TICK_SECONDS)

    def _has_order(self) -> bool:
        statuses = [node.status() for node in self._pair.nodes.values()]
        return sorted(status["role"] for status in statuses if status is not None) == ["ACTIVE", "READY"]

    def _measured(self, what: str, was: str, moment: float) -> Takeover:
        now = other(was)

        def seconds() -> float | None:
            return seconds_to_poll(polls(self._pair), moment, now)

        self._calls.wait_until(f"{now} queries the organisation", lambda: seconds() is not None, _MOST_SECONDS_TO_POLL)
        takeover = Takeover(was, now, round(seconds() or 0.0, 2))
        self._tell(f"{now} queries the organisation {takeover.seconds:.2f} s after {was} {what}")
        return takeover

"""How many calls of the Dataverse Web API a recording costs a pair, while recordings keep coming."""

import time
from collections.abc import Callable

import requests

from lab.check import unfinished
from lab.pair import NODES, Pair
from lab.waiting import wait_until

_SIZE = 64 * 1024
_MOST_SECONDS = 180.0


def measure(recordings: int, per_second: float, tell: Callable[[str], None]) -> float:
    """Publish calls with one recording each, at a steady rate, and wait until both nodes know all of them."""
    with Pair("bench-calls", tell=tell) as pair:
        pair.wait_for_active(60)
        stores = {name: pair.storage[name].connection_string for name in NODES}
        requests.post(f"{pair.organisation.control}/lab/stats/reset", timeout=10).raise_for_status()
        began = time.monotonic()
        for number in range(recordings):
            time.sleep(max(0.0, began + number / per_second - time.monotonic()))
            pair.organisation.publish(1, recordings_per_call=1, size_bytes=_SIZE)
        tell(f"{recordings} recordings published in {time.monotonic() - began:.0f} s")
        waited = wait_until(
            "all recordings are archived and in both ledgers",
            lambda: unfinished(pair.organisation.published(hashes=False), stores) == 0,
            _MOST_SECONDS,
            every=0.5,
        )
        stats = pair.organisation.stats()
    tell(f"all archived {waited:.0f} s later; calls by kind: {stats['by_kind']}")
    return float(stats["dataverse_calls"]) / recordings

"""Peak memory of a node while it archives one large recording, against the same node at rest."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.course import MIB
from lab.check import unfinished
from lab.pair import NODES, Pair
from lab.waiting import wait_until

_LARGE = 512 * MIB
_SETTLE_SECONDS = 15.0
_REST_SECONDS = 20.0
_SAMPLE_SECONDS = 0.05
_MOST_SECONDS = 300.0


class Sampler:
    """Takes the resident memory of a process again and again, until it is stopped."""

    def __init__(self, pid: int) -> None:
        """Begin at once."""
        self._pid = pid
        self._stop = threading.Event()
        self.mib: list[float] = []
        self._thread = threading.Thread(target=self._run, name=f"memory of {pid}", daemon=True)
        self._thread.start()

    def stop(self) -> list[float]:
        """Stop and return all samples, in MiB."""
        self._stop.set()
        self._thread.join()
        return self.mib

    def _run(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            self.mib.append(resident_mib(self._pid))


def resident_mib(pid: int) -> float:
    """Resident memory of a process now."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def measure(tell: Callable[[str], None]) -> float:
    """Let one recording of 512 MiB be published to a pair at rest. Return the growth of the node that archived it."""
    pair = Pair("bench-memory", tell=tell)
    # What grows is the Python process that runs the app. With Core Tools that would be a child of the host.
    pair.host = None
    with pair:
        pair.wait_for_active(60)
        time.sleep(_SETTLE_SECONDS)
        rest = _sampled(pair, lambda: time.sleep(_REST_SECONDS))
        work = _sampled(pair, lambda: _archive(pair))
        node = next(name for name in NODES if pair.nodes[name].count("recording_archived"))
    before, peak = median(rest[node]), max(work[node])
    tell(f"node {node}: {before:.0f} MiB at rest, {peak:.0f} MiB at most")
    return peak - before


def _sampled(pair: Pair, work: Callable[[], None]) -> dict[str, list[float]]:
    samplers = {name: Sampler(pid) for name, node in pair.nodes.items() if (pid := node.pid) is not None}
    try:
        work()
    finally:
        samples = {name: sampler.stop() for name, sampler in samplers.items()}
    return samples


def _archive(pair: Pair) -> None:
    pair.organisation.publish(1, recordings_per_call=1, size_bytes=_LARGE)
    stores = {name: pair.storage[name].connection_string for name in NODES}
    wait_until(
        "the large recording is archived",
        lambda: unfinished(pair.organisation.published(hashes=False), stores) == 0,
        _MOST_SECONDS,
        every=1,
    )

"""A node's ingest, as a process: the real use case through the real adapters, with its settings in the environment.

Reads its order as JSON from standard input and writes the seconds that it took. `warm_up` and `recordings` are ids,
`at_once` is how many run side by side.
"""

import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from capture.audio.assign import Assigner
from capture.clock import SystemClock
from capture.model.authority import Active
from capture.model.identity import NodeName, RecordingId
from capture.model.recording import Job, JobState
from capture.node import Node
from capture.omnichannel.organisation import Organisation
from capture.redundancy.election import Election
from capture.redundancy.presence import Presence
from capture.redundancy.together import one_by_one
from capture.settings import Settings
from capture.storage.stores import Names, open_own_store, open_peer_store, open_witness


def main() -> None:
    """Archive everything and say how long it took, from the first command to the last notification."""
    order = json.load(sys.stdin)
    node, active = Node.from_environment(), _Active(Settings.from_env())
    warm_up, commands = active.assign(order["warm_up"]), active.assign(order["recordings"])
    for body in warm_up:
        node.ingest(body)
    with ThreadPoolExecutor(order["at_once"]) as pool:
        began, cpu = time.perf_counter(), time.process_time()
        for done in [pool.submit(node.ingest, body) for body in commands]:
            done.result()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    json.dump({"seconds": seconds, "cpu_seconds": cpu}, sys.stdout)


class _Kept:
    """Stands for the queues of both nodes: the commands are wanted here, not there."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def send(self, body: bytes, delay: float = 0, ttl: float | None = None) -> None:  # noqa: ARG002
        self.bodies.append(body)

    def length(self) -> int:
        return len(self.bodies)


class _Active:
    """The ACTIVE node as far as it gives out jobs: holds the leases, knows no peer, reads the metadata by the batch."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        names = Names(
            lease_identity=settings.lease_identity,
            lease_container=settings.lease_container,
            archive_container=settings.archive_container,
            ingest_queue=settings.ingest_queue,
            watermark_queue=settings.watermark_queue,
        )
        self._own = open_own_store(settings.own_storage, names)
        self._peer = open_peer_store(settings.peer_storage, names)
        self._own.ensure()
        # The peer would make its own; here there is none.
        open_own_store(settings.peer_storage, names).ensure()
        self._leases = (self._own.lease, self._peer.lease, open_witness(settings.witness_storage, names))
        self._source = Organisation(settings, self._own.state, self._clock)

    def assign(self, ids: Sequence[str]) -> list[bytes]:
        """Assign recordings to this node for the first time, rows of the jobs included; return the commands."""
        settings, kept, node = self._settings, _Kept(), NodeName(self._settings.node_name)
        peer = NodeName(settings.peer_name)
        assigner = Assigner(
            node=node,
            peer=peer,
            own_queue=kept,
            peer_queue=kept,
            jobs=self._own.jobs,
            presence=Presence(
                node,
                peer,
                self._own.heartbeats,
                self._peer.heartbeats,
                tick_seconds=settings.tick_seconds,
                together=one_by_one,
            ),
            clock=self._clock,
            first_assignment=timedelta(seconds=settings.reassign_after_seconds),
            max_outstanding=settings.max_outstanding,
        )
        active = self._elected(node)
        recordings = self._source.recordings_by_id([RecordingId(one) for one in ids])
        now = self._clock.now()
        jobs = [Job(recording, JobState.PENDING, due=now, epoch=active.epoch) for recording in recordings]
        assigner.assign(active, [(job, False) for job in jobs], self._source.describe(recordings))
        return kept.bodies

    def _elected(self, node: NodeName) -> Active:
        settings = self._settings
        role = Election(
            node,
            self._leases,
            self._clock,
            lease_seconds=settings.lease_seconds,
            margin_seconds=settings.lease_margin_seconds,
        ).stand()
        if not isinstance(role, Active):
            raise SystemExit(f"no majority of the leases: {role}")
        return role


if __name__ == "__main__":
    main()

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

from capture.clock import SystemClock
from capture.messages import commands
from capture.model.authority import Active
from capture.model.identity import NodeName, RecordingId
from capture.model.recording import ArchiveRecording
from capture.node import Node, store_names
from capture.omnichannel.organisation import Organisation
from capture.redundancy.election import Election
from capture.redundancy.regions import Regions
from capture.redundancy.rest import Rest
from capture.settings import Settings
from capture.storage.stores import open_own_store, open_peer_store, open_witness


def main() -> None:
    """Archive everything and say how long it took, from the first command to the last notification."""
    order = json.load(sys.stdin)
    node, active = Node.from_environment(), _Active(Settings.from_env())
    warm_up, work = active.commands(order["warm_up"]), active.commands(order["recordings"])
    for body in warm_up:
        node.ingest(body)
    with ThreadPoolExecutor(order["at_once"]) as pool:
        began = time.perf_counter()
        for done in [pool.submit(node.ingest, body) for body in work]:
            done.result()
        json.dump({"seconds": time.perf_counter() - began}, sys.stdout)


class _Active:
    """The ACTIVE node as far as it gives out jobs: holds the leases, and reads the metadata by the batch."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._clock = SystemClock()
        names = store_names(settings)
        self._own = open_own_store(settings.own_storage, names)
        peer = open_peer_store(settings.peer_storage, names)
        self._own.ensure()
        # The peer would make its own; here there is none.
        open_own_store(settings.peer_storage, names).ensure()
        leases = (self._own.lease, peer.lease, open_witness(settings.witness_storage, names))
        self._source = Organisation(settings, self._own.state, self._clock)
        role = Election(
            NodeName(settings.node_name),
            NodeName(settings.peer_name),
            Regions(leases, [Rest(self._clock) for _ in leases]),
            self._clock,
            lease_seconds=settings.lease_seconds,
            margin_seconds=settings.lease_margin_seconds,
        ).stand()
        if not isinstance(role, Active):
            raise SystemExit(f"no majority of the leases: {role}")
        self._epoch = role.epoch

    def commands(self, ids: Sequence[str]) -> list[bytes]:
        """Give each recording to this node for the first time, in its peer's name: this is the READY node's step."""
        recordings = self._source.recordings_by_id([RecordingId(one) for one in ids])
        conversations = self._source.describe(recordings)
        deadline = self._clock.now() + timedelta(seconds=self._settings.reassign_after_seconds)
        return [
            commands.to_json(
                ArchiveRecording(
                    recording=row,
                    assigned_by=NodeName(self._settings.peer_name),
                    epoch=self._epoch,
                    attempt=1,
                    assigned_at=self._clock.now(),
                    deadline=deadline,
                    conversation=conversations.get(row.conversation_id) if row.conversation_id else None,
                )
            )
            for row in recordings
        ]


if __name__ == "__main__":
    main()

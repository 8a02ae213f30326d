"""What it costs to compare a day of many recordings, none of which is missing: calls of Dataverse, and memory."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import batched, groupby
from typing import Any

import requests
from azure.data.tables import TableClient

from bench.contenders import ContenderFailedError
from bench.memory import Sampler
from capture.messages import entries
from capture.model.identity import ConversationId, NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry
from capture.storage import rows
from lab.pair import NODES, Pair
from lab.waiting import wait_until

_SETTINGS = {"FIRST_LOOKBACK_HOURS": "0", "LOOKBACK_MINUTES": "1"}
_A_DAY = 86400.0
_AGO = 2 * _A_DAY
_PUBLISHED_AT_ONCE = 2000
_TRANSACTION = 100
_MOST_SECONDS = 900.0

type Truth = Mapping[str, Any]


def measure(recordings: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Let both ledgers know a day of recordings, ask for a recovery of that day, and watch the node that does it."""
    pair = Pair("bench-recovery", settings=_SETTINGS, tell=tell)
    pair.host = None  # the process that is measured is the one that runs the app
    try:
        pair.start_surroundings()
        _publish(pair, recordings)
        pair.start_nodes()
        truth = pair.organisation.published(hashes=False)
        for name in NODES:
            began = time.monotonic()
            _fill(pair.storage[name].connection_string, truth)
            tell(f"{name}'s ledger knows {len(truth)} recordings ({time.monotonic() - began:.0f} s)")
        active = pair.wait_for_active(60)
        wait_until("discovery has looked back once", lambda: _mark(pair, active), 120, every=1)
        return _compared(pair, active, recordings, tell)
    finally:
        pair.stop()


def _compared(pair: Pair, active: str, recordings: int, tell: Callable[[str], None]) -> dict[str, Any]:
    node = pair.nodes[active]
    requests.post(f"{pair.organisation.control}/lab/stats/reset", timeout=10).raise_for_status()
    sampler = Sampler(node.pid or 0)
    began = time.monotonic()
    now = datetime.now(UTC)
    period = {
        "from": (now - timedelta(seconds=_AGO + 3600)).isoformat(),
        "to": (now - timedelta(seconds=_AGO - _A_DAY)).isoformat(),
    }
    with requests.Session() as session:
        session.headers["x-functions-key"] = pair.key
        session.trust_env = False
        taken = session.post(f"{node.url}/recovery", json=period, timeout=30)
        taken.raise_for_status()
        request = taken.json()["id"]

        def done() -> bool:
            return bool(session.get(f"{node.url}/recovery/{request}", timeout=30).json()["status"] == "done")

        wait_until("the day is compared", done, _MOST_SECONDS, every=1)
        said = session.get(f"{node.url}/recovery/{request}", timeout=30).json()
    memory = sampler.stop()
    stats = pair.organisation.stats()
    if (said["compared"], said["detected"]) != (recordings, 0):
        raise ContenderFailedError(
            f"{said['compared']} of {recordings} compared, {said['detected']} said to be missing"
        )
    tell(f"{stats['dataverse_calls']} calls, {stats['by_kind']}; at most {max(memory):.0f} MiB")
    return {
        "recovery_recordings": recordings,
        "recovery_dataverse_calls": stats["dataverse_calls"],
        "recovery_memory_mib": round(max(memory)),
        "recovery_memory_growth_mib": round(max(memory) - memory[0]),
        "recovery_seconds": round(time.monotonic() - began, 1),
    }


def _publish(pair: Pair, recordings: int) -> None:
    done = 0
    while done < recordings:
        some = min(_PUBLISHED_AT_ONCE, recordings - done)
        pair.organisation.publish(
            some,
            recordings_per_call=1,
            size_bytes=1024,
            created_ago_seconds=_AGO - _A_DAY * done / recordings,
            spread_seconds=_A_DAY * some / recordings,
        )
        done += some


def _mark(pair: Pair, active: str) -> bool:
    status = pair.nodes[active].status()
    return status is not None and status["low_watermark"] is not None


def _fill(store: str, truth: Sequence[Truth]) -> None:
    with TableClient.from_connection_string(store, "ledger") as table:
        for _, some in groupby(sorted(_rows(truth), key=_partition), key=_partition):
            for batch in batched(some, _TRANSACTION, strict=False):
                table.submit_transaction([("create", row) for row in batch])


def _partition(row: Mapping[str, Any]) -> str:
    return str(row["PartitionKey"])


def _rows(truth: Sequence[Truth]) -> Iterator[dict[str, Any]]:
    for each in truth:
        # A node keeps the whole second that Dynamics says.
        created_on = datetime.fromisoformat(each["created_on"]).replace(microsecond=0)
        copy = Copy(created_on, NodeName("main"), f"bench/{each['recording_id']}.mp3", 1024, "0" * 64, "audio/mpeg")
        conversation = ConversationId(each["conversation_id"])
        entry = LedgerEntry(RecordingId(each["recording_id"]), created_on, conversation, frozenset({copy}))
        yield {
            "PartitionKey": rows.hour(created_on),
            "RowKey": rows.timed_key(created_on, entry.recording_id),
            "state": entry.state,
            "conversation_id": conversation,
            "archived_by": copy.node,
            "second_copy": False,
            "path": copy.path,
            **rows.spread("entry", entries.to_json(entry).decode()),
        }

"""The pair end to end, as processes: one ACTIVE, both archive, a crash and a clean stop hand the role over."""

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from capture.commands.app import app
from lab.check import check, unfinished
from lab.organisation import SOURCE
from lab.pair import NODES, Pair
from lab.processes import free_port
from lab.waiting import wait_until

FAILOVER_SECONDS = 20
HANDOVER_SECONDS = 8
FINISH_SECONDS = 60


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with Pair("test") as pair:
        yield pair


@pytest.fixture
def stores(pair: Pair) -> dict[str, str]:
    return {name: pair.storage[name].connection_string for name in NODES}


@pytest.fixture
def active(pair: Pair) -> str:
    """Name of the ACTIVE node, once both are there."""
    for node in pair.nodes.values():
        if not node.running:
            node.start()
            node.wait()
    wait_until("both nodes know their roles", lambda: sorted(_roles(pair)) == ["ACTIVE", "READY"], 30)
    return pair.active()[0]


def test_one_node_is_active_and_both_archive(pair: Pair, active: str, stores: dict[str, str]) -> None:
    assert active in NODES
    pair.organisation.publish(6, recordings_per_call=1)
    pair.organisation.publish(1, recordings_per_call=3)
    pair.organisation.publish(1, recordings_per_call=1, file_delay_seconds=6, commit_delay_seconds=3)
    pair.organisation.publish(1, without_recording=True)
    _finish(pair, stores)
    findings = check(pair.organisation.published(), stores, SOURCE)
    assert findings.good, findings
    assert findings.published == 10
    assert all(findings.archived_by.values()), "both nodes have archived a share"
    assert findings.interactions == 8
    assert _roles(pair).count("ACTIVE") == 1


def test_the_doctor_finds_a_node_well_and_names_the_region_that_is_down(
    pair: Pair, active: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert active in NODES
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pair.organisation.bundle))
    values = next(iter((pair.folder / "main").rglob("*settings.json"))).read_text()
    settings = tmp_path / "settings.json"
    settings.write_text(values)
    result = CliRunner().invoke(app, ["doctor", "--settings", str(settings), "--json"])
    assert result.exit_code == 0, result.output
    looked_at = [each["what"] for each in json.loads(result.stdout)]
    assert looked_at[0] == "settings"
    assert "Dynamics, recordings" in looked_at
    port = pair.storage["witness"].connection_string.split("BlobEndpoint=http://127.0.0.1:")[1].split("/")[0]
    settings.write_text(values.replace(f"127.0.0.1:{port}/", f"127.0.0.1:{free_port()}/"))
    result = CliRunner().invoke(app, ["doctor", "--settings", str(settings), "--json"])
    assert result.exit_code == 1
    (wrong,) = [each for each in json.loads(result.stdout) if not each["well"]]
    assert wrong["what"] == "witness"
    assert "WITNESS_STORAGE" in wrong["says"]


def test_a_killed_node_is_replaced_and_nothing_is_lost_or_doubled(
    pair: Pair, active: str, stores: dict[str, str]
) -> None:
    survivor = _other(active)
    pair.organisation.publish(4, recordings_per_call=1)
    killed_at = pair.nodes[active].kill()
    pair.organisation.publish(4, recordings_per_call=1)
    wait_until("the survivor queries Dynamics", lambda: _last_poll(pair, survivor) > killed_at, FAILOVER_SECONDS)
    pair.nodes[active].start()
    _finish(pair, stores)
    findings = check(pair.organisation.published(), stores, SOURCE)
    assert findings.good, findings
    assert pair.active() == [survivor], "the node that came back does not take the role away"
    assert _epoch(pair, survivor) > 1


def test_a_clean_stop_hands_the_role_over_before_any_lease_runs_out(pair: Pair, active: str) -> None:
    survivor = _other(active)
    stopped_at = time.time()
    pair.nodes[active].end()
    wait_until("the other node queries Dynamics", lambda: _last_poll(pair, survivor) > stopped_at, HANDOVER_SECONDS)
    assert pair.nodes[active].stop(), "it went by itself"
    assert pair.active() == [survivor]


def test_stop_leaves_no_process(pair: Pair) -> None:
    pids = [node.pid for node in pair.nodes.values() if node.pid is not None]
    pids += [azurite.process.pid for azurite in pair.storage.values()]
    pids.append(pair.organisation.process.pid)
    pair.stop()
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.killpg(pid, 0)


def _other(name: str) -> str:
    return NODES[1 - NODES.index(name)]


def _roles(pair: Pair) -> list[str]:
    return [status["role"] for node in pair.nodes.values() if (status := node.status()) is not None]


def _epoch(pair: Pair, name: str) -> int:
    status = pair.nodes[name].status()
    assert status is not None
    return int(status["epoch"])


def _last_poll(pair: Pair, name: str) -> float:
    lists = pair.organisation.stats()["recording_lists"]
    seen = lists.get(pair.credentials[name].client_id)
    return datetime.fromisoformat(seen["last"]).timestamp() if seen else 0.0


def _finish(pair: Pair, stores: dict[str, str]) -> None:
    wait_until(
        "everything is archived and in both ledgers",
        lambda: unfinished(pair.organisation.published(hashes=False), stores) == 0,
        FINISH_SECONDS,
        every=0.5,
    )

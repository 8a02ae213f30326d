"""Verification names every object that is gone or altered and every change of the log, and finds nothing else."""

import json
from dataclasses import replace
from typing import Any

import pytest

from capture.console.desk import Asked
from capture.errors import Absent, Permanent
from capture.model.evidence import read_block
from capture.model.identity import RecordingId
from capture.model.recording import Recording
from tests.pair import NAMES, Pair
from tests.unit.test_recovery import ask, begun, recovered, shown


def archived_pair(count: int = 30) -> tuple[Pair, list[Recording]]:
    """A pair that has archived recordings, each in one of its archives, a day and more ago; so the log is sealed."""
    pair = begun()
    rows = [pair.publish(ago=at) for at in range(count)]
    for _ in range(12):
        pair.turn()
    for _ in range(3):
        pair.clock.advance(86400)
        for name in NAMES:
            pair.members[name].node.recover()
        pair.turn()
    pair.turn()
    return pair, rows


def verified(pair: Pair, **body: object) -> dict[str, object]:
    request = ask(pair, kind="verify", **body)
    recovered(pair, 4)
    said = shown(pair, request)
    assert said["status"] == "done"
    return said


def found(said: dict[str, object]) -> dict[str, tuple[str, str]]:
    return {item["id"]: (item["outcome"], item["why"]) for item in said["items"]}  # type: ignore[attr-defined]


def home(pair: Pair, row: Recording) -> str:
    return next(name for name in NAMES if row.id in pair.archived(name))


def path_of(pair: Pair, row: Recording) -> tuple[str, str]:
    name = home(pair, row)
    blobs = pair.accounts[name].stores.archive.blobs
    return name, next(path for path, blob in blobs.items() if blob.entry.recording_id == row.id)


def test_what_is_whole_raises_nothing() -> None:
    pair, rows = archived_pair()
    said = verified(pair)
    assert said["items"] == []
    assert said["compared"] == len(rows) + 1


def test_a_removed_object_is_named_and_fetched_again() -> None:
    pair, rows = archived_pair()
    name, path = path_of(pair, rows[7])
    archive = pair.accounts[name].stores.archive
    archive._by_stem.pop(path.rpartition(".")[0])
    del archive.blobs[path]
    said = found(verified(pair))
    assert set(said) == {rows[7].id}
    assert said[rows[7].id][0] == "recovered"
    assert said[rows[7].id][1].startswith(f"gone from {name}'s archive")
    assert rows[7].id in pair.archived("main") | pair.archived("peer")
    assert verified(pair)["items"] == []


def test_an_altered_object_is_named_and_left_alone() -> None:
    pair, rows = archived_pair()
    name, path = path_of(pair, rows[3])
    blobs = pair.accounts[name].stores.archive.blobs
    blobs[path] = replace(blobs[path], data=blobs[path].data[:-1] + b"?")
    said = found(verified(pair))
    assert set(said) == {rows[3].id}
    assert said[rows[3].id][0] == "reported"
    assert said[rows[3].id][1].startswith(f"altered in {name}'s archive")


def test_rows_that_one_ledger_lacks_come_from_the_other_one() -> None:
    pair, rows = archived_pair()
    for name, row in (("main", rows[1]), ("peer", rows[2])):
        del pair.accounts[name].stores.ledger.entries[row.created_on, row.id]
    said = found(verified(pair))
    assert {key: outcome for key, (outcome, _) in said.items()} == {rows[1].id: "recovered", rows[2].id: "recovered"}
    ledgers = [pair.accounts[name].stores.ledger.entries for name in NAMES]
    assert ledgers[0] == ledgers[1]


def test_rows_that_both_ledgers_lack_are_told_by_the_log() -> None:
    pair, rows = archived_pair()
    for name in NAMES:
        del pair.accounts[name].stores.ledger.entries[rows[5].created_on, rows[5].id]
    said = found(verified(pair))
    assert set(said) == {rows[5].id}
    assert "in the log" in said[rows[5].id][1]
    assert said[rows[5].id][0] == "recovered"


def test_ledgers_that_disagree_are_named() -> None:
    pair, rows = archived_pair()
    entries = pair.accounts["peer"].stores.ledger.entries
    key = rows[4].created_on, rows[4].id
    (copy,) = entries[key].copies
    entries[key] = replace(entries[key], copies=frozenset({replace(copy, sha256="0" * 64)}))
    said = found(verified(pair))
    assert set(said) == {rows[4].id}
    assert "ledgers disagree" in said[rows[4].id][1]


def removed(pair: Pair, row: Recording, name: str = "main") -> dict[str, str]:
    said = {"created_on": row.created_on.isoformat(), "by": "ann", "reason": "a card number is read out"}
    return pair.members[name].node.removing.run(row.id, json.dumps(said).encode())


def test_a_recording_is_removed_from_whichever_archive_has_it_and_nobody_brings_it_back() -> None:
    pair, rows = archived_pair()
    wanted = [next(row for row in rows if home(pair, row) == name) for name in NAMES]
    for row in wanted:
        assert removed(pair, row) == {"recording_id": row.id, "state": "removed"}
    pair.turn()
    pair.turn()
    for name in NAMES:
        stores = pair.accounts[name].stores
        assert not {row.id for row in wanted} & pair.archived(name)
        assert not [path for path in stores.archive.sidecars if any(row.id in path for row in wanted)]
        assert all(stores.ledger.entries[row.created_on, row.id].state == "removed" for row in wanted)
        noted = [each.note for period in stores.log.entries.values() for each in period.values() if each.note]
        assert noted == ["removed by ann: a card number is read out"]
    request = ask(pair, ids=[row.id for row in wanted])
    recovered(pair)
    assert shown(pair, request)["detected"] == 0
    assert verified(pair)["items"] == []
    a_second_block(pair)
    assert verified(pair)["items"] == []


def test_the_console_shows_the_latest_verification_and_the_chains() -> None:
    pair, rows = archived_pair()
    before = console_integrity(pair)
    assert before["verification"] is None
    assert [(each["node"], each["blocks"]) for each in before["chains"]] == [("main", 1), ("peer", 1)]
    said = verified(pair)
    whole = console_integrity(pair)
    assert whole["verification"]["id"] == said["id"]
    assert (whole["verification"]["detected"], whole["objects"], whole["blocks"]) == (0, [], [])
    name, path = path_of(pair, rows[3])
    blobs = pair.accounts[name].stores.archive.blobs
    blobs[path] = replace(blobs[path], data=blobs[path].data[:-1] + b"?")
    (block,) = [each for each in blocks(pair, "main") if each.startswith("node=main")]
    blocks(pair, "main")[block] = blocks(pair, "main")[block][:-20]
    verified(pair)
    for node in NAMES:
        wrong = console_integrity(pair, node)
        assert [each["id"] for each in wrong["objects"]] == [rows[3].id]
        assert {each["id"] for each in wrong["blocks"]} == {block}


def console_integrity(pair: Pair, node: str = "main") -> Any:  # noqa: ANN401  JSON
    asked = Asked("GET", "integrity", "http://127.0.0.1/api/console/integrity", {}, {})
    said = pair.members[node].node.console.answer(asked)
    assert said.status == 200, said.body
    return json.loads(said.body)


def test_what_cannot_be_removed_is_said() -> None:
    pair, rows = archived_pair()
    with pytest.raises(Absent, match="the ledger has no recording"):
        removed(pair, replace(rows[0], id=RecordingId("nobody")))
    with pytest.raises(Permanent, match="by: "):
        pair.members["main"].node.removing.run("r0001", b'{"created_on": "2026-11-22T00:00:00Z", "reason": "x"}')


def blocks(pair: Pair, name: str) -> dict[str, bytes]:
    return pair.accounts[name].stores.evidence.blocks


def a_second_block(pair: Pair) -> None:
    pair.publish()
    for _ in range(6):
        pair.turn()
    pair.clock.advance(2 * 86400)
    for name in (*NAMES, *NAMES):
        pair.members[name].node.recover()
    pair.turn()
    pair.turn()


def test_each_node_has_its_chain_and_both_accounts_have_both() -> None:
    pair, rows = archived_pair()
    a_second_block(pair)
    assert blocks(pair, "main") == blocks(pair, "peer")
    logged = set()
    for body in blocks(pair, "main").values():
        head, entries = read_block(body)
        assert head.entries == len(entries)
        logged |= {entry.recording_id for entry in entries}
    assert {row.id for row in rows} <= logged


def test_an_entry_that_was_removed_from_a_block_breaks_the_chain() -> None:
    pair, _ = archived_pair()
    a_second_block(pair)
    name = min(each for each in blocks(pair, "main") if each.startswith("node=main/"))
    blocks(pair, "main")[name] = b"".join(blocks(pair, "main")[name].splitlines(keepends=True)[:-1])
    said = found(verified(pair))
    assert set(said) == {name}
    assert "altered in main's account" in said[name][1]


def test_a_block_that_was_removed_is_named() -> None:
    pair, _ = archived_pair()
    a_second_block(pair)
    name = min(each for each in blocks(pair, "peer") if each.startswith("node=main/"))
    del blocks(pair, "peer")[name]
    # it would be brought again within the hour, since the peer only lacks a copy
    said = found(verified(pair))
    assert "missing in peer's account" in said[name][1]


def test_a_block_that_was_removed_from_both_accounts_shows_in_the_one_that_follows_and_in_no_other() -> None:
    pair, _ = archived_pair()
    a_second_block(pair)
    while len(names := sorted(each for each in blocks(pair, "main") if each.startswith("node=main/"))) < 3:
        a_second_block(pair)
    for account in NAMES:
        del blocks(pair, account)[names[1]]
    said = found(verified(pair))
    broken = {name: why for name, (_, why) in said.items() if name in names}
    assert set(broken) == {names[2]}
    assert "the one before is missing or another" in broken[names[2]]


def test_a_peer_that_is_down_holds_up_verification_and_nothing_else() -> None:
    pair, rows = archived_pair()
    hidden = pair.publish(ago=5 * 3600)
    pair.accounts["peer"].power.down = True
    waiting, asked = ask(pair, kind="verify"), ask(pair, ids=[hidden.id])
    for _ in range(40):  # it waits for the other archive first, see LOOK_PATIENCE_SECONDS
        pair.members["main"].node.recover()
        pair.turn("main")
    assert shown(pair, waiting)["status"] == "looking"
    assert (shown(pair, asked)["status"], shown(pair, asked)["recovered"]) == ("done", 1)
    pair.accounts["peer"].power.down = False
    for _ in range(8):
        pair.turn()
    recovered(pair)
    assert shown(pair, waiting)["status"] == "done"
    assert shown(pair, waiting)["compared"] == len(rows) + 2


def test_a_sample_reads_as_many_as_are_asked_for() -> None:
    pair, _ = archived_pair()
    pair.publish()
    for _ in range(4):
        pair.turn()
    said = verified(pair, sample=5)
    assert said["compared"] == 5
    assert said["items"] == []


def test_every_night_a_sample_is_read_by_itself() -> None:
    pair = begun({"RECOVERY_DAYS": "0", "VERIFY_SAMPLE": "3", "VERIFY_HOUR": "2"})
    for _ in range(10):
        pair.publish()
    pair.turn()
    pair.clock.advance(3600)
    recovered(pair, 4)
    (said,) = pair.members["main"].node.asking.listed()
    assert said["kind"] == "verify"
    assert said["mode"] == "automatic"
    assert said["compared"] == 3

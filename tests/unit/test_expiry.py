"""What has been kept long enough is deleted from both archives in the night, never before, and never under hold."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from capture.errors import Locked, Permanent
from capture.model.conversation import Conversation
from capture.model.identity import ConversationId
from capture.model.ledger import EXPIRED_BY, LedgerEntry
from capture.model.recording import Recording
from capture.model.retention import Retention, read_rules
from tests.pair import NAMES, Pair
from tests.unit.test_recovery import BY_HAND, ask, begun, recovered, shown
from tests.unit.test_verify import a_second_block, home, verified

RULES = {"RETENTION_DAYS": "30", "RETENTION_DAYS_BY_QUEUE": "Sales=10, claims=60, vip=0"}


def pair_with(settings: dict[str, str] | None = None) -> Pair:
    return begun({**BY_HAND, "VERIFY_HOUR": "2", "RETENTION_DAYS": "30", **(settings or {})})


def archived(pair: Pair, queue: str | None = None, name: str = "talk", *, finished: bool = True) -> Recording:
    says(pair, name, queue, finished=finished)
    row = pair.publish(conversation=name)
    for _ in range(3):
        pair.turn()
    assert row.id in pair.archived("main") | pair.archived("peer")
    return row


def several(pair: Pair) -> list[Recording]:
    """Some in each archive."""
    rows = [pair.publish() for _ in range(8)]
    for _ in range(4):
        pair.turn()
    assert {home(pair, row) for row in rows} == set(NAMES)
    return rows


def says(pair: Pair, name: str, queue: str | None, *, finished: bool = True) -> None:
    key = ConversationId(name)
    pair.source.metadata[key] = Conversation(key, pair.clock.now(), finished=finished, queue=queue)


def known(pair: Pair, row: Recording, name: str = "main") -> LedgerEntry:
    return pair.accounts[name].stores.ledger.entries[row.created_on, row.id]


def night(pair: Pair, days: float, *names: str) -> None:
    """Let time pass, and both nodes (unless told) work in the night that follows."""
    pair.clock.advance(days * 86400)
    at = pair.clock.now()
    pair.clock.advance((3 - at.hour) % 24 * 3600)
    for _ in range(3):
        for name in names or NAMES:
            pair.turn(name)
            pair.members[name].node.recover()
    for name in names or NAMES:
        pair.work(name)


def gone(pair: Pair, row: Recording) -> bool:
    stores = [pair.accounts[name].stores for name in NAMES]
    documents = [path for each in stores for path in each.archive.sidecars if row.id in path]
    return row.id not in pair.archived("main") | pair.archived("peer") and not documents


def test_nothing_expires_unless_a_person_says_so() -> None:
    pair = pair_with({"RETENTION_DAYS": "0"})
    row = archived(pair)
    night(pair, 4000)
    assert not gone(pair, row)
    assert known(pair, row).keep_until is None
    assert all(not pair.accounts[name].stores.expiries.expiring for name in NAMES)


def test_it_expires_in_the_night_after_its_end_and_not_before() -> None:
    pair = pair_with()
    rows = several(pair)
    assert [known(pair, row, name).keep_until for row in rows for name in NAMES] == [
        row.created_on + timedelta(days=30) for row in rows for _ in NAMES
    ]
    pair.clock.advance((rows[0].created_on + timedelta(days=30, seconds=-1) - pair.clock.now()).total_seconds())
    for name in NAMES:
        pair.members[name].node.recover()
    assert not any(gone(pair, row) for row in rows)
    night(pair, 0)
    assert all(gone(pair, row) for row in rows)
    for row in rows:
        assert known(pair, row).state == "removed"
        assert known(pair, row) == known(pair, row, "peer")
        assert known(pair, row).removed is not None
        assert known(pair, row).removed.by == EXPIRED_BY  # type: ignore[union-attr]
    logs = [pair.accounts[name].stores.log.entries for name in NAMES]
    noted = [each.note for log in logs for period in log.values() for each in period.values() if each.note]
    assert set(noted) == {f"expired: kept until {rows[0].created_on + timedelta(days=30):%Y-%m-%d}"}
    assert len(noted) >= len(rows)
    night(pair, 1)
    assert [pair.accounts[name].stores.expiries.expiring for name in NAMES] == [{}, {}]


def test_what_has_expired_is_neither_missing_nor_lost_nor_fetched_again() -> None:
    pair = pair_with()
    rows = several(pair)
    night(pair, 31)
    assert all(gone(pair, row) for row in rows)
    request = ask(pair, ids=[row.id for row in rows])
    recovered(pair)
    assert shown(pair, request)["detected"] == 0
    start, end = rows[0].created_on, rows[-1].created_on
    period = ask(pair, **{"from": start.isoformat(), "to": (end + timedelta(seconds=1)).isoformat()})
    recovered(pair)
    assert (shown(pair, period)["status"], shown(pair, period)["detected"]) == ("done", 0)
    assert verified(pair)["items"] == []
    a_second_block(pair)
    assert verified(pair)["items"] == []
    assert all(gone(pair, row) for row in rows)


def test_outside_the_night_nothing_expires() -> None:
    pair = pair_with({"VERIFY_HOUR": "23"})
    row = archived(pair)
    night(pair, 40)  # at three
    assert not gone(pair, row)
    pair.clock.advance(20 * 3600)
    recovered(pair, 2)
    assert gone(pair, row)


@pytest.mark.parametrize(("queue", "days"), [("sales", 10), (" SALES ", 10), ("Claims", 60), ("other", 30), (None, 30)])
def test_each_queue_has_its_own_days(queue: str | None, days: int) -> None:
    pair = pair_with(RULES)
    row = archived(pair, queue)
    assert known(pair, row).keep_until == row.created_on + timedelta(days=days)


def test_while_the_queue_is_not_known_the_longest_counts() -> None:
    rules = Retention(30, {"sales": 10, "claims": 60})
    at = datetime(2026, 11, 22, tzinfo=UTC)
    assert rules.until(at, None) == at + timedelta(days=60)
    assert Retention(30, {"vip": 0}).until(at, None) is None
    assert Retention(0, {"sales": 10}).until(at, None) is None
    assert Retention(30).until(at, None) == at + timedelta(days=30)


def test_a_call_that_ends_in_another_queue_is_kept_longer_and_never_shorter() -> None:
    pair = pair_with(RULES)
    longer = archived(pair, "sales", "one", finished=False)
    shorter = archived(pair, "claims", "two", finished=False)
    ever = archived(pair, "sales", "three", finished=False)
    for name, queue in (("one", "claims"), ("two", "sales"), ("three", "vip")):
        says(pair, name, queue)
    for _ in range(30):
        pair.turn()
        pair.clock.advance(60)
    for name in NAMES:
        assert known(pair, longer, name).keep_until == longer.created_on + timedelta(days=60)
        assert known(pair, shorter, name).keep_until == shorter.created_on + timedelta(days=60)
        assert known(pair, ever, name).keep_until is None
    night(pair, 40)
    assert not gone(pair, longer)
    assert not gone(pair, shorter)
    night(pair, 21)
    assert gone(pair, longer)
    assert gone(pair, shorter)
    night(pair, 4000)
    assert not gone(pair, ever)


def test_a_shorter_setting_changes_nothing_for_what_is_kept_already() -> None:
    pair = pair_with({"RETENTION_DAYS": "0"})
    for_ever = archived(pair)
    pair.settings["RETENTION_DAYS"] = "30"
    for name in NAMES:
        pair.start(name)
    month = archived(pair)
    pair.settings["RETENTION_DAYS"] = "1"
    for name in NAMES:
        pair.start(name)
    night(pair, 5)
    assert not gone(pair, month)
    # Not even what is said of it later on shortens it.
    body = {"created_on": for_ever.created_on.isoformat(), "by": "ann", "reason": "x"}
    pair.members["main"].node.holding.run(for_ever.id, json.dumps(body).encode())
    pair.members["main"].node.holding.run(for_ever.id, json.dumps({**body, "on": False}).encode())
    night(pair, 26)
    assert gone(pair, month)
    night(pair, 4000)
    assert not gone(pair, for_ever)


@pytest.mark.parametrize("asked", NAMES)
def test_what_is_held_expires_only_in_the_night_after_the_release(asked: str) -> None:
    pair = pair_with()
    rows = several(pair)

    def word(row: Recording, *, on: bool) -> None:
        body = {"created_on": row.created_on.isoformat(), "by": "ann", "reason": "case 7", "on": on}
        pair.members[asked].node.holding.run(row.id, json.dumps(body).encode())

    for row in rows:
        word(row, on=True)
    night(pair, 31)
    night(pair, 31)
    assert not any(gone(pair, row) for row in rows)
    assert {known(pair, row, name).state for row in rows for name in NAMES} == {"archived"}
    for row in rows:
        word(row, on=False)
    night(pair, 1)
    assert all(gone(pair, row) for row in rows)


def test_a_hold_that_only_the_other_ledger_knows_is_respected() -> None:
    pair = pair_with()
    row = archived(pair)
    body = {"created_on": row.created_on.isoformat(), "by": "ann", "reason": "case 7"}
    pair.members["peer"].node.holding.run(row.id, json.dumps(body).encode())
    pair.members["peer"].own.watermarks.messages.clear()
    pair.accounts["main"].stores.watermarks.messages.clear()
    assert not known(pair, row).held
    night(pair, 31)
    assert not gone(pair, row)
    assert {known(pair, row, name).state for name in NAMES} == {"archived"}


def test_while_the_other_ledger_cannot_be_read_nothing_expires() -> None:
    pair = pair_with()
    row = archived(pair)
    pair.clock.advance(35 * 86400)
    pair.accounts["peer"].power.down = True
    night(pair, 0, "main")
    assert known(pair, row).removed is None
    pair.accounts["peer"].power.down = False
    night(pair, 0)
    night(pair, 1)
    assert gone(pair, row)


def test_what_the_store_locks_is_deleted_when_it_lets_go() -> None:
    pair = pair_with()
    row = archived(pair)
    name = home(pair, row)
    # For this one and the one that begins every pair: once from the removal, once from the look after it.
    pair.accounts[name].power.fail_next("archive.remove", times=4, error=Locked("BlobImmutableDueToPolicy"))
    night(pair, 31, name)
    assert row.id in pair.archived(name)
    assert known(pair, row, name).state == "removed"
    night(pair, 2)
    night(pair, 2)
    assert gone(pair, row)
    assert [pair.accounts[each].stores.state.rejections for each in NAMES] == [{}, {}]


def test_a_locked_object_does_not_make_the_other_nodes_word_unreadable() -> None:
    pair = pair_with()
    row = archived(pair)
    name = home(pair, row)
    other = next(each for each in NAMES if each != name)
    pair.clock.advance(31 * 86400)
    night(pair, 0, other)
    pair.accounts[name].power.fail_next("archive.remove", times=2, error=Locked("BlobImmutableDueToPolicy"))
    pair.work(name)
    assert known(pair, row, name).state == "removed"
    assert row.id in pair.archived(name)
    assert pair.accounts[name].stores.state.rejections == {}
    night(pair, 1)
    assert gone(pair, row)


def test_killed_after_the_fact_a_node_deletes_and_tells_in_the_next_run() -> None:
    pair = pair_with()
    (row,) = pair.source.rows.values()
    name = home(pair, row)
    pair.clock.advance(31 * 86400)
    pair.turn()
    pair.accounts[name].power.fail_next("archive.remove", times=3)
    night(pair, 0, name)
    assert known(pair, row, name).removed is not None
    assert row.id in pair.archived(name)
    night(pair, 1)
    assert gone(pair, row)
    assert known(pair, row) == known(pair, row, "peer")


def test_one_that_cannot_be_looked_at_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    pair = pair_with()
    row = archived(pair)
    pair.clock.advance(31 * 86400)
    for name in NAMES:
        pair.accounts[name].power.fail_next("ledger.get", error=Permanent("a row that cannot be read"))
        pair.members[name].node.recover()
    night(pair, 0)
    assert gone(pair, row)
    assert "work=expire" in caplog.text


@pytest.mark.parametrize("text", ["sales", "sales=", "=3", "sales=-1", "sales=x", "sales=1, SALES=2", "a=36501"])
def test_rules_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"days|twice"):
        read_rules(text)


def test_rules_are_read_by_folded_names() -> None:
    assert read_rules(" Sales = 365 , claims=3650,a=b=0,") == {"sales": 365, "claims": 3650, "a=b": 0}
    assert read_rules("") == {}

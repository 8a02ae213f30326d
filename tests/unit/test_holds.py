"""What is under legal hold stays, at both nodes, until a person releases it."""

import json
from dataclasses import replace

import pytest

from capture.errors import Absent, Locked, Malformed, Transient, Unauthorized
from capture.messages import Notification, notifications
from capture.model.hold import Hold
from capture.model.identity import NodeName, RecordingId
from capture.model.ledger import Removal
from capture.model.recording import Recording
from tests.pair import NAMES, Pair
from tests.unit.test_verify import a_second_block, archived_pair, home, path_of, removed, verified


def said(
    pair: Pair, row: Recording, name: str = "main", *, on: bool = True, reason: str = "case 7"
) -> dict[str, object]:
    body = {"created_on": row.created_on.isoformat(), "by": "ann", "reason": reason, "on": on}
    return dict(pair.members[name].node.holding.run(row.id, json.dumps(body).encode()))


def listed(pair: Pair, name: str) -> list[str]:
    return [each["recording_id"] for each in pair.members[name].node.holding.listed()]


def notes(pair: Pair) -> list[str]:
    logs = [pair.accounts[name].stores.log.entries for name in NAMES]
    return sorted(each.note for log in logs for period in log.values() for each in period.values() if each.note)


def settled(pair: Pair) -> None:
    pair.turn()
    pair.turn()


@pytest.mark.parametrize("asked", NAMES)
def test_what_is_held_cannot_be_removed_at_either_node_until_it_is_released(asked: str) -> None:
    pair, rows = archived_pair()
    other = next(name for name in NAMES if name != asked)
    for row in (next(row for row in rows if home(pair, row) == name) for name in NAMES):
        assert said(pair, row, asked) == {"recording_id": row.id, "held": True}
        settled(pair)
        name, path = path_of(pair, row)
        assert pair.accounts[name].stores.archive.holds == {path}
        assert [listed(pair, name) for name in NAMES] == [[row.id], [row.id]]
        for name in NAMES:
            with pytest.raises(Locked, match="legal hold"):
                removed(pair, row, name)
        assert said(pair, row, other, on=False, reason="closed") == {"recording_id": row.id, "held": False}
        settled(pair)
        assert [listed(pair, name) for name in NAMES] == [[], []]
        removed(pair, row, other)
        settled(pair)
        assert row.id not in pair.archived("main") | pair.archived("peer")
    assert verified(pair)["items"] == []
    a_second_block(pair)
    assert verified(pair)["items"] == []


def test_who_and_why_stay_in_ledger_and_log() -> None:
    pair, rows = archived_pair()
    said(pair, rows[2])
    said(pair, rows[2], on=False, reason="closed")
    said(pair, rows[2], reason="case 8")
    settled(pair)
    assert notes(pair) == ["held by ann: case 7", "held by ann: case 8", "released by ann: closed"]
    ledgers = [pair.accounts[name].stores.ledger.entries[rows[2].created_on, rows[2].id] for name in NAMES]
    assert ledgers[0] == ledgers[1]
    assert ledgers[0].hold is not None
    assert (ledgers[0].hold.by, ledgers[0].hold.reason, ledgers[0].held) == ("ann", "case 8", True)


def test_a_hold_keeps_what_the_document_beside_the_recording_says() -> None:
    pair, rows = archived_pair()
    name, _ = path_of(pair, rows[4])
    archive = pair.accounts[name].stores.archive
    (beside,) = [path for path in archive.sidecars if rows[4].id in path]
    before = json.loads(archive.sidecars[beside])
    assert before["conversation"] is not None
    for asked in NAMES:
        said(pair, rows[4], asked)
        for each in NAMES:  # no sweep, which would read the conversation again
            pair.work(each)
        assert json.loads(archive.sidecars[beside])["conversation"] == before["conversation"]


def test_a_hold_that_has_not_arrived_yet_is_found_in_the_other_ledger() -> None:
    pair, rows = archived_pair()
    said(pair, rows[6], "peer")
    assert listed(pair, "main") == []
    with pytest.raises(Locked, match="legal hold"):
        removed(pair, rows[6], "main")
    pair.accounts["peer"].power.down = True
    with pytest.raises(Transient):
        removed(pair, rows[7], "main")
    assert rows[7].id in pair.archived("main") | pair.archived("peer")


def test_a_removal_that_meets_a_hold_deletes_nothing_before_the_release() -> None:
    pair, rows = archived_pair()
    row = next(row for row in rows if home(pair, row) == "peer")
    pair.members["peer"].own.archive.can_hold = False
    said(pair, row, "peer")
    # The peer hears of a removal that was said before the hold was known anywhere else.
    entry = pair.accounts["main"].stores.ledger.entries[row.created_on, row.id]
    removal = Removal(pair.clock.now(), NodeName("main"), "ann", "a card number")
    news = Notification(NodeName("main"), replace(entry, removed=removal))
    pair.members["peer"].node.merge(notifications.to_json(news))
    settled(pair)
    assert row.id in pair.archived("peer")
    said(pair, row, "main", on=False)
    settled(pair)
    assert row.id not in pair.archived("peer")
    states = [pair.accounts[name].stores.ledger.entries[row.created_on, row.id].state for name in NAMES]
    assert states == ["removed", "removed"]


def test_who_knows_less_of_a_hold_is_told() -> None:
    pair, rows = archived_pair()
    key = rows[8].created_on, rows[8].id
    known = pair.accounts["peer"].stores.ledger.entries[key]
    word = Hold(pair.clock.now(), on=True, node=NodeName("main"), by="ann", reason="case 7")
    # Main was killed between its ledger and the telling; later it hears of the recording without the hold.
    pair.accounts["main"].stores.ledger.entries[key] = replace(known, hold=word)
    pair.members["main"].node.merge(notifications.to_json(Notification(NodeName("peer"), known)))
    settled(pair)
    assert pair.accounts["peer"].stores.ledger.entries[key].hold == word
    assert listed(pair, "peer") == [rows[8].id]


def test_a_release_is_the_later_word_even_when_the_clock_lags() -> None:
    pair, rows = archived_pair()
    key = rows[1].created_on, rows[1].id
    said(pair, rows[1])
    for name in NAMES:
        entries = pair.accounts[name].stores.ledger.entries
        ahead = Hold(pair.clock.now().replace(year=2027), on=True, node=NodeName("peer"), by="bob", reason="case 9")
        entries[key] = replace(entries[key], hold=ahead)
    assert said(pair, rows[1], on=False)["held"] is False
    settled(pair)
    assert not any(pair.accounts[name].stores.ledger.entries[key].held for name in NAMES)


@pytest.mark.parametrize("refused", [True, False])
def test_a_store_that_cannot_hold_does_not_weaken_the_hold(refused: bool, caplog: pytest.LogCaptureFixture) -> None:
    pair, rows = archived_pair()
    name, _ = path_of(pair, rows[3])
    if refused:
        pair.accounts[name].power.fail_next("archive.hold", error=Unauthorized("refused"))
    else:
        pair.members[name].own.archive.can_hold = False
    said(pair, rows[3], name)
    assert "event=hold_not_in_store" in caplog.text
    with pytest.raises(Locked):
        removed(pair, rows[3], name)


def test_killed_after_its_ledger_a_node_lists_and_protects_when_it_is_told_again() -> None:
    pair, rows = archived_pair()
    row = next(row for row in rows if home(pair, row) == "peer")
    said(pair, row, "main")
    pair.accounts["peer"].power.fail_next("state.note_held")
    pair.work("peer")
    assert pair.accounts["peer"].stores.ledger.entries[row.created_on, row.id].held
    assert listed(pair, "peer") == []
    pair.clock.advance(60)
    pair.work("peer")
    assert listed(pair, "peer") == [row.id]
    _, path = path_of(pair, row)
    assert pair.accounts["peer"].stores.archive.holds == {path}


def test_what_cannot_be_held_is_said() -> None:
    pair, rows = archived_pair()
    with pytest.raises(Absent, match="no recording of this id"):
        said(pair, replace(rows[0], id=RecordingId("nobody")))
    with pytest.raises(Malformed, match="not under hold"):
        said(pair, rows[0], on=False)
    with pytest.raises(Malformed, match="by: "):
        pair.members["main"].node.holding.run(
            rows[0].id, json.dumps({"created_on": rows[0].created_on.isoformat(), "reason": "x"}).encode()
        )
    removed(pair, rows[0])
    with pytest.raises(Absent, match="removed"):
        said(pair, rows[0])

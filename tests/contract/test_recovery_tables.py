"""Requests, what they have found, the log of what was archived, and its blocks."""

from dataclasses import replace

import pytest

from capture.model.day import Closing, DayReport
from capture.model.evidence import Archived
from capture.model.identity import Epoch, RecordingId
from capture.model.request import Item, Kind, Outcome, Phase, Progress, Request, Wish
from capture.model.retention import Expiring
from tests.contract.values import MAIN, ODD_IDS, PEER, after, archived, copy_of, job
from tests.contract.worlds import World

ASKED = Request("one", Kind.RECOVER, after(0), start=after(-86400), end=after(0))


def test_a_request_is_kept_and_read(world: World) -> None:
    requests = world.main.requests
    assert requests.get("one") is None
    assert requests.listed(10) == []
    asked = replace(ASKED, ids=tuple(f"{number:036}" for number in range(1000)), start=None, end=None)
    assert requests.merge(asked) == asked
    assert requests.get("one") == asked


def test_requests_merge_in_any_order(world: World) -> None:
    requests = world.main.requests
    further = replace(ASKED, progress=Progress(Epoch(3), 2, Phase.LOOKING, reached=after(-9), detected=4))
    stopped = replace(ASKED, wish=Wish(after(5), stopped=True))
    later_reign = replace(ASKED, progress=Progress(Epoch(4), 1, Phase.FETCHING))
    for each in (further, stopped, replace(ASKED, wish=Wish(after(1), stopped=False)), ASKED):
        requests.merge(each)
    assert requests.get("one") == replace(further, wish=stopped.wish)
    assert requests.merge(later_reign) == replace(later_reign, wish=stopped.wish)
    assert requests.merge(further).progress == later_reign.progress


def test_the_latest_requests_come_first(world: World) -> None:
    requests = world.main.requests
    for number in (2, 3, 1):
        requests.merge(replace(ASKED, id=f"r{number}", asked_at=after(number)))
    assert [request.id for request in requests.listed(2)] == ["r3", "r2"]


def test_requests_with_something_to_do(world: World) -> None:
    requests = world.main.requests
    assert requests.live() == []
    later = replace(ASKED, id="later", asked_at=after(9))
    stopped = replace(ASKED, id="stopped", wish=Wish(after(1), stopped=True))
    done = replace(ASKED, id="done", progress=Progress(Epoch(1), 1, Phase.DONE))
    for each in (later, ASKED, stopped, done):
        requests.merge(each)
    assert requests.live() == [ASKED, later]
    requests.merge(replace(stopped, wish=Wish(after(2), stopped=False)))
    assert [request.id for request in requests.live()] == ["one", "stopped", "later"]


@pytest.mark.parametrize("name", ODD_IDS)
def test_what_was_found_is_kept_once_and_in_order(world: World, name: str) -> None:
    requests = world.main.requests
    found = Item(name, after(7), "unknown")
    requests.put_items("one", [found, Item("b", after(3), "unknown"), found])
    requests.put_items("one", [replace(found, outcome=Outcome.FAILED, reason="no file 📞")])
    requests.put_items("other", [Item("c", after(1), "unknown")])
    assert [item.id for item in requests.items("one", 10)] == ["b", name]
    assert requests.items("one", 1) == [Item("b", after(3), "unknown")]
    assert requests.items("one", 10, only_open=True) == [Item("b", after(3), "unknown")]
    assert requests.tally("one") == {"open": 1, "failed": 1}


def test_many_items_are_kept_and_a_request_is_forgotten_with_them(world: World) -> None:
    requests = world.main.requests
    requests.merge(ASKED)
    requests.put_items("one", (Item(f"r{number}", after(number), "unknown") for number in range(250)))
    assert requests.tally("one") == {"open": 250}
    requests.remove("one")
    requests.remove("one")
    assert requests.get("one") is None
    assert requests.items("one", 10) == []


def test_the_latest_days_come_first_and_merge(world: World) -> None:
    days = world.main.days
    assert days.listed(5) == []
    read = DayReport("2026-11-22", after(0), 5, 4, 1, 0, 0, 0, 6, 6)
    for name in ("2026-11-21", "2026-11-22", "2026-11-23", "2025-12-31"):
        days.merge(replace(read, day=name))
    assert [report.day for report in days.listed(3)] == ["2026-11-23", "2026-11-22", "2026-11-21"]
    closing = Closing(after(1), "ann", "deleted on purpose 📞")
    days.merge(replace(read, closing=closing))
    later = replace(read, read_at=after(9), archived=5, pending=0)
    assert days.merge(later) == days.merge(read) == replace(later, closing=closing)


def test_calls_of_the_ledger_and_jobs_of_a_span(world: World) -> None:
    world.main.ledger.merge(archived("r1", at=1))
    world.main.ledger.merge(archived("r2", at=2, conversation=None))
    world.main.ledger.merge(archived("r3", at=99))
    assert list(world.main.ledger.calls(after(0), after(2))) == [("r1", "talk", "archived"), ("r2", None, "archived")]
    world.main.jobs.put([job("a", at=1), job("b", at=9)])
    assert list(world.main.jobs.between(after(0), after(2))) == [job("a", at=1)]


def test_the_log_is_read_by_period(world: World) -> None:
    log = world.main.log
    assert log.first_after("") is None
    later = Archived(after(9), RecordingId("a/b"), after(90.5), "some/a.mp3", 5_000_000_000, "ab" * 32)
    earlier = replace(later, created_on=after(1), recording_id=RecordingId("b"))
    for entry in (later, earlier, later):
        log.add(entry, "2026-11-22T0000")
    log.add(later, "2026-11-23T0000")
    assert list(log.of("2026-11-22T0000")) == [earlier, later]
    assert list(log.of("2026-11-24T0000")) == []
    assert log.first_after("") == "2026-11-22T0000"
    assert log.first_after("2026-11-22T0000") == "2026-11-23T0000"
    assert log.first_after("2026-11-23T0000") is None


def test_a_block_is_written_once(world: World) -> None:
    evidence = world.main.evidence
    name = "node=main/block=00000001-2026-11-22T0000.jsonl"
    assert evidence.read(name) is None
    assert evidence.add(name, b"first\n")
    assert not evidence.add(name, b"second\n")
    assert evidence.read(name) == b"first\n"
    evidence.add("node=peer/block=00000001-2026-11-22T0000.jsonl", b"peer's\n")
    evidence.add("node=main/block=00000002-2026-11-23T0000.jsonl", b"next\n")
    assert evidence.names(MAIN) == [name, "node=main/block=00000002-2026-11-23T0000.jsonl"]
    assert len(evidence.names(PEER)) == 1


def test_an_archived_object_is_read_again(world: World) -> None:
    entry = archived("r1")
    upload = world.main.archive.upload("some/r1.mp3")
    upload.write(b"x" * 100_000)
    assert upload.commit(copy_of("r1"), entry, "call.mp3")
    read = world.peer.archive.content("some/r1.mp3")
    assert read is not None
    assert b"".join(read) == b"x" * 100_000
    assert world.peer.archive.content("some/r2.mp3") is None


def test_an_archived_object_is_removed_with_its_document(world: World) -> None:
    upload = world.main.archive.upload("some/r1.mp3")
    upload.write(b"x")
    assert upload.commit(copy_of("r1"), archived("r1"), None)
    world.main.archive.put_sidecar("some/r1.mp3", b"{}")
    world.main.archive.remove("some/r1.mp3")
    world.main.archive.remove("some/r1.mp3")
    assert world.main.archive.content("some/r1.mp3") is None
    assert world.main.archive.find("some/r1") is None
    assert world.sidecar("some/r1.mp3") is None


def test_archiving_and_removal_stand_side_by_side_in_the_log(world: World) -> None:
    kept = Archived(after(1), RecordingId("r1"), after(2), "some/r1.mp3", 5, "ab" * 32)
    gone = replace(kept, archived_at=after(9), note="removed by ann: a card number")
    for entry in (kept, gone, gone):
        world.main.log.add(entry, "2026-11-22T0000")
    assert list(world.main.log.of("2026-11-22T0000")) == [kept, gone]


@pytest.mark.parametrize("name", ODD_IDS)
def test_every_note_about_a_recording_has_a_line_of_its_own(world: World, name: str) -> None:
    kept = Archived(after(1), RecordingId(name), after(2), "some/r1.mp3", 5, "ab" * 32)
    notes = [
        replace(kept, archived_at=after(at), note=note)
        for at, note in ((9, "held by ann: case 7"), (10, "released by ann: x"), (11, "held by ann: case 7"))
    ]
    for entry in (*notes, kept, *notes):
        world.main.log.add(entry, "2026-11-22T0000")
    found = list(world.main.log.of("2026-11-22T0000"))
    assert len(found) == 4
    assert set(found) == {kept, *notes}


def test_states_of_the_ledger(world: World) -> None:
    ledger = world.main.ledger
    kept = archived("r1", at=1)
    gone = replace(archived("r2", at=2), lost=archived("r2", at=2).copies)
    for entry in (kept, gone, archived("r3", at=99)):
        ledger.merge(entry)
    assert ledger.states(after(0), after(2)) == {"r1": "archived", "r2": "open"}
    ledger.merge(archived("r2", at=2))
    assert ledger.states(after(0), after(2))["r2"] == "open"


DAY = 86400


@pytest.mark.parametrize("name", ODD_IDS)
def test_what_expires_is_read_when_its_time_has_come(world: World, name: str) -> None:
    expiries = world.main.expiries
    first, later = (Expiring(after(at), after(-9), RecordingId(name)) for at in (0.5, 3 * DAY))
    other = Expiring(after(DAY), after(-10), RecordingId("other"))
    for each in (later, other, first, first):
        expiries.put(each)
    assert expiries.due(after(0), 10) == []
    assert expiries.due(after(0.5), 10) == [first]
    assert expiries.due(after(4 * DAY), 10) == [first, other, later]
    assert expiries.due(after(4 * DAY), 1) == [first]
    expiries.remove(first)
    expiries.remove(first)
    assert expiries.due(after(2 * DAY), 10) == [other]


def test_what_is_moved_is_due_later_on_the_same_day_or_another(world: World) -> None:
    expiries = world.main.expiries
    expiring = Expiring(after(0), after(-9), RecordingId("r"))
    expiries.put(expiring)
    expiries.move(expiring, after(1))
    assert expiries.due(after(0), 10) == []
    (moved,) = expiries.due(after(1), 10)
    assert moved == replace(expiring, at=after(1))
    expiries.move(moved, after(2 * DAY))
    assert expiries.due(after(DAY), 10) == []
    assert expiries.due(after(2 * DAY), 10) == [replace(expiring, at=after(2 * DAY))]

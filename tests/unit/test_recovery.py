"""Recovery finds what discovery could not see, gives it out once, and says what has become of it."""

import json
from dataclasses import replace
from datetime import timedelta

from capture.model.request import Kind, Request
from tests.pair import Pair

DAYS = {"RECOVERY_DAYS": "7", "VERIFY_SAMPLE": "0"}
BY_HAND = {"RECOVERY_DAYS": "0", "VERIFY_SAMPLE": "0"}


def begun(settings: dict[str, str] | None = None) -> Pair:
    """A pair whose discovery has read everything up to now, look-back included."""
    pair = Pair({**(settings or BY_HAND), "FIRST_LOOKBACK_HOURS": "1"})
    pair.clock.advance(3 * 86400)
    pair.turn()
    pair.publish()
    for _ in range(4):
        pair.turn()
    return pair


def recovered(pair: Pair, turns: int = 8) -> None:
    for _ in range(turns):
        for name in ("main", "peer"):
            pair.members[name].node.recover()
        pair.turn()


def ask(pair: Pair, name: str = "main", **body: object) -> str:
    return str(pair.members[name].node.asking.ask(json.dumps(body).encode())["id"])


def a_day(pair: Pair) -> dict[str, object]:
    now = pair.clock.now()
    return {"from": (now - timedelta(days=2)).isoformat(), "to": now.isoformat()}


def shown(pair: Pair, request: str, name: str = "main") -> dict[str, object]:
    return dict(pair.members[name].node.asking.one(request))


def test_a_row_that_was_hidden_is_found_and_archived_by_itself() -> None:
    pair = begun(DAYS)
    hidden = pair.publish(ago=5 * 3600)
    pair.turn()
    assert hidden.id not in pair.archived("main") | pair.archived("peer")
    recovered(pair)
    assert hidden.id in pair.archived("main") | pair.archived("peer")
    said = pair.members["main"].node.asking.listed()
    assert {(each["id"].partition("-")[0], each["status"], each["mode"]) for each in said} == {
        ("hourly", "done", "automatic"),
        ("daily", "done", "automatic"),
    }
    assert [sum(each[name] for each in said) for name in ("detected", "recovered")] == [1, 1]


def test_nothing_missing_is_said_and_costs_two_lists() -> None:
    pair = begun()
    for at in range(250):
        pair.publish(ago=5 * 3600 + 60 * at)
    ask(pair, **a_day(pair))
    recovered(pair)
    again = ask(pair, **a_day(pair))
    before = len(pair.source.calls)
    pair.members["main"].node.recover()
    assert shown(pair, again)["detected"] == 0
    assert shown(pair, again)["compared"] == 250
    calls = pair.source.calls[before:]
    assert set(calls) == {"between"}
    assert len(calls) <= 250 / pair.source.page_size + 2


def test_rows_that_vanish_between_two_pages_hide_no_other() -> None:
    pair = begun()
    rows = [pair.publish(ago=5 * 3600 + 60 * at) for at in range(300)]
    oldest = min(rows, key=lambda row: row.created_on)
    request = ask(pair, **a_day(pair))
    listed = pair.source.recordings_between

    def vanishing(start: object, end: object) -> object:
        for page in listed(start, end):  # type: ignore[arg-type]
            yield page
            pair.source.rows.pop(oldest.id, None)

    pair.source.recordings_between = vanishing  # type: ignore[method-assign,assignment]
    recovered(pair)
    assert {row.id for row in rows} - {oldest.id} <= pair.archived("main") | pair.archived("peer")
    assert shown(pair, request)["status"] == "done"


def test_a_dry_run_only_reports() -> None:
    pair = begun()
    hidden = pair.publish(ago=5 * 3600)
    request = ask(pair, **a_day(pair), dry_run=True)
    recovered(pair)
    said = shown(pair, request)
    assert (said["status"], said["detected"], said["recovered"]) == ("done", 1, 0)
    assert said["items"][0]["id"] == hidden.id  # type: ignore[index]
    assert hidden.id not in pair.archived("main") | pair.archived("peer")


def test_ids_of_recordings_and_of_conversations_are_recovered_and_unknown_ones_named() -> None:
    pair = begun()
    by_id, by_talk = pair.publish(ago=9000), pair.publish(ago=9000, conversation="talk")
    request = ask(pair, ids=[by_id.id, "talk", "nobody"])
    recovered(pair)
    said = shown(pair, request)
    assert {by_id.id, by_talk.id} <= pair.archived("main") | pair.archived("peer")
    assert (said["detected"], said["recovered"], said["failed"]) == (3, 2, 1)
    assert "neither a recording nor a conversation" in json.dumps(said["items"])


def test_a_ledger_row_that_was_deleted_comes_back_from_the_archive_without_a_download() -> None:
    pair = begun()
    lost = pair.publish(ago=60)
    for _ in range(8):
        pair.turn()
    assert lost.id in pair.archived("main") | pair.archived("peer")
    pair.clock.advance(2 * 3600)
    for _ in range(6):
        pair.turn()
    for account in (pair.accounts["main"], pair.accounts["peer"]):
        del account.stores.ledger.entries[lost.created_on, lost.id]
    before = pair.source.calls.count("open")
    request = ask(pair, **a_day(pair))
    recovered(pair)
    assert shown(pair, request)["recovered"] == 1
    assert pair.source.calls.count("open") == before
    for account in (pair.accounts["main"], pair.accounts["peer"]):
        entry = account.stores.ledger.entries[lost.created_on, lost.id]
        assert len(entry.copies) == 1


def test_a_file_that_came_after_the_parking_is_fetched() -> None:
    pair = begun({**BY_HAND, "GIVE_UP_HOURS": "1"})
    late = pair.publish_without_file()
    pair.turn()
    pair.clock.advance(3 * 3600)
    for _ in range(4):
        pair.turn()
    assert [each.recording_id for each in pair.accounts["main"].stores.state.parked()] == [late.id]
    pair.source.bring_file(late.id, b"ID3\x04" + b"x" * 900)
    request = ask(pair, **a_day(pair))
    recovered(pair)
    assert shown(pair, request)["recovered"] == 1
    assert late.id in pair.archived("main") | pair.archived("peer")


def test_a_request_is_known_to_both_nodes_and_goes_on_after_a_failover() -> None:
    pair = begun()
    rows = [pair.publish(ago=5 * 3600 + at) for at in range(250)]
    request = ask(pair, "peer", **a_day(pair))
    for _ in range(2):
        pair.turn()
    pair.members["main"].node.recover()
    pair.work("main")
    assert shown(pair, request)["detected"] > 0  # type: ignore[operator]
    for _ in range(2):
        pair.turn()
    del pair.members["main"]
    for _ in range(12):
        pair.turn("peer")
    for _ in range(30):
        pair.members["peer"].node.recover()
        pair.turn("peer")
        pair.clock.advance(30)
    said = shown(pair, request, "peer")
    assert said["status"] == "done"
    assert {row.id for row in rows} <= pair.archived("main") | pair.archived("peer")
    assert said["recovered"] == said["detected"] == 250


def test_a_request_can_be_stopped_on_either_node_and_taken_up_again() -> None:
    pair = begun()
    hidden = pair.publish(ago=5 * 3600)
    request = ask(pair, **a_day(pair))
    pair.turn()
    pair.members["peer"].node.asking.act(request, "stop")
    pair.turn()
    recovered(pair, 3)
    assert shown(pair, request)["status"] == "stopped"
    assert hidden.id not in pair.archived("main") | pair.archived("peer")
    pair.members["main"].node.asking.act(request, "resume")
    recovered(pair)
    assert shown(pair, request)["status"] == "done"
    assert hidden.id in pair.archived("main") | pair.archived("peer")


def test_what_discovery_is_about_to_read_is_left_to_it() -> None:
    pair = begun()
    for ago in (0, 60, 600):
        pair.publish(ago=ago)
    request = ask(pair, **a_day(pair))
    pair.members["main"].node.recover()
    assert shown(pair, request)["detected"] == 0


def test_a_ready_node_compares_nothing() -> None:
    pair = begun()
    pair.publish(ago=5 * 3600)
    request = ask(pair, "peer", **a_day(pair))
    pair.members["peer"].node.recover()
    assert shown(pair, request, "peer")["status"] == "waiting"


def test_merging_requests_is_a_join() -> None:
    pair = begun()
    one = Request("a", Kind.RECOVER, pair.clock.now())
    further = replace(one, progress=replace(one.progress, step=3))
    requests = pair.accounts["main"].stores.requests
    assert requests.merge(further) == requests.merge(one) == further

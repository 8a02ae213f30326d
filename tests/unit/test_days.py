"""Each day is shown with what is archived and what is not, and two counts show a mistake in the comparison."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from capture.errors import Absent, Permanent
from capture.model.conversation import Conversation
from capture.model.day import Closing, CompletedCall, DayReport
from capture.model.identity import ConversationId
from tests.pair import Pair
from tests.stores.clock import START
from tests.unit.test_recovery import begun

SETTINGS = {"RECOVERY_DAYS": "2", "VERIFY_SAMPLE": "0", "MIN_CALL_SECONDS": "5"}


def a_call(pair: Pair, name: str, *, seconds: int | None = 60) -> None:
    pair.source.ended_calls.append(CompletedCall(ConversationId(name), pair.clock.now(), seconds))


def looked(pair: Pair, turns: int = 8) -> dict[str, object]:
    for _ in range(turns):
        pair.turn()
        pair.members["main"].node.recover()
    pair.turn()
    return dict(pair.members["main"].node.compliance.listed()[0])


def test_a_day_counts_every_call_once() -> None:
    pair = begun(SETTINGS)
    for name in ("one", "transferred", "transferred"):
        pair.publish(conversation=name)
    pair.publish_without_file(conversation="late")
    for name in ("one", "transferred", "late", "never recorded"):
        a_call(pair, name)
    a_call(pair, "a second", seconds=1)
    day = looked(pair)
    assert {key: day[key] for key in ("completed", "with_recording", "archived", "pending", "parked")} == {
        "completed": 5,
        "with_recording": 3,
        "archived": 2,
        "pending": 1,
        "parked": 0,
    }
    assert (day["without_recording"], day["too_short"]) == (1, 1)
    assert day["compliance"] == pytest.approx(2 / 3)
    assert "1 calls pending" in str(day["incident"])


def test_a_call_that_is_too_short_is_not_archived_and_is_no_incident() -> None:
    pair = begun(SETTINGS)
    pair.source.finished.add(ConversationId("short"))
    read = pair.source.conversations

    def brief(ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
        now = pair.clock.now()
        ends = now + timedelta(seconds=4)
        return {key: replace(talk, started_on=now, closed_on=ends) for key, talk in read(ids).items()}

    pair.source.conversations = brief  # type: ignore[method-assign]
    short, whole = pair.publish(conversation="short"), pair.publish(conversation="still going on")
    a_call(pair, "short", seconds=4)
    day = looked(pair)
    archived = pair.archived("main") | pair.archived("peer")
    assert short.id not in archived
    assert whole.id in archived
    assert (day["too_short"], day["with_recording"], day["incident"]) == (1, 0, None)
    ledgers = [account.stores.ledger for name, account in pair.accounts.items() if name != "witness"]
    assert all(ledger.entries[short.created_on, short.id].state == "removed" for ledger in ledgers)


def test_a_whole_day_has_no_incident_and_both_nodes_know_it() -> None:
    pair = begun(SETTINGS)
    pair.publish(conversation="one")
    a_call(pair, "one")
    day = looked(pair)
    assert (day["compliance"], day["incident"]) == (1.0, None)
    assert day["in_dynamics"] == day["in_ledger"] == 2
    assert pair.members["peer"].node.compliance.listed()[0] == day


def test_a_recording_that_the_comparison_overlooks_shows_in_the_second_count() -> None:
    pair = begun(SETTINGS)
    hidden = pair.publish(ago=2 * 3600)
    listed = pair.source.recordings_between

    def blind(start: object, end: object) -> object:
        for page in listed(start, end):  # type: ignore[arg-type]
            yield [row for row in page if row.id != hidden.id]

    pair.source.recordings_between = blind  # type: ignore[method-assign,assignment]
    day = looked(pair)
    assert day["in_dynamics"] == 2
    assert day["in_ledger"] == 1
    assert "Dynamics counts 2 recordings" in str(day["incident"])


def test_a_person_closes_what_is_wrong_and_the_note_stays() -> None:
    pair = begun(SETTINGS)
    pair.publish_without_file(conversation="late")
    a_call(pair, "late")
    day = str(looked(pair)["day"])
    body = json.dumps({"by": "ann", "note": "the file was deleted on purpose"}).encode()
    pair.members["peer"].node.compliance.close(day, body)
    pair.clock.advance(3700)
    again = looked(pair)
    closed = again["closed"]
    assert isinstance(closed, dict)
    assert (closed["by"], closed["note"]) == ("ann", "the file was deleted on purpose")


def test_a_day_is_told_until_a_person_closes_it_and_again_when_it_gets_worse(caplog: pytest.LogCaptureFixture) -> None:
    pair = begun(SETTINGS)
    pair.publish_without_file(conversation="late")
    a_call(pair, "late")

    def told() -> int:
        caplog.clear()
        pair.clock.advance(3700)
        looked(pair)
        return sum("event=day_incomplete" in record.getMessage() for record in caplog.records)

    assert (told(), told()) == (1, 1)
    day = str(looked(pair)["day"])
    pair.members["main"].node.compliance.close(day, b'{"by": "ann", "note": "deleted on purpose"}')
    assert (told(), told()) == (0, 0)
    assert not looked(pair)["open"]
    pair.publish_without_file(conversation="later still")
    a_call(pair, "later still")
    assert (told(), told()) == (1, 1)
    shown = pair.members["peer"].node.compliance.listed("1")[0]
    assert (shown["open"], bool(shown["closed"])) == (True, True), "at the other node, too"


def test_a_closed_day_that_gets_better_stays_closed() -> None:
    report = DayReport("2026-11-22", START, 9, 4, 2, 1, 0, 0, 9, 6)
    closed = replace(report, closing=Closing(START, "ann", "fine", *report.lacking))
    assert closed.closed
    assert replace(closed, archived=5, pending=1, in_ledger=7).closed
    assert not replace(closed, parked=2).closed
    assert not replace(closed, in_ledger=5).closed
    assert not report.closed


def test_what_is_asked_wrongly_is_said() -> None:
    compliance = begun(SETTINGS).members["main"].node.compliance
    with pytest.raises(Permanent, match="days: 'x' is no number"):
        compliance.listed("x")
    with pytest.raises(Absent, match="nothing is known of the day"):
        compliance.close("2020-01-01", b'{"by": "a", "note": "b"}')
    with pytest.raises(Permanent, match="by: "):
        compliance.close("2020-01-01", b'{"by": "", "note": "b"}')


def test_a_day_is_read_again_every_hour_and_not_before() -> None:
    pair = begun(SETTINGS)
    looked(pair)
    before = pair.source.calls.count("completed")
    looked(pair)
    assert pair.source.calls.count("completed") == before
    pair.clock.advance(timedelta(hours=1).total_seconds())
    looked(pair)
    assert pair.source.calls.count("completed") == before + 2

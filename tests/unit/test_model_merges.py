"""The merges are joins: order, grouping and repetition change nothing."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

from hypothesis import given
from hypothesis import strategies as st

import capture.model
from capture.model.authority import (
    Preference,
    Revocation,
    Watermark,
    merge_preferences,
    merge_revocations,
    merge_watermarks,
)
from capture.model.conversation import Conversation, Interaction, latest, merge_interactions
from capture.model.day import Closing, DayReport, merge_days
from capture.model.hold import Hold
from capture.model.identity import AgentId, ConversationId, Epoch, NodeName, RecordingId, SessionId
from capture.model.ledger import Copy, LedgerEntry, Parked, Removal, ScreenTimes, merge_entries, merge_screens
from capture.model.request import Kind, Phase, Progress, Request, Wish, merge_requests
from capture.model.session import Mark, MarkKind, merge_marks

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)

times = st.integers(0, 50).map(lambda seconds: START + timedelta(seconds=seconds))
nodes = st.sampled_from([NodeName("main"), NodeName("peer")])
copies = st.builds(
    Copy,
    archived_at=times,
    node=nodes,
    path=st.sampled_from(["a.mp3", "b.mp3"]),
    size=st.integers(1, 3),
    sha256=st.sampled_from(["0", "1"]),
    media_type=st.just("audio/mpeg"),
)
parkings = st.builds(Parked, at=times, node=nodes, reason=st.sampled_from(["no file came", "unknown media type"]))


screens = st.builds(
    ScreenTimes,
    session_id=st.just(SessionId("s1")),
    agent_id=st.just(AgentId("ann")),
    workstation=st.sampled_from(["pc-1", "pc-2"]),
    started_at=times,
    ended_at=times,
    marks=st.lists(
        st.builds(Mark, kind=st.just(MarkKind.HOLD), id=st.sampled_from(["1", "2"]), begun_at=st.none() | times),
        max_size=2,
        unique_by=lambda mark: mark.id,
    ).map(lambda some: tuple(sorted(some))),
    complete=st.booleans(),
)


holds = st.builds(
    Hold, at=times, on=st.booleans(), node=nodes, by=st.sampled_from(["ann", "bob"]), reason=st.just("case 7")
)


def entries(recording: str = "r1") -> st.SearchStrategy[LedgerEntry]:
    return st.builds(
        LedgerEntry,
        recording_id=st.just(RecordingId(recording)),
        created_on=times,
        conversation_id=st.sampled_from([None, ConversationId("c1"), ConversationId("c2")]),
        copies=st.frozensets(copies, max_size=3),
        parked=st.none() | parkings,
        reopened=st.none() | times,
        screen=st.none() | screens,
        lost=st.frozensets(copies, max_size=2),
        removed=st.none() | st.builds(Removal, at=times, node=nodes, by=st.just("ann"), reason=st.just("a card")),
        hold=st.none() | holds,
        keep_until=st.none() | times,
    )


watermarks = st.none() | st.builds(Watermark, epoch=st.integers(0, 4).map(Epoch), low=times)
readings = st.builds(
    Conversation,
    id=st.just(ConversationId("c1")),
    read_at=times,
    finished=st.booleans(),
    subject=st.sampled_from(["x", "y"]),
)
interactions = st.builds(
    Interaction,
    key=st.just("c1"),
    conversation=st.none() | readings,
    recordings=st.lists(
        st.sampled_from(["r1", "r2"]).flatmap(entries), max_size=2, unique_by=lambda entry: entry.recording_id
    ).map(lambda some: tuple(sorted(some, key=lambda entry: (entry.created_on, entry.recording_id)))),
)


@given(entries(), entries(), entries())
def test_ledger_entries_join(one: LedgerEntry, other: LedgerEntry, third: LedgerEntry) -> None:
    assert merge_entries(one, other) == merge_entries(other, one)
    assert merge_entries(one, one) == one
    assert merge_entries(merge_entries(one, other), third) == merge_entries(one, merge_entries(other, third))


@given(entries(), entries())
def test_archived_is_never_lost(one: LedgerEntry, other: LedgerEntry) -> None:
    joined = merge_entries(one, other)
    assert joined.copies == one.copies | other.copies
    removed = one.removed or other.removed
    assert (joined.state == "removed") == (removed is not None)
    assert (joined.state == "archived") == (removed is None and bool(joined.copies - one.lost - other.lost))
    if not one.lost | other.lost and removed is None:
        assert (joined.state == "archived") == (one.state == "archived" or other.state == "archived")


@given(st.lists(holds, min_size=1, max_size=4))
def test_the_latest_word_about_a_hold_counts_and_of_two_at_once_the_hold(words: list[Hold]) -> None:
    parts = (LedgerEntry(RecordingId("r1"), START, hold=word) for word in words)
    latest = max(word.at for word in words)
    assert reduce(merge_entries, parts).held == any(word.on for word in words if word.at == latest)


@given(st.lists(copies, min_size=1, max_size=4))
def test_the_earliest_copy_is_the_address(some: list[Copy]) -> None:
    entry = LedgerEntry(RecordingId("r1"), START, copies=frozenset(some))
    assert entry.address is not None
    assert entry.address.archived_at == min(copy.archived_at for copy in some)


@given(watermarks, watermarks, watermarks)
def test_watermarks_join(one: Watermark | None, other: Watermark | None, third: Watermark | None) -> None:
    assert merge_watermarks(one, other) == merge_watermarks(other, one)
    assert merge_watermarks(one, one) == one
    assert merge_watermarks(merge_watermarks(one, other), third) == merge_watermarks(
        one, merge_watermarks(other, third)
    )


preferences = st.none() | st.builds(
    Preference, epoch=st.integers(0, 4).map(Epoch), at=times, node=nodes, alone_until=st.none() | times
)


@given(preferences, preferences, preferences)
def test_preferences_join(one: Preference | None, other: Preference | None, third: Preference | None) -> None:
    assert merge_preferences(one, other) == merge_preferences(other, one)
    assert merge_preferences(one, one) == one
    assert merge_preferences(merge_preferences(one, other), third) == merge_preferences(
        one, merge_preferences(other, third)
    )


revocations = st.none() | st.builds(Revocation, epoch=st.integers(0, 4).map(Epoch), at=times)


@given(revocations, revocations, revocations)
def test_revocations_join(one: Revocation | None, other: Revocation | None, third: Revocation | None) -> None:
    assert merge_revocations(one, other) == merge_revocations(other, one)
    assert merge_revocations(one, one) == one
    assert merge_revocations(merge_revocations(one, other), third) == merge_revocations(
        one, merge_revocations(other, third)
    )


@given(st.lists(st.builds(Revocation, epoch=st.integers(0, 4).map(Epoch), at=times), min_size=2, max_size=2), times)
def test_what_was_taken_back_stays_taken_back(two: list[Revocation], assigned_at: datetime) -> None:
    joined = merge_revocations(*two)
    assert joined is not None
    for epoch in range(6):
        if any(each.covers(Epoch(epoch), assigned_at) for each in two):
            assert joined.covers(Epoch(epoch), assigned_at)


@given(entries(), entries())
def test_a_person_reopens_only_the_parkings_up_to_then(one: LedgerEntry, other: LedgerEntry) -> None:
    joined = merge_entries(one, other)
    if joined.state == "open":
        assert joined.parked is None or (joined.reopened is not None and joined.reopened >= joined.parked.at)
    assert joined.finished == (joined.state in {"archived", "parked", "removed"})


@given(st.builds(Watermark, epoch=st.integers(0, 4).map(Epoch), low=times), watermarks)
def test_a_watermark_never_goes_back(one: Watermark, other: Watermark | None) -> None:
    joined = merge_watermarks(one, other)
    assert joined is not None
    assert joined.epoch >= one.epoch
    assert joined.epoch > one.epoch or joined.low >= one.low


@given(st.lists(st.none() | readings, max_size=5), st.randoms())
def test_both_nodes_choose_the_same_reading(some: list[Conversation | None], random: object) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert latest(some) == latest(shuffled)


@given(st.none() | readings, st.none() | readings, st.none() | readings)
def test_readings_join(one: Conversation | None, other: Conversation | None, third: Conversation | None) -> None:
    assert latest((one, other)) == latest((other, one))
    assert latest((one, one)) == one
    assert latest((latest((one, other)), third)) == latest((one, latest((other, third))))


@given(st.none() | screens, st.none() | screens, st.none() | screens)
def test_times_of_a_screen_join(one: ScreenTimes | None, other: ScreenTimes | None, third: ScreenTimes | None) -> None:
    assert merge_screens(one, other) == merge_screens(other, one)
    assert merge_screens(one, one) == one
    assert merge_screens(merge_screens(one, other), third) == merge_screens(one, merge_screens(other, third))


@given(st.lists(screens, max_size=3), st.randoms())
def test_marks_join_in_any_order(some: list[ScreenTimes], random: object) -> None:
    marks = [mark for screen in some for mark in screen.marks]
    shuffled = list(marks)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merge_marks(shuffled) == merge_marks(marks) == merge_marks((*merge_marks(marks), *marks))


requests = st.builds(
    Request,
    id=st.just("one"),
    kind=st.just(Kind.RECOVER),
    asked_at=st.just(START),
    wish=st.none() | st.builds(Wish, at=times, stopped=st.booleans()),
    progress=st.builds(
        Progress,
        epoch=st.integers(0, 2).map(Epoch),
        step=st.integers(0, 2),
        phase=st.sampled_from(Phase),
        detected=st.integers(0, 2),
    ),
)


@given(requests, requests, requests)
def test_requests_join(one: Request, other: Request, third: Request) -> None:
    assert merge_requests(one, other) == merge_requests(other, one)
    assert merge_requests(one, one) == one
    assert merge_requests(merge_requests(one, other), third) == merge_requests(one, merge_requests(other, third))


days = st.builds(
    DayReport,
    day=st.just("2026-11-22"),
    read_at=times,
    completed=st.integers(0, 2),
    archived=st.integers(0, 1),
    pending=st.just(0),
    parked=st.just(0),
    without_recording=st.just(0),
    too_short=st.just(0),
    in_dynamics=st.just(0),
    in_ledger=st.just(0),
    closing=st.none() | st.builds(Closing, at=times, by=st.sampled_from(["ann", "ben"]), note=st.just("fine")),
)


@given(days, days, days)
def test_days_join(one: DayReport, other: DayReport, third: DayReport) -> None:
    assert merge_days(one, other) == merge_days(other, one)
    assert merge_days(one, one) == one
    assert merge_days(merge_days(one, other), third) == merge_days(one, merge_days(other, third))


def test_every_merge_of_the_model_is_tested_here_or_with_the_sessions() -> None:
    modules = [import_module(found.name) for found in walk_packages(capture.model.__path__, "capture.model.")]
    merges = {name for module in modules for name in vars(module) if name.startswith("merge_")}
    tested = "".join(Path(__file__).with_name(f"test_model_{name}.py").read_text() for name in ("merges", "session"))
    assert merges == {name for name in merges if f"assert {name}(" in tested}


@given(st.lists(readings, min_size=1, max_size=5))
def test_a_finished_reading_beats_an_unfinished_one(some: list[Conversation]) -> None:
    chosen = latest(some)
    assert chosen is not None
    assert chosen.finished == any(reading.finished for reading in some)


@given(interactions, interactions, interactions)
def test_interactions_join(one: Interaction, other: Interaction, third: Interaction) -> None:
    assert merge_interactions(one, other) == merge_interactions(other, one)
    assert merge_interactions(one, one) == one
    assert merge_interactions(merge_interactions(one, other), third) == merge_interactions(
        one, merge_interactions(other, third)
    )

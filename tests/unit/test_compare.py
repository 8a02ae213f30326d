"""The comparison finds exactly what is missing, whatever the pages, the times and what vanishes meanwhile."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from capture.model.identity import Epoch, NodeName, RecordingId
from capture.model.ledger import Copy, LedgerEntry, Parked
from capture.model.recording import Job, JobState, Recording
from capture.recovery.compare import ABANDONED, LATE, NO_FILE, PARKED, UNKNOWN, Comparison, slices
from tests.source import FakeSource
from tests.stores.clock import START, FakeClock
from tests.stores.tables import MemoryJobs, MemoryLedger

MAIN = NodeName("main")
DAY = timedelta(days=1)


def row(number: int, second: int, *, file: bool = True) -> Recording:
    return Recording(RecordingId(f"r{number:03}"), START + timedelta(seconds=second), file_id="f" if file else None)


def entry(recording: Recording, state: str) -> LedgerEntry:
    copy = Copy(START, MAIN, f"{recording.id}.mp3", 1, "0", "audio/mpeg")
    return LedgerEntry(
        recording.id,
        recording.created_on,
        copies=frozenset({copy}) if state == "archived" else frozenset(),
        parked=Parked(START, MAIN, f"{NO_FILE} within a day") if state == "parked" else None,
    )


class Vanishing(FakeSource):
    """Rows vanish after each page, and pages are cut by position, as in Dynamics."""

    doomed: list[Recording]

    def recordings_between(self, start: datetime, end: datetime) -> Iterator[list[Recording]]:
        at = 0
        while True:
            found = [each for each in self._visible() if start <= each.created_on <= end]
            page = found[at : at + self.page_size]
            yield page
            at += self.page_size
            if self.doomed:
                del self.rows[self.doomed.pop().id]
            if len(page) < self.page_size:
                return


seconds = st.lists(st.integers(0, 6), min_size=1, max_size=40)


@given(seconds, st.integers(1, 7), st.data())
def test_every_page_size_finds_what_is_missing_and_nothing_else(
    times: list[int], size: int, data: st.DataObject
) -> None:
    rows = [row(number, second) for number, second in enumerate(times)]
    states = data.draw(st.lists(st.sampled_from(["archived", "job", "none"]), min_size=len(rows), max_size=len(rows)))
    source = FakeSource(FakeClock(START + DAY), page_size=size)
    ledger, jobs = MemoryLedger(), MemoryJobs()
    for each, state in zip(rows, states, strict=True):
        source.publish(each, b"ID3")
        if state == "archived":
            ledger.merge(entry(each, state))
        elif state == "job":
            jobs.put([Job(each, JobState.PENDING, START, Epoch(1))])
    comparison = Comparison(ledger, jobs)
    pages = list(slices(source, START, START + DAY))
    missing = {found.recording.id for page in pages for found in comparison.missing(page)}
    assert missing == {each.id for each, state in zip(rows, states, strict=True) if state == "none"}
    assert {each.id for page in pages for each in page} == {each.id for each in rows}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40, unique=True), st.integers(2, 7), st.data())
def test_rows_that_vanish_hide_no_others(times: list[int], size: int, data: st.DataObject) -> None:
    rows = [row(number, second) for number, second in enumerate(times)]
    source = Vanishing(FakeClock(START + DAY), page_size=size)
    for each in rows:
        source.publish(each, b"ID3")
    source.doomed = data.draw(st.lists(st.sampled_from(list(source.rows.values())), unique=True))
    stay = {each.id for each in rows} - {each.id for each in source.doomed}
    seen = {each.id for page in slices(source, START, START + DAY) for each in page}
    assert stay <= seen


@given(seconds, st.integers(1, 7))
def test_pages_cost_a_call_each_and_a_few_more(times: list[int], size: int) -> None:
    source = FakeSource(FakeClock(START + DAY), page_size=size)
    for number, second in enumerate(times):
        source.publish(row(number, second), b"ID3")
    crowded = max(times.count(second) for second in times)
    pages = list(slices(source, START, START + DAY))
    full = -(-len(times) // size)
    assert len(pages) <= full * (1 + -(-crowded // size)) + 2 * len(set(times)) + 1


def test_each_reason_is_told() -> None:
    ledger, jobs = MemoryLedger(), MemoryJobs()
    rows = {state: row(number, number) for number, state in enumerate(("archived", "parked", "open", "none"))}
    for state in ("archived", "parked", "open"):
        ledger.merge(entry(rows[state], state))
    told = {found.recording.id: found.why for found in Comparison(ledger, jobs).missing(list(rows.values()))}
    assert told == {rows["parked"].id: LATE, rows["open"].id: ABANDONED, rows["none"].id: UNKNOWN}


def test_what_was_parked_for_another_reason_waits_for_a_person() -> None:
    ledger, jobs = MemoryLedger(), MemoryJobs()
    mangled, empty = row(1, 1), row(2, 2, file=False)
    ledger.merge(LedgerEntry(mangled.id, mangled.created_on, parked=Parked(START, MAIN, "unknown media type")))
    ledger.merge(entry(empty, "parked"))
    comparison = Comparison(ledger, jobs)
    assert comparison.missing([mangled, empty]) == []
    assert [found.why for found in comparison.missing([mangled, empty], asked_for=True)] == [PARKED]

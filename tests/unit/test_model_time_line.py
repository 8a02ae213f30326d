"""Of a consultation there is one mark on the time line."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.model.session import Mark, MarkKind
from capture.model.time_line import time_line

CONSULT, HOLD = MarkKind.CONSULT, MarkKind.HOLD


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 22, 10, 0, tzinfo=UTC) + timedelta(seconds=seconds)


def begun(when: float, name: str = "") -> Mark:
    return Mark(CONSULT, name or f"b{when}", at(when), None)


def ended(when: float, name: str = "") -> Mark:
    return Mark(CONSULT, name or f"e{when}", None, at(when))


def whole(begin: float, end: float) -> Mark:
    return Mark(CONSULT, f"b{begin}", at(begin), at(end))


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], []),
        ([begun(1), ended(5)], [whole(1, 5)]),
        ([begun(1), begun(2), ended(5), ended(6)], [whole(1, 5)]),
        ([begun(1), ended(5), begun(7), ended(9)], [whole(1, 5), whole(7, 9)]),
        ([begun(1), ended(5), begun(7)], [whole(1, 5), begun(7)]),
        ([ended(5)], [ended(5)]),
        ([begun(5), ended(5)], [whole(5, 5)]),
        ([whole(1, 5), ended(8)], [whole(1, 5), ended(8)]),
    ],
)
def test_a_begin_goes_with_the_first_end_after_it(marks: list[Mark], expected: list[Mark]) -> None:
    assert list(time_line(marks)) == expected


def test_other_marks_are_left_as_they_are() -> None:
    marks = [Mark(HOLD, "h1", at(2), None), Mark(HOLD, "h0", None, at(9)), Mark(MarkKind.TRANSFER, "t", at(3), at(3))]
    assert set(time_line(marks)) == set(marks)


events = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=8)


@given(events, st.randoms())
def test_the_order_in_which_marks_are_heard_is_no_matter(some: list[tuple[bool, int]], random: object) -> None:
    marks = [begun(when, str(n)) if start else ended(when, str(n)) for n, (start, when) in enumerate(some)]
    mixed = list(marks)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert time_line(mixed) == time_line(marks) == time_line(marks * 2)


@given(events)
def test_consultations_neither_overlap_nor_run_backwards(some: list[tuple[bool, int]]) -> None:
    marks = [begun(when, str(n)) if start else ended(when, str(n)) for n, (start, when) in enumerate(some)]
    found = time_line(marks)
    assert bool(found) == bool(marks)
    times = [when for mark in found for when in (mark.begun_at, mark.ended_at) if when is not None]
    assert times == sorted(times)

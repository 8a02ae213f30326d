"""The time line of a session as a reader wants it: of a consultation one mark, with its begin and its end.

Dynamics tells of a consultation by events with nothing in common: invited, accepted, left, ended. As facts they stay
single marks with one end each, which merge in any order; they are joined only when the time line is written.
"""

from collections.abc import Iterable
from dataclasses import replace

from capture.model.session import Mark, MarkKind


def time_line(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Join the half-open marks of consultations, and sort all marks by kind and time.

    A begin goes with the first end after it. What repeats a begin or an end within one consultation is left out; what
    has no counterpart stays half-open.
    """
    known = set(marks)
    half_open = {mark for mark in known if mark.kind is MarkKind.CONSULT and None in (mark.begun_at, mark.ended_at)}
    return tuple(sorted([*(known - half_open), *_joined(half_open)], key=lambda mark: (mark.kind, *_when(mark))))


def _joined(half_open: Iterable[Mark]) -> list[Mark]:
    joined: list[Mark] = []
    begun: Mark | None = None
    for mark in sorted(half_open, key=_when):
        if mark.ended_at is None:
            begun = begun or mark
        elif begun is not None:
            joined.append(replace(begun, ended_at=mark.ended_at))
            begun = None
        elif not joined:
            joined.append(mark)
    return [*joined, begun] if begun is not None else joined


def _when(mark: Mark) -> tuple[float, bool, str]:
    at = mark.begun_at or mark.ended_at
    return at.timestamp() if at is not None else 0.0, mark.begun_at is None, mark.id

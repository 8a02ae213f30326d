"""Faults in what the nodes tell each other, and in how they join it."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from capture.audio import finish, retell, sweep
from capture.redundancy import notifications, preference
from tests.simulation.mutants.registry import instead, mutant
from tests.stores import state, tables


@mutant("parked wins over archived", "end: parked", "end: queue")
def _parked_wins() -> Iterator[None]:
    merge = tables.merge_entries

    def parked(one: Any, other: Any) -> Any:  # noqa: ANN401
        merged = merge(one, other)
        return replace(merged, copies=frozenset()) if merged.parked else merged

    with instead(tables, "merge_entries", parked):
        yield


@mutant("watermarks merge by time alone", "1 watermark epoch", kind="apart")
def _by_time() -> Iterator[None]:
    def later(one: Any, other: Any) -> Any:  # noqa: ANN401
        return max((mark for mark in (one, other) if mark is not None), key=lambda mark: mark.low, default=None)

    with instead(state, "merge_watermarks", later):
        yield


@mutant("the peer is not notified", "end")
def _not_told() -> Iterator[None]:
    with instead(notifications.Notifier, "tell", lambda *_, **__: None):
        yield


@mutant("a notification that cannot be sent is dropped", "end")
def _dropped() -> Iterator[None]:
    with instead(tables.MemoryOutbox, "put", lambda *_, **__: None):
        yield


@mutant("a person's later word wins, whatever its epoch", "1 a word", kind="person")
def _later_word() -> Iterator[None]:
    def later(one: Any, other: Any) -> Any:  # noqa: ANN401
        return max((each for each in (one, other) if each is not None), key=lambda each: each.at, default=None)

    with instead(state, "merge_preferences", later):
        yield


@mutant("a person's word is not passed on", "end: one node", "end: not the node", kind="person")
def _not_passed_on() -> Iterator[None]:
    with instead(preference.Preferred, "hear", lambda *_, **__: None):
        yield


@mutant("what was finished but not told is never told", "end: known", "end: ledgers", kind="crash")
def _never_told() -> Iterator[None]:
    merge, unfinished = finish.Finisher.merge, sweep.Sweep._unfinished

    def silent(finisher: Any) -> Any:  # noqa: ANN401
        return replace(finisher, notifier=SimpleNamespace(tell=lambda *_: None))

    def forgotten(self: Any, some: Any) -> Any:  # noqa: ANN401
        return unfinished(replace(self, finisher=silent(self.finisher)), some)

    with (
        instead(finish.Finisher, "merge", lambda self, notification: merge(silent(self), notification)),
        instead(sweep.Sweep, "_unfinished", forgotten),
        instead(retell.Retelling, "run", lambda *_: None),
    ):
        yield


@mutant("a new reign does not tell what only this node knows", "end: known", kind="crash", recordings=3)
def _not_retold() -> Iterator[None]:
    with instead(retell.Retelling, "run", lambda *_: None):
        yield

"""Faults in what the nodes tell each other, and in how they join it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from capture.redundancy import notifications
from tests.simulation.mutants.registry import instead, mutant
from tests.stores import tables


@mutant("parked wins over archived", "end")
def _parked_wins() -> Iterator[None]:
    merge = tables.merge_entries

    def parked(one: Any, other: Any) -> Any:  # noqa: ANN401
        merged = merge(one, other)
        return replace(merged, copies=frozenset()) if merged.parked else merged

    with instead(tables, "merge_entries", parked):
        yield


@mutant("watermarks merge by time alone", "1 watermark epoch")
def _by_time() -> Iterator[None]:
    def later(one: Any, other: Any) -> Any:  # noqa: ANN401
        return max((mark for mark in (one, other) if mark is not None), key=lambda mark: mark.low, default=None)

    with instead(tables, "merge_watermarks", later):
        yield


@mutant("the peer is not notified", "end")
def _not_told() -> Iterator[None]:
    with instead(notifications.Notifier, "tell", lambda *_: None):
        yield


@mutant("a notification that cannot be sent is dropped", "end")
def _dropped() -> Iterator[None]:
    with instead(tables.MemoryOutbox, "put", lambda *_: None):
        yield

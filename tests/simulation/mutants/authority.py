"""Faults in who may do what, and until when."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from capture.audio import fetch
from capture.model.authority import Active
from capture.model.identity import Epoch
from capture.redundancy import election, fence, preference
from tests.simulation.mutants.registry import instead, mutant
from tests.stores.queues import MemoryQueue


@mutant("workers do not check the epoch", "6 epoch")
def _no_epoch() -> Iterator[None]:
    check = fetch.Fetcher.check

    def unchecked(self: Any, command: Any) -> datetime:  # noqa: ANN401
        return check(self, replace(command, epoch=Epoch(10**9)))

    with instead(fetch.Fetcher, "check", unchecked):
        yield


@mutant("workers do not check the deadline", "6 past", kind="source")
def _no_deadline() -> Iterator[None]:
    check = fetch.Fetcher.check

    def unchecked(self: Any, command: Any) -> datetime:  # noqa: ANN401
        return check(self, replace(command, deadline=datetime(9999, 1, 1, tzinfo=UTC)))

    with instead(fetch.Fetcher, "check", unchecked):
        yield


@mutant("commands have no time to live", "5")
def _no_ttl() -> Iterator[None]:
    send = MemoryQueue.send

    def forever(self: MemoryQueue, body: bytes, delay: float = 0, ttl: float | None = None) -> None:
        del ttl
        send(self, body, delay)

    with instead(MemoryQueue, "send", forever):
        yield


@mutant("the lease has no margin", "3", kind="drift", recordings=3)
def _no_margin() -> Iterator[None]:
    init = election.Election.__init__

    def marginless(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        init(self, *args, **{**kwargs, "margin_seconds": 0.0})

    with instead(election.Election, "__init__", marginless):
        yield


@mutant("the lease counts from after the call, and 5 seconds longer", "3", kind="network")
def _counts_longer() -> Iterator[None]:
    claim = election.Election._claim

    def late(self: Any, take: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        role = claim(self, take, **kwargs)
        if isinstance(role, Active):
            role = self._active = Active(role.epoch, self._clock.monotonic() + self._seconds + 5)
        return role

    with instead(election.Election, "_claim", late):
        yield


@mutant("one lease is a majority", "3")
def _one_lease() -> Iterator[None]:
    init = election.Election.__init__

    def alone(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        init(self, *args, **kwargs)
        self._majority = 1

    with instead(election.Election, "__init__", alone):
        yield


@mutant("a new reign does not increase the epoch", "2")
def _same_epoch() -> Iterator[None]:
    reign = election.Election._reign

    def same(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return None if reign(self, *args, **kwargs) is None else Epoch(1)

    with instead(election.Election, "_reign", same):
        yield


@mutant("revocations are ignored", "6", "7", kind="pause", recordings=4)
def _not_taken_back() -> Iterator[None]:
    with instead(fence.Fence, "_last_revocation", lambda _: None):
        yield


@mutant("a node reigns alone without a person's word", "3", kind="person")
def _alone_unasked() -> Iterator[None]:
    with instead(preference.Preferred, "alone", lambda _: True):
        yield


@mutant("who may reign alone does so for ever", "3", kind="person")
def _alone_for_ever() -> Iterator[None]:
    def ever(self: Any) -> bool:  # noqa: ANN401
        said = self.state.preference()
        return said is not None and said.node == self.node and said.alone_until is not None

    with instead(preference.Preferred, "alone", ever):
        yield


@mutant("the preferred node never gets the role back", "end: not the node", kind="crash")
def _never_back() -> Iterator[None]:
    with instead(preference.Preferred, "yields", lambda _: False):
        yield

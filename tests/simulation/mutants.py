"""Faults put into the protocol by patching its classes, each of which the invariants must notice."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from capture.audio import assign, fetch, finish, ingest, sweep
from capture.audio.discover import Discovery
from capture.errors import Mangled, Waiting
from capture.model.authority import Active
from capture.model.identity import Epoch
from capture.redundancy import election, fence, notifications
from tests.simulation.dynamics import SourceView
from tests.simulation.history import run
from tests.stores import tables
from tests.stores.queues import MemoryQueue

type Mutant = Callable[[], AbstractContextManager[object]]

MUTANTS: dict[str, tuple[Mutant, tuple[str, ...], str | None]] = {}


def mutant(
    name: str, *due: str, kind: str | None = None
) -> Callable[[Callable[[], Iterator[None]]], Callable[[], Iterator[None]]]:
    """Register a fault: which invariants are to notice it, and in which class of histories it shows best."""

    def register(function: Callable[[], Iterator[None]]) -> Callable[[], Iterator[None]]:
        MUTANTS[name] = (contextmanager(function), due, kind)
        return function

    return register


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which invariant noticed a mutant first, in which history."""

    mutant: str
    invariant: str | None
    seed: int | None
    histories: int

    def document(self) -> dict[str, object]:
        """Make the report's line."""
        return {"mutant": self.mutant, "caught_by": self.invariant, "seed": self.seed, "histories": self.histories}


def hunt(name: str, seeds: int = 40, recordings: int = 200, first: int = 0) -> Verdict:
    """Play histories with a mutant until something is noticed that is in order without it."""
    made, due, kind = MUTANTS[name]
    if kind == "pause":
        recordings *= 4  # what waits in a queue while its node is stopped must be worth the name
    for number, seed in enumerate(range(first, first + seeds), 1):
        with made():
            violations = run(seed, recordings, kind=kind).violations
        if violations:
            sound = {violation.invariant for violation in run(seed, recordings, kind=kind).violations}
            new = [
                each.invariant for each in violations if each.invariant not in sound and each.invariant.startswith(due)
            ]
            if new:
                return Verdict(name, new[0], seed, number)
    return Verdict(name, None, None, seeds)


def _instead(owner: object, name: str, new: object) -> AbstractContextManager[object]:
    return patch.object(owner, name, new)


@mutant("the tail reads gt instead of ge", "9", "1", "end")
def _gt() -> Iterator[None]:
    since = SourceView.recordings_since
    with _instead(SourceView, "recordings_since", lambda self, cursor: since(self, cursor + timedelta(seconds=1))):
        yield


@mutant("no look-back", "1", "end")
def _no_look_back() -> Iterator[None]:
    def none(self: Any, active: Any, cursor: Any, until: Any) -> None:  # noqa: ANN401
        del active, until
        self._looked_back_at = self._clock.monotonic()
        self._proven = cursor.high - self._lookback

    with _instead(Discovery, "_look_back", none):
        yield


@mutant("the watermark ignores unfinished jobs", "1 watermark passes")
def _ignores_jobs() -> Iterator[None]:
    with _instead(tables.MemoryJobs, "oldest", lambda _: None):
        yield


@mutant("the peer is not notified", "end")
def _not_told() -> Iterator[None]:
    with _instead(notifications.Notifier, "tell", lambda *_: None):
        yield


@mutant("a notification that cannot be sent is dropped", "end")
def _dropped() -> Iterator[None]:
    with _instead(tables.MemoryOutbox, "put", lambda *_: None):
        yield


@mutant("workers do not check the epoch", "6 epoch")
def _no_epoch() -> Iterator[None]:
    check = fetch.Fetcher.check

    def unchecked(self: Any, command: Any) -> datetime:  # noqa: ANN401
        return check(self, replace(command, epoch=Epoch(10**9)))

    with _instead(fetch.Fetcher, "check", unchecked):
        yield


@mutant("workers do not check the deadline", "6 past", kind="source")
def _no_deadline() -> Iterator[None]:
    check = fetch.Fetcher.check

    def unchecked(self: Any, command: Any) -> datetime:  # noqa: ANN401
        return check(self, replace(command, deadline=datetime(9999, 1, 1, tzinfo=UTC)))

    with _instead(fetch.Fetcher, "check", unchecked):
        yield


@mutant("commands have no time to live", "5")
def _no_ttl() -> Iterator[None]:
    send = MemoryQueue.send

    def forever(self: MemoryQueue, body: bytes, delay: float = 0, ttl: float | None = None) -> None:
        del ttl
        send(self, body, delay)

    with _instead(MemoryQueue, "send", forever):
        yield


@mutant("the lease has no margin", "3", kind="network")
def _no_margin() -> Iterator[None]:
    init = election.Election.__init__

    def marginless(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        init(self, *args, **{**kwargs, "margin_seconds": 0.0})

    with _instead(election.Election, "__init__", marginless):
        yield


@mutant("the lease counts from after the call, and 5 seconds longer", "3", kind="network")
def _counts_longer() -> Iterator[None]:
    claim = election.Election._claim

    def late(self: Any, take: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        role = claim(self, take, **kwargs)
        if isinstance(role, Active):
            role = self._active = Active(role.epoch, self._clock.monotonic() + self._seconds + 5)
        return role

    with _instead(election.Election, "_claim", late):
        yield


@mutant("the message is sent before the row is written", "4")
def _message_first() -> Iterator[None]:
    send = assign.Assigner._send
    put = tables.MemoryJobs.put

    def early(self: Any, given: Any, conversations: Any) -> Any:  # noqa: ANN401
        refused = send(self, given, conversations)
        put(self.jobs, [job for job, *_ in given])
        return refused

    def not_yet(self: Any, jobs: Any) -> None:  # noqa: ANN401
        put(self, [job for job in jobs if job.node is None])

    with _instead(assign.Assigner, "_send", early), _instead(tables.MemoryJobs, "put", not_yet):
        yield


@mutant("one lease is a majority", "3")
def _one_lease() -> Iterator[None]:
    init = election.Election.__init__

    def alone(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        init(self, *args, **kwargs)
        self._majority = 1

    with _instead(election.Election, "__init__", alone):
        yield


@mutant("a new reign does not increase the epoch", "2")
def _same_epoch() -> Iterator[None]:
    reign = election.Election._reign

    def same(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return None if reign(self, *args, **kwargs) is None else Epoch(1)

    with _instead(election.Election, "_reign", same):
        yield


@mutant("parked wins over archived", "end")
def _parked_wins() -> Iterator[None]:
    merge = tables.merge_entries

    def parked(one: Any, other: Any) -> Any:  # noqa: ANN401
        merged = merge(one, other)
        return replace(merged, copies=frozenset()) if merged.parked else merged

    with _instead(tables, "merge_entries", parked):
        yield


@mutant("a takeover starts at now instead of the low watermark", "1", "end")
def _starts_now() -> Iterator[None]:
    cursor = Discovery._cursor

    def at_now(self: Any, active: Any) -> Any:  # noqa: ANN401
        before = self._state.cursor()
        found = cursor(self, active)
        if before is None or before.epoch != found.epoch:
            found = replace(found, high=self._clock.now())
            self._state.put_cursor(found)
            self._proven = found.high  # else the look-back would make up for it
        return found

    with _instead(Discovery, "_cursor", at_now):
        yield


@mutant("look-first is ignored", "7", kind="crash")
def _no_look() -> Iterator[None]:
    run_it = ingest.Ingest._archive

    def blind(self: Any, command: Any, **kwargs: Any) -> None:  # noqa: ANN401
        run_it(self, replace(command, look_first=False), **kwargs)

    with _instead(ingest.Ingest, "_archive", blind):
        yield


@mutant("the length is not verified", "0 wrong", "end")
def _no_length() -> Iterator[None]:
    with _instead(fetch, "_verify", lambda *_: None):
        yield


@mutant("waiting counts as a failure and parks", "end")
def _waiting_parks() -> Iterator[None]:
    postpone = ingest.Ingest._postpone

    def park(self: Any, command: Any, error: Any) -> None:  # noqa: ANN401
        if isinstance(error, Waiting) and not isinstance(error, Mangled):
            self._park(command, str(error))
        else:
            postpone(self, command, error)

    with _instead(ingest.Ingest, "_postpone", park):
        yield


@mutant("overdue assignments are forgotten", "1", "end")
def _forgotten() -> Iterator[None]:
    def forget(self: Any, active: Any, overdue: Any) -> None:  # noqa: ANN401
        del active
        for job in overdue:
            self.jobs.remove(job.recording.id, job.recording.created_on)

    with _instead(sweep.Sweep, "_assign_again", forget):
        yield


@mutant("a job is forgotten before the ledger knows", "1", "end")
def _early_forget() -> Iterator[None]:
    archive = ingest.Ingest._archive

    def early(self: Any, command: Any, **kwargs: Any) -> None:  # noqa: ANN401
        if command.assigned_by == self.node:
            self.finisher.jobs.remove(command.recording.id, command.recording.created_on)
        archive(self, command, **kwargs)

    with _instead(ingest.Ingest, "_archive", early):
        yield


@mutant("watermarks merge by time alone", "1 watermark epoch")
def _by_time() -> Iterator[None]:
    def later(one: Any, other: Any) -> Any:  # noqa: ANN401
        return max((mark for mark in (one, other) if mark is not None), key=lambda mark: mark.low, default=None)

    with _instead(tables, "merge_watermarks", later):
        yield


@mutant("the ledger is written before the interaction", "end", kind="crash")
def _ledger_first() -> Iterator[None]:
    keep = finish.Finisher.keep

    def first(self: Any, entry: Any, conversation: Any) -> Any:  # noqa: ANN401
        self.ledger.merge(entry)
        return keep(self, entry, conversation)

    with _instead(finish.Finisher, "keep", first):
        yield


@mutant("revocations are ignored", "6", "7", kind="pause")
def _not_taken_back() -> Iterator[None]:
    with _instead(fence.Fence, "_last_revocation", lambda _: None):
        yield


@mutant("the own archive alone is looked into", "7", kind="crash")
def _own_alone() -> Iterator[None]:
    def blind(self: Any, command: Any, **_: Any) -> Any:  # noqa: ANN401
        return self.fetcher.archive.find(self.fetcher.stem(command))

    with _instead(ingest.Ingest, "_look", blind):
        yield

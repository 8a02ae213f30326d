"""Faults in what finds new recordings, gives them out, and moves the watermark."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from capture.audio import assign, ingest, sweep
from capture.audio.discover import Discovery
from tests.simulation.dynamics import SourceView
from tests.simulation.mutants.registry import instead, mutant
from tests.stores import tables


@mutant("the tail reads gt instead of ge", "9", "1", "end")
def _gt() -> Iterator[None]:
    since = SourceView.recordings_since
    with instead(SourceView, "recordings_since", lambda self, cursor: since(self, cursor + timedelta(seconds=1))):
        yield


@mutant("no look-back", "1", "end")
def _no_look_back() -> Iterator[None]:
    def none(self: Any, active: Any, cursor: Any, until: Any) -> None:  # noqa: ANN401
        del active, until
        self._looked_back_at = self._clock.monotonic()
        self._proven = cursor.high - self._lookback

    with instead(Discovery, "_look_back", none):
        yield


@mutant("the watermark ignores unfinished jobs", "1 watermark passes")
def _ignores_jobs() -> Iterator[None]:
    with instead(tables.MemoryJobs, "oldest", lambda _: None):
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

    with instead(Discovery, "_cursor", at_now):
        yield


@mutant("overdue assignments are forgotten", "1", "end")
def _forgotten() -> Iterator[None]:
    def forget(self: Any, active: Any, overdue: Any) -> None:  # noqa: ANN401
        del active
        for job in overdue:
            self.jobs.remove(job.recording.id, job.recording.created_on)

    with instead(sweep.Sweep, "_assign_again", forget):
        yield


@mutant("a job is forgotten before the ledger knows", "1", "end")
def _early_forget() -> Iterator[None]:
    archive = ingest.Ingest._archive

    def early(self: Any, command: Any, **kwargs: Any) -> None:  # noqa: ANN401
        if command.assigned_by == self.node:
            self.finisher.jobs.remove(command.recording.id, command.recording.created_on)
        archive(self, command, **kwargs)

    with instead(ingest.Ingest, "_archive", early):
        yield


@mutant("the message is sent before the row is written", "4")
def _message_first() -> Iterator[None]:
    send = assign.Assigner._send
    put = tables.MemoryJobs.put

    def early(self: Any, active: Any, given: Any, conversations: Any) -> Any:  # noqa: ANN401
        refused = send(self, active, given, conversations)
        put(self.jobs, [job for job, *_ in given])
        return refused

    def not_yet(self: Any, jobs: Any) -> None:  # noqa: ANN401
        put(self, [job for job in jobs if job.node is None])

    with instead(assign.Assigner, "_send", early), instead(tables.MemoryJobs, "put", not_yet):
        yield

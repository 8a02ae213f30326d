"""What must never happen, checked at the effect of each call to a store."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from capture.model.authority import Cursor, Preference, Revocation, Watermark
from capture.model.ledger import LedgerEntry
from capture.model.recording import Job, JobState
from tests.simulation.kernel import Task
from tests.simulation.network import Line
from tests.simulation.truth import Truth
from tests.stores.blobs import StoredBlob
from tests.stores.clock import START
from tests.stores.queues import MemoryQueue, Message
from tests.stores.store import Store

_CHECKING = 0.15
_CHECKING_SLOWLY = 5.0
"""Seconds between a worker's look at the clock and its commit; a look at other regions may run into a time-out."""
_STALE_EPOCH = 12.0
_GOOD_FOR = 20.0
_ON_ITS_WAY = 0.1
"""Seconds between the last look at the authority and the last message of a slice, when nothing is slow."""
_LONG_AGO = 300.0
_STRICT = ("calm", "crash")


class Invariants:
    """The witness of all effects. Each kind of call that matters has a method here."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._marks: dict[str, Watermark] = {}
        self._released_at: dict[str, float] = {}
        self._words: dict[str, Preference] = {}
        self._revocations: dict[str, Revocation] = {}
        self._judges: dict[str, Callable[[Line, tuple[Any, ...], Any], None]] = {
            "lease.write_reign": self._reign,
            "lease.release": self._released,
            "state.raise_watermark": self._watermark,
            "state.put_cursor": self._cursor,
            "state.prefer": self._word,
            "state.revoke": self._revocation,
            "jobs.put": self._jobs,
            "ingest.send": self._command,
            "archive.commit": self._commit,
            "ledger.merge": self._ledger,
        }

    def effect(self, line: Line, call: str, store: Store, arguments: tuple[object, ...], result: object) -> None:
        """Judge what has just happened, and note it."""
        del store
        self._truth.story.note(line.node, line.account, call, arguments)
        judge = self._judges.get(call)
        if judge is not None:
            judge(line, arguments, result)

    def delivered(self, task: Task, queue: MemoryQueue, message: Message) -> None:
        """A host hands a message to its function."""
        truth = self._truth
        if not queue.kind.startswith("ingest"):
            return
        order = truth.order(message.body)
        task.command = order
        if queue.kind != "ingest":
            return
        late = truth.kernel.now - (order.deadline - truth.clocks[order.assigned_by].skew)
        skew = abs(truth.clocks["main"].skew - truth.clocks["peer"].skew)
        if late > 2.0 + skew + order.slack:
            truth.violated(
                "5 stale command", f"{task.owner} was handed {order.recording} {late:.1f} s late", order.recording
            )

    def failed(self, node: str, kind: str, error: BaseException) -> None:
        """A function raised what no function should."""
        self._truth.violated("0 unforeseen failure", f"{kind} of {node} raised {type(error).__name__}: {error}")

    def _reign(self, line: Line, arguments: tuple[Any, ...], result: object) -> None:
        if result is not True:
            return
        epoch = int(arguments[0])
        epochs = self._truth.blob_epochs.setdefault(line.account, [])
        if epochs and epochs[-1][1] > epoch:
            self._truth.violated("2 epoch falls", f"{line.node} wrote {epoch} over {epochs[-1][1]} at {line.account}")
        epochs.append((self._truth.kernel.now, epoch))

    def _released(self, line: Line, arguments: tuple[Any, ...], result: object) -> None:
        del arguments, result
        self._released_at[line.node] = self._truth.kernel.now

    def _on_its_way(self, node: str, epoch: int) -> bool:
        """Tell whether a write was on its way when its node let the role go, and nobody has taken it since."""
        task = self._truth.kernel.current
        before = task is not None and task.called_at < self._released_at.get(node, float("-inf")) + _ON_ITS_WAY
        return before and all(epochs[-1][1] <= epoch for epochs in self._truth.blob_epochs.values())

    def _rules(self, node: str, epoch: int, what: str, *about: str) -> None:
        """Judge an authoritative write: one epoch is one node's, who holds a majority of the leases."""
        truth = self._truth
        if epoch not in truth.reigns:
            truth.reigns[epoch] = node
            truth.failovers += len(truth.reigns) > 1
        elif truth.reigns[epoch] != node:
            truth.violated("2 epoch shared", f"{node} wrote {what} in {truth.reigns[epoch]}'s epoch {epoch}", *about)
        if not (truth.reigns_now(node) or self._on_its_way(node, epoch) or truth.excused(truth.kernel.current)):
            kind = truth.kernel.current.kind if truth.kernel.current else ""
            truth.violated("3 no authority", f"{kind} of {node} wrote {what} without a majority", *about)

    def _watermark(self, line: Line, arguments: tuple[Any, ...], result: object) -> None:
        truth, node = self._truth, line.node
        known = self._marks.get(line.account)
        if not isinstance(result, Watermark) or result == known:
            return
        self._marks[line.account] = result
        if known is not None and result.epoch < known.epoch:
            truth.violated("1 watermark epoch falls", f"at {line.account}: {result} after {known}")
        elif known is not None and result.epoch == known.epoch and result.low < known.low:
            truth.violated("1 watermark falls", f"at {line.account}: {result} after {known}")
        oldest = truth.oldest_unfinished()
        if oldest is not None and oldest[0] < result.low:
            truth.violated(
                "1 watermark passes", f"at {line.account}: {result} passes {oldest[1]} of {oldest[0]}", oldest[1]
            )
        task = truth.kernel.current
        if task is not None and task.kind == "tick" and truth.reigns.get(result.epoch, node) == node:
            del arguments
            self._rules(node, result.epoch, "a watermark")

    def _cursor(self, line: Line, arguments: tuple[Any, ...], result: object) -> None:
        del result
        cursor: Cursor = arguments[0]
        self._rules(line.node, cursor.epoch, "a cursor")

    def _word(self, line: Line, arguments: tuple[Any, ...], result: object) -> None:
        del arguments
        truth, known = self._truth, self._words.get(line.account)
        if not isinstance(result, Preference) or result == known:
            return
        self._words[line.account] = result
        if known is not None and result.epoch < known.epoch:
            truth.violated("1 a word's epoch falls", f"at {line.account}: {result} after {known}")
        elif known is not None and result.epoch == known.epoch and result.at < known.at:
            truth.violated("1 a later word is forgotten", f"at {line.account}: {result} after {known}")
        until = 0.0
        if result.alone_until is not None and result.node == line.account:
            until = (result.alone_until - START).total_seconds() - truth.clocks[line.node].skew
        # What another word ends may still be believed in for the time of a lease.
        truth.alone_until[line.account] = max(until, min(truth.alone_until.get(line.account, 0.0), truth.kernel.now))

    def _revocation(self, line: Line, arguments: tuple[Any, ...], result: object) -> None:
        known, said = self._revocations.get(line.account), arguments[0]
        self._rules(line.node, said.epoch, "a revocation")
        if isinstance(result, Revocation):
            self._revocations[line.account] = result
            if known is not None and (result.epoch, result.at) < (known.epoch, known.at):
                self._truth.violated("1 revocation falls", f"at {line.account}: {result} after {known}")

    def _jobs(self, line: Line, arguments: tuple[Any, ...], result: object) -> None:
        del result
        jobs: Iterable[Job] = arguments[0]
        for job in jobs:
            if job.state is JobState.ASSIGNED:
                self._rules(line.node, job.epoch, "a job", job.recording.id)
                return  # one stands for all: they are written in one go

    def _command(self, line: Line, arguments: tuple[Any, ...], result: object) -> None:
        del result
        truth, task = self._truth, self._truth.kernel.current
        order = truth.order(arguments[0])
        if task is not None:
            order.slack = max(order.slack, truth.kernel.now - task.called_at)
        if task is None or task.kind not in ("tick", "sweep"):
            return
        self._rules(line.node, order.epoch, f"a command for {order.recording}", order.recording)
        if order.assigned_by != line.node:
            truth.violated("2 epoch shared", f"{line.node} sent a command of {order.assigned_by}", order.recording)
        row = truth.accounts[line.node].stores.jobs.jobs.get((order.created_on, order.recording))
        if row is None and not truth.finished(order.recording):
            truth.violated("4 message before row", f"{line.node} sent {order.recording} without a job", order.recording)
        truth.commanded.setdefault(order.recording, truth.kernel.now)

    def _ledger(self, line: Line, arguments: tuple[Any, ...], result: object) -> None:
        del line
        entry: LedgerEntry = result if isinstance(result, LedgerEntry) else arguments[0]
        if entry.parked is not None and not self._truth.finished(entry.recording_id):
            self._truth.parked[entry.recording_id] = entry.parked.reason
            self._truth.open -= 1

    def _commit(self, line: Line, arguments: tuple[Any, ...], result: object) -> None:
        if result is not True:
            return
        truth, node = self._truth, line.node
        blob: StoredBlob = arguments[1]
        recording = blob.entry.recording_id
        call = truth.calls[recording]
        if blob.data != call.content or blob.copy.sha256 != hashlib.sha256(call.content).hexdigest():
            truth.violated("0 wrong content", f"{node} committed {len(blob.data)} bytes for {recording}", recording)
        task = truth.kernel.current
        self._in_time(line, task, recording)
        copies = truth.copies.get(recording)
        if copies is None:
            truth.open -= recording not in truth.parked
            truth.copies[recording] = [node]
            return
        copies.append(node)
        truth.second_copies += 1
        if len(copies) > len(set(copies)):
            truth.violated("7 two objects", f"{node} has {recording} twice", recording)
        elif truth.kind in _STRICT or not self._troubled(task):
            truth.violated("7 second copy", f"{node} repeated {recording} of {copies[0]}", recording)

    def _in_time(self, line: Line, task: Task | None, recording: str) -> None:
        """Judge a commit by its command: neither past its deadline nor of an epoch that is over."""
        truth = self._truth
        order = getattr(task, "command", None)
        quick = all(each.good_for() > _GOOD_FOR for each in truth.lines.values() if each.node == line.node)
        checking = _CHECKING if quick else _CHECKING_SLOWLY
        stopped_at = truth.paused_at.get(line.node, float("-inf"))
        if order is None or truth.excused(task) or stopped_at > truth.kernel.now - checking:
            return
        now = truth.kernel.now
        skew = truth.clocks[line.node].skew
        if now + skew > order.deadline + checking:
            truth.violated("6 past the deadline", f"{line.node} committed {recording}", recording)
        for account, epochs in truth.blob_epochs.items():
            if truth.lines[line.node, account].good_for() < _GOOD_FOR or epochs[-1][1] <= order.epoch:
                continue
            over = next(at for at, epoch in epochs if epoch > order.epoch)
            if now - over > _STALE_EPOCH:
                truth.violated(
                    "6 epoch is over",
                    f"{line.node} committed {recording} of epoch {order.epoch}, {now - over:.1f} s after it ended",
                    recording,
                )
                return

    def _troubled(self, task: Task | None) -> bool:
        truth = self._truth
        return truth.excused(task, within=60.0) or any(line.good_for() < _LONG_AGO for line in truth.lines.values())

"""The organisation with all its rows, and each node's view of it: two nodes have two credentials and two regions."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from random import Random

from capture.errors import CaptureError, Transient, Unauthorized, Waiting
from capture.model.conversation import Conversation
from capture.model.identity import ConversationId, RecordingId
from capture.model.recording import Recording
from capture.ports import Download
from tests.simulation.clock import NodeClock
from tests.simulation.kernel import SLOW, Kernel, Killed
from tests.simulation.story import Story

_PIECE = 1500
_WIDE = 50  # pages of the look-back are that many times longer


class Organisation:
    """Rows in the order in which Dynamics lists them; a row is put in when it is committed."""

    def __init__(self, page_size: int) -> None:
        self.page_size = page_size
        self.rows: dict[RecordingId, Recording] = {}
        self.files: dict[RecordingId, bytes] = {}
        self.finished: set[ConversationId] = set()
        self._order: list[tuple[datetime, RecordingId]] = []

    def commit(self, recording: Recording) -> None:
        """Make a row visible."""
        if recording.id in self.files:
            recording = replace(recording, file_id=f"file-{recording.id}")
        self.rows[recording.id] = recording
        insort(self._order, (recording.created_on, recording.id))

    def bring_file(self, recording_id: RecordingId, content: bytes) -> None:
        """Let a file come, with its row or after it."""
        self.files[recording_id] = content
        if (row := self.rows.get(recording_id)) is not None:
            self.rows[recording_id] = replace(row, file_id=f"file-{recording_id}")

    def page(self, after: tuple[datetime, str], end: datetime | None, size: int) -> list[Recording]:
        """Read the rows that follow `after`, at most `size`, up to and including `end`."""
        at = bisect_left(self._order, after)
        return [self.rows[key[1]] for key in self._order[at : at + size] if end is None or key[0] <= end]


@dataclass
class SourceView:
    """Implements `capture.ports.Source` for one node. Counters and lists say which faults are on now."""

    kernel: Kernel
    random: Random
    node: str
    clock: NodeClock
    organisation: Organisation
    story: Story
    crash: Callable[[], None] = lambda: None
    crash_odds: float = 0.0
    failing: int = 0
    rejected: int = 0
    throttled: int = 0
    slow: list[float] = field(default_factory=list)
    cut_odds: list[float] = field(default_factory=list)
    mangled: dict[RecordingId, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Tell whether Dynamics answers this node without any trouble."""
        return not (self.failing or self.rejected or self.throttled or self.slow or self.cut_odds)

    def recordings_since(self, cursor: datetime) -> Iterator[list[Recording]]:
        return self._pages("since", cursor.replace(microsecond=0), None, self.organisation.page_size)

    def recordings_between(self, start: datetime, end: datetime) -> Iterator[list[Recording]]:
        wide = self.organisation.page_size * _WIDE
        for page in self._pages("between", start.replace(microsecond=0), end, wide):
            yield [row for row in page if row.created_on >= start]

    def recordings_by_id(self, ids: Sequence[RecordingId]) -> list[Recording]:
        self._call("by_id")
        rows = self.organisation.rows
        return [rows[each] for each in ids if each in rows]

    def describe(self, recordings: Sequence[Recording]) -> dict[ConversationId, Conversation]:
        return self.conversations([each.conversation_id for each in recordings if each.conversation_id is not None])

    def conversations(self, ids: Sequence[ConversationId]) -> dict[ConversationId, Conversation]:
        if ids:
            self._call("conversations")
        now, finished = self.clock.now(), self.organisation.finished
        return {each: Conversation(each, now, finished=each in finished) for each in ids}

    @contextmanager
    def open(self, recording_id: RecordingId) -> Iterator[Download]:
        self._call("open")
        content = self.organisation.files.get(recording_id)
        if content is None:
            raise Waiting("no file yet")
        yield Download("callRecording.mp3", len(content), "audio/mpeg", self._pieces(recording_id, content))

    def _pages(self, name: str, start: datetime, end: datetime | None, size: int) -> Iterator[list[Recording]]:
        after = (start, "")
        while True:
            self._call(name)
            page = self.organisation.page(after, end, size)
            yield page
            if len(page) < size:
                return
            after = (page[-1].created_on, page[-1].id + "\0")

    def _pieces(self, recording_id: RecordingId, content: bytes) -> Iterator[bytes]:
        cut = None
        # A recording that is mangled again and again is parked, and rightly: here it never comes to that.
        if self.cut_odds and self.mangled.get(recording_id, 0) < 3 and self.random.random() < max(self.cut_odds):
            self.mangled[recording_id] = self.mangled.get(recording_id, 0) + 1
            cut = self.random.randrange(len(content))
            if self.random.random() < 0.3:
                content, cut = b'{"error":{"code":"0x80040217"}}', None
            elif self.random.random() < 0.3:
                yield content[:cut]
                raise Transient("the connection was lost in the middle of the file")
        for at in range(0, len(content if cut is None else content[:cut]), _PIECE):
            yield content[at : min(at + _PIECE, len(content) if cut is None else cut)]
            if at + _PIECE < len(content):
                self._wait("piece")

    def _call(self, name: str) -> None:
        self._wait(name)
        error: CaptureError | None = None
        if self.rejected:
            error = Unauthorized("DYNAMICS_CLIENT_SECRET was refused")
        elif self.throttled:
            error = Waiting("429", retry_after=float(self.random.randrange(1, 30)))
        elif self.failing:
            error = Transient("Dynamics does not answer")
        self.story.note(self.node, "dynamics", name, type(error).__name__ if error else "")
        if error is not None:
            raise error

    def _wait(self, name: str) -> None:
        del name
        if self.crash_odds and self.random.random() < self.crash_odds:
            self.crash()
            raise Killed
        task = self.kernel.current
        if task is None:
            return
        task.called_at = self.kernel.now
        self.kernel.sleep(0.01 + 0.09 * self.random.random() + max(self.slow, default=0.0) * self.random.random())
        if self.kernel.now - task.called_at > SLOW:
            task.slow_at = self.kernel.now

"""The workload: conversations whose recordings are listed, committed, and given a file at times of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from capture.model.identity import ConversationId, RecordingId
from capture.model.recording import Recording
from tests.stores.clock import START


@dataclass(frozen=True, slots=True)
class Call:
    """One recording: all times are true seconds since the start. `file_at` is None when no file ever comes."""

    recording: Recording
    content: bytes
    created_at: float
    visible_at: float
    file_at: float | None

    @property
    def punctual(self) -> bool:
        """Tell whether it stands there with its file from the very second it was created in."""
        return self.visible_at == self.created_at == self.file_at


@dataclass(frozen=True, slots=True)
class Plan:
    """All calls of a history, and when each conversation finishes."""

    calls: list[Call]
    finishes: dict[ConversationId, float]


class Exchange:
    """Makes calls up. Contents are small and all different."""

    def __init__(self, random: Random, seed: int, lookback: float) -> None:
        self._random = random
        self._seed = seed
        self._lookback = lookback
        self._number = 0

    def plan(self, recordings: int, seconds: float) -> Plan:
        """Spread calls over the time: evenly, in bursts, and sometimes a backlog at once."""
        draw = self._random.random
        calls: list[Call] = []
        finishes: dict[ConversationId, float] = {}
        backlog = int(recordings * 0.4 * draw()) if draw() < 0.25 else 0
        burst = 0.0
        while len(calls) < recordings:
            conversation = ConversationId(f"{self._random.getrandbits(32):08x}-c{len(finishes)}")
            if len(calls) < backlog:
                at = -self._random.uniform(10, 1500)
            elif burst and draw() < 0.9:
                at = burst + draw() * 2
            else:
                at = draw() * seconds
                burst = at if draw() < 0.02 else 0.0
            last = at
            for _ in range(self._random.choice((1, 1, 1, 2, 3))):
                calls.append(self._call(at, conversation if draw() < 0.97 else None))
                last = max(last, calls[-1].visible_at)
                at += self._random.choice((0.0, 0.0, 0.5, 30.0))
            finishes[conversation] = last + self._random.choice((0.0, 20.0, 120.0, 300.0)) * draw()
        return Plan(calls[:recordings], finishes)

    def punctual(self, at: float) -> Call:
        """Make one call that is there at once, in no conversation."""
        call = self._row(at, None)
        return Call(call, self._content(), at, at, at)

    def _call(self, at: float, conversation: ConversationId | None) -> Call:
        draw = self._random.random
        created = max(at, 0.0)
        late = draw() * (self._lookback - 5) if draw() < 0.1 else draw() * 1.5 if draw() < 0.3 else 0.0
        if at < 0:
            late = 0.0  # a backlog stands there complete
        file_at: float | None = created + late
        if (fate := draw()) < 0.01:
            file_at = None
        elif fate < 0.11 and at > 0:
            file_at = created + late + draw() * 240
        return Call(self._row(at, conversation), self._content(), created, created + late, file_at)

    def _row(self, at: float, conversation: ConversationId | None) -> Recording:
        self._number += 1
        second = (START + timedelta(seconds=at)).replace(microsecond=0)
        return Recording(
            RecordingId(f"{self._random.getrandbits(32):08x}-r{self._number:05}"), second, conversation, None
        )

    def _content(self) -> bytes:
        size = self._random.randrange(20, 1200) if self._random.random() < 0.9 else self._random.randrange(1200, 3000)
        body = f"{self._seed}-{self._number}-".encode()
        return (b"ID3\x04" + body + body * (size // len(body)))[: max(size, 4 + len(body))]


def schedule(
    at: Callable[[float, Callable[[], None]], None], plan: Plan, created: Callable[[Call], None],
    visible: Callable[[Call], None], filed: Callable[[Call], None],
) -> None:  # fmt: skip
    """Put the calls of a plan into the kernel's order of things."""
    for call in plan.calls:
        at(call.created_at, lambda c=call: created(c))  # type: ignore[misc]
        if call.file_at is not None and call.file_at <= call.visible_at:
            at(call.visible_at, lambda c=call: filed(c))  # type: ignore[misc]
        at(call.visible_at, lambda c=call: visible(c))  # type: ignore[misc]
        if call.file_at is not None and call.file_at > call.visible_at:
            at(call.file_at, lambda c=call: filed(c))  # type: ignore[misc]

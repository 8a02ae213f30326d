"""Runs one seed: which class its history is of, what it came to, and what is to be read of it."""

import logging
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.kernel import Kernel
from tests.simulation.story import Story
from tests.simulation.truth import Violation
from tests.simulation.world import World

_ORDER = (
    *("mixed", "crash", "network", "person", "store", "calm"),
    *("mixed", "pause", "source", "apart", "queue", "mixed", "person", "drift"),
)


@dataclass(frozen=True)
class Result:
    """What one history came to."""

    seed: int
    kind: str
    recordings: int
    archived: int
    second_copies: int
    orphans: int
    failovers: int
    events: int
    virtual_seconds: float
    seconds: float
    digest: int
    faults: Counter[str]
    violations: list[Violation]
    story: list[str] = field(default_factory=list)


def kind_of(seed: int) -> str:
    """Name the class of a seed's history."""
    return _ORDER[seed % len(_ORDER)]


def run(seed: int, recordings: int = 300, *, kind: str | None = None, whole: bool = False) -> Result:
    """Play the history of a seed; `whole` keeps all of its story."""
    began = time.perf_counter()
    world = World(seed, kind or kind_of(seed), recordings, whole=whole)
    logger, handler = logging.getLogger("capture"), Log(world.kernel, world.story)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        world.play()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before[0])
        logger.propagate = before[1]
    truth = world.truth
    return Result(
        seed,
        truth.kind,
        len(truth.calls),
        len(truth.copies),
        truth.second_copies,
        world.ending.orphans,
        truth.failovers,
        world.kernel.events,
        world.kernel.now,
        time.perf_counter() - began,
        world.story.digest,
        world.weather.faults,
        truth.violations,
        world.story.lines() if whole else truth.excerpt,
    )


class Log(logging.Handler):
    """Takes what the nodes log into the story."""

    def __init__(self, kernel: Kernel, story: Story) -> None:
        super().__init__()
        self._kernel = kernel
        self._story = story

    def emit(self, record: logging.LogRecord) -> None:
        task = self._kernel.current
        self._story.note(task.owner or "" if task else "", "log", "log", record.getMessage())

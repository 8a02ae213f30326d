"""The archive step, side by side: every contender archives the same recordings into the same emulator, in turn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.contenders import Contender, Naive, Ours, Rclone
from bench.course import MIB, Course, Load, fresh_course
from bench.source import Source
from bench.verify import verify
from lab.host.host_json import HostJson
from lab.processes import ROOT

_SMALLEST = 1024
"""The least that the organisation makes a recording of."""
_SMALL = 64 * 1024
_WARM_UP = 40
"""Small recordings that each contender archives before the clock runs, besides two full ones: the emulator's code is
slow while it is new, and so is a process without connections."""


@dataclass(slots=True)
class Speeds:
    """MiB/s of each contender in each round, for recordings of one size."""

    label: str
    by_contender: dict[str, list[float]] = field(default_factory=dict)
    rclone_start_up: list[float] = field(default_factory=list)
    """Seconds that rclone takes for next to nothing."""

    def note(self, name: str, speed: float) -> None:
        """Add what one contender reached in one round."""
        self.by_contender.setdefault(name, []).append(speed)

    def best(self, names: Sequence[str]) -> str:
        """Name of the fastest of these contenders."""
        return max(names, key=lambda name: median(self.by_contender[name]))

    def ratios(self, other: str) -> list[float]:
        """How many times as fast as another contender ours was, round by round: both met the same machine then."""
        ours, others = self.by_contender["ours"], self.by_contender[other]
        return [mine / theirs for mine, theirs in zip(ours, others, strict=True)]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    repetitions: int
    files: dict[int, int]
    """Number of files by their size in MiB."""


def measure(plan: Plan, folder: Path, tell: Callable[[str], None]) -> list[Speeds]:
    """Run all rounds. ContenderFailedError when a contender did not archive what it was given."""
    contenders = _contenders(folder)
    results = []
    with Source(folder) as source:
        smallest = Load("1 KiB", source.publish(1, _SMALLEST), ())
        for size, count in plan.files.items():
            warm_up = (*source.publish(_WARM_UP, _SMALL), *source.publish(2, size * MIB))
            load = Load(f"{size} MiB", source.publish(count, size * MIB), warm_up)
            speeds = Speeds(load.label)
            for repetition in range(plan.repetitions):
                with fresh_course(source, load, folder) as course:
                    speeds.rclone_start_up.append(_prepared(course, smallest, folder))
                    for contender in rotated(contenders, repetition):
                        speed = _run(contender, course)
                        speeds.note(contender.name, speed)
                        tell(f"{load.label}, round {repetition + 1}: {contender.name} {speed:.0f} MiB/s")
            results.append(speeds)
    return results


def rotated[T](items: Sequence[T], turns: int) -> list[T]:
    """Begin with another one each time, so that nobody always comes first or after the same one."""
    start = turns % len(items)
    return [*items[start:], *items[:start]]


def _contenders(folder: Path) -> list[Contender]:
    at_once = HostJson.read(ROOT).queues.batch_size
    return [Ours(at_once), Naive(1), Rclone(4, folder), Naive(4), Rclone(8, folder)]


def _prepared(course: Course, smallest: Load, folder: Path) -> float:
    """Let the emulator compile what all use, and return the seconds that rclone takes for next to nothing."""
    rclone = Rclone(4, folder)
    with course.container("warm-up") as container:
        rclone.copy(course, container, course.load.warm_up)
        extra = Course(course.source, smallest, course.source.urls(smallest.recordings), course.storage)
        return rclone.copy(extra, container, smallest.recordings)


def _run(contender: Contender, course: Course) -> float:
    with course.container(contender.name.replace(" ", "-")) as container:
        seconds = contender.run(course, container)
        verify(course, container, with_ledger=isinstance(contender, Ours))
    return course.load.mib / seconds

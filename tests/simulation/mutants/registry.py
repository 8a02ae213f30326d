"""All faults by name, and the hunt for each."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from tests.simulation.history import run


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: which invariants are to notice it, and in which class of histories it shows best."""

    made: Callable[[], AbstractContextManager[object]]
    due: tuple[str, ...]
    kind: str | None
    recordings: float


MUTANTS: dict[str, Mutant] = {}

type Patch = Callable[[], Iterator[None]]


def mutant(name: str, *due: str, kind: str | None = None, recordings: float = 1) -> Callable[[Patch], Patch]:
    """Register a fault; `recordings` is how many times as many a history needs to be worth the name."""

    def register(function: Patch) -> Patch:
        MUTANTS[name] = Mutant(contextmanager(function), due, kind, recordings)
        return function

    return register


def instead(owner: object, name: str, new: object) -> AbstractContextManager[object]:
    """Put something else in the place of a method or function."""
    return patch.object(owner, name, new)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which invariant noticed a mutant first, in which history, and what is to be read of it."""

    mutant: str
    invariant: str | None
    seed: int | None
    histories: int
    text: str = ""
    story: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Make the report's line."""
        return {
            "mutant": self.mutant,
            "caught_by": self.invariant,
            "seed": self.seed,
            "histories": self.histories,
            "violation": self.text,
        }


def hunt(name: str, seeds: int = 40, recordings: int = 200, first: int = 0) -> Verdict:
    """Play histories with a mutant until something is noticed that is in order without it."""
    fault = MUTANTS[name]
    recordings = int(recordings * fault.recordings)
    for number, seed in enumerate(range(first, first + seeds), 1):
        with fault.made():
            result = run(seed, recordings, kind=fault.kind)
        seen = [each for each in result.violations if each.invariant.startswith(fault.due)]
        if seen:
            sound = {violation.invariant for violation in run(seed, recordings, kind=fault.kind).violations}
            new = [each for each in seen if each.invariant not in sound]
            if new:
                return Verdict(name, new[0].invariant, seed, number, str(new[0]), tuple(result.story))
    return Verdict(name, None, None, seeds)

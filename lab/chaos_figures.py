"""The figures of a chaos run: what one trial gave, whether it was clean, and what all of them gave together."""

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich import box
from rich.table import Table

TICK_SECONDS = 5.0
TAKEOVER_SECONDS = 18.5
"""What the design promises for the other node's first poll, at worst."""
WITNESS = "witness frozen"
"""Name of the one fault during which not even a poll may be missed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one trial gave."""

    trial: int
    fault: str
    target: str
    fault_seconds: float
    role_change_expected: bool | None
    """None: either is right."""
    survivor_first_poll_seconds: float | None
    """From the fault to the first poll of the other node; None where no change of role is expected, or none came."""
    next_poll_seconds: float | None
    """From the fault to the next poll of either node."""
    longest_gap_seconds: float
    role_changes: int
    published: int
    missing: int
    duplicates: int
    wrong_hashes: int
    ledgers_equal: bool
    settled_seconds: float | None
    """From the end of the calls to the last recording in both ledgers; None when it did not come to that."""
    problems: list[str] = field(default_factory=list)

    @property
    def blemishes(self) -> list[str]:
        """Everything that is not as it should be: none in a clean trial."""
        found = {
            f"{self.missing} missing": self.missing,
            f"{self.duplicates} archived twice": self.duplicates,
            f"{self.wrong_hashes} with a wrong hash": self.wrong_hashes,
            "the ledgers differ": not self.ledgers_equal,
            "nothing was published": not self.published,
            "the other node never polled": self.role_change_expected and self.survivor_first_poll_seconds is None,
            "nobody polled again": self.next_poll_seconds is None,
            f"{self.role_changes} changes of role": self.role_change_expected is False and self.role_changes,
            "polls were missed": self.fault == WITNESS and self.longest_gap_seconds > 2 * TICK_SECONDS,
        }
        return [*(text for text, wrong in found.items() if wrong), *self.problems]

    @property
    def remarks(self) -> list[str]:
        """What took longer than the design promises. A clean trial may have some: nothing was lost by it."""
        first = self.survivor_first_poll_seconds
        # While Dynamics or Entra is at fault nobody can poll; then the target is empty.
        steady = self.role_change_expected is False and self.target != "" and self.fault != WITNESS
        found = {
            f"more than {TAKEOVER_SECONDS} s to the other node's poll": first is not None and first > TAKEOVER_SECONDS,
            "polls were missed": steady and self.longest_gap_seconds > 2 * TICK_SECONDS,
        }
        return [text for text, so in found.items() if so]

    @property
    def clean(self) -> bool:
        """Nothing is missing and nothing is wrong."""
        return not self.blemishes

    def document(self) -> dict[str, Any]:
        """Spell it for the report."""
        return {**asdict(self), "blemishes": self.blemishes, "remarks": self.remarks, "clean": self.clean}


def totals(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Put the trials together."""
    firsts = [one.survivor_first_poll_seconds for one in outcomes if one.survivor_first_poll_seconds is not None]
    return {
        "trials": len(outcomes),
        "clean": sum(one.clean for one in outcomes),
        "published": sum(one.published for one in outcomes),
        "missing": sum(one.missing for one in outcomes),
        "duplicates": sum(one.duplicates for one in outcomes),
        "wrong_hashes": sum(one.wrong_hashes for one in outcomes),
        "ledgers_equal": all(one.ledgers_equal for one in outcomes),
        "role_changes": sum(one.role_changes for one in outcomes),
        "survivor_first_poll_p50": median(firsts),
        "survivor_first_poll_max": max(firsts, default=None),
        "longest_gap_seconds": max((one.longest_gap_seconds for one in outcomes), default=None),
    }


def median(seconds: Sequence[float]) -> float | None:
    """Return the middle of the values, to a hundredth of a second; None when there are none."""
    return round(statistics.median(seconds), 2) if seconds else None


def table(outcomes: Sequence[Outcome]) -> Table:
    """Lay the trials out for a terminal of 80 columns; `after` is the other node's first poll."""
    found = Table(title="What the faults have done", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for title in ("", "fault", "for", "after", "gap", "roles", "files"):
        found.add_column(title, justify="left" if title == "fault" else "right", no_wrap=True)
    found.add_column("found")
    for one in outcomes:
        first = one.survivor_first_poll_seconds
        found.add_row(
            *(str(one.trial), one.fault, f"{one.fault_seconds:.0f} s"),
            *("-" if first is None else f"{first:.1f} s", f"{one.longest_gap_seconds:.1f} s"),
            *(str(one.role_changes), str(one.published)),
            "; ".join([*(one.blemishes[:5] or ["clean"]), *one.remarks]),
        )
    return found

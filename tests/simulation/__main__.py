"""Commands of the simulation: run many seeds, try the mutants, or read one history."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from tests.simulation.history import Result, run
from tests.simulation.mutants import MUTANTS, Verdict, hunt

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)

_LINES = 40
"""Lines of a story on the screen; the report has more, `replay --about` all of them."""

type Report = Annotated[Path | None, typer.Option(help="Write the totals as JSON into this file.")]
type Processes = Annotated[int, typer.Option(help="How many histories at once.")]


@app.command(name="run")
def run_seeds(
    seeds: Annotated[int, typer.Option(help="How many histories.")] = 20,
    first: Annotated[int, typer.Option(help="The first seed.")] = 0,
    recordings: Annotated[int, typer.Option(help="Recordings in each history.")] = 1000,
    report: Report = None,
    processes: Processes = 2,
) -> None:
    """Play histories and judge them. Exit code 1 when anything happened that must not."""
    began = time.perf_counter()
    totals = Totals(recordings)
    for result in _side_by_side(partial(_quietly, recordings=recordings), range(first, first + seeds), processes):
        totals.add(result)
        if result.violations:
            typer.echo("\r" + "\n".join(_told(result, recordings)))
        typer.echo(f"\r{totals.line()}", nl=False)
    typer.echo("")
    totals.seconds = time.perf_counter() - began
    if report is not None:
        report.write_text(json.dumps(totals.document(), indent=2) + "\n")
    raise typer.Exit(1 if totals.violations else 0)


@app.command()
def mutants(
    report: Report = None,
    seeds: Annotated[int, typer.Option(help="How many histories a mutant may survive.")] = 120,
    recordings: Annotated[int, typer.Option(help="Recordings in each history.")] = 200,
    only: Annotated[str, typer.Option(help="Only mutants with this in their name.")] = "",
    processes: Processes = 2,
) -> None:
    """Put faults into the protocol, one at a time. Exit code 1 when one of them is not noticed."""
    names = [name for name in MUTANTS if only in name]
    verdicts: list[Verdict] = []
    typer.echo(f"{'mutant':<58} {'caught by':<28} {'seed':>5} {'histories':>9}")
    for verdict in _side_by_side(partial(hunt, seeds=seeds, recordings=recordings), names, processes):
        verdicts.append(verdict)
        seed = "" if verdict.seed is None else str(verdict.seed)
        typer.echo(f"{verdict.mutant:<58} {verdict.invariant or 'SURVIVED':<28} {seed:>5} {verdict.histories:>9}")
    if report is not None:
        report.write_text(json.dumps([verdict.document() for verdict in verdicts], indent=2) + "\n")
    raise typer.Exit(1 if any(verdict.invariant is None for verdict in verdicts) else 0)


@app.command()
def replay(
    seed: Annotated[int, typer.Argument(help="The seed.")],
    recordings: Annotated[int, typer.Option(help="Recordings in the history.")] = 1000,
    about: Annotated[str, typer.Option(help="Show only what mentions this id; `all` shows everything.")] = "",
    kind: Annotated[str, typer.Option(help="Class of the history, if not the seed's own.")] = "",
    mutant: Annotated[str, typer.Option(help="Put this fault into the protocol.")] = "",
) -> None:
    """Play one history and tell it: what concerns the first violation, or one id, or all."""
    with MUTANTS[mutant].made() if mutant else nullcontext():
        result = run(seed, recordings, kind=kind or None, whole=bool(about))
    for line in result.story:
        if about in ("", "all") or about in line or " fault " in line or " host " in line or " log " in line:
            typer.echo(line)
    typer.echo(f"seed {seed} ({result.kind}): {result.recordings} recordings, {result.archived} archived,")
    typer.echo(f"{result.events} events in {result.virtual_seconds:.0f} virtual seconds, digest {result.digest:x}")
    for violation in result.violations:
        typer.echo(str(violation))
    raise typer.Exit(1 if result.violations else 0)


class Totals:
    """The sum of all histories."""

    def __init__(self, recordings: int) -> None:
        self.seconds = 0.0
        self.violations = 0
        self._began = time.perf_counter()
        self._sums: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._copies: Counter[str] = Counter()
        self._failed: list[dict[str, object]] = []
        self._recordings = recordings

    def add(self, result: Result) -> None:
        """Count one history in."""
        self._sums["seeds"] += 1
        for name in ("recordings", "archived", "second_copies", "orphans", "failovers", "events"):
            self._sums[name] += getattr(result, name)
        self._sums["virtual_seconds"] += round(result.virtual_seconds)
        self._faults += result.faults
        self._kinds[result.kind] += 1
        self._copies[result.kind] += result.second_copies
        self.violations += len(result.violations)
        if result.violations:
            self._failed.append(
                {
                    "seed": result.seed,
                    "kind": result.kind,
                    "replay": _replay_command(result.seed, self._recordings),
                    "violations": [str(violation) for violation in result.violations],
                    "story": result.story,
                }
            )

    def line(self) -> str:
        """Write the progress."""
        sums = self._sums
        return (
            f"{sums['seeds']} histories, {sums['recordings']} recordings, {sums['archived']} archived, "
            f"{sums['second_copies']} second copies, {sums['failovers']} failovers, {self.violations} violations, "
            f"{time.perf_counter() - self._began:.0f} s"
        )

    def document(self) -> dict[str, object]:
        """Make the report."""
        return {
            **self._sums,
            "violations": self.violations,
            "faults": dict(sorted(self._faults.items())),
            "histories_by_class": dict(sorted(self._kinds.items())),
            "second_copies_by_class": dict(sorted(self._copies.items())),
            "recordings_per_history": self._recordings,
            "seconds": round(self.seconds, 1),
            "failed": self._failed,
        }


def _replay_command(seed: int, recordings: int) -> str:
    return f"python -m tests.simulation replay {seed} --recordings {recordings}"


def _told(result: Result, recordings: int) -> list[str]:
    """What went wrong in a history, how it came to that, and how to see it again."""
    lines = [f"seed {result.seed} ({result.kind}):", *(f"  {line[:200]}" for line in result.story[-_LINES:])]
    lines += [f"  {violation}" for violation in result.violations[:5]]
    return [*lines, f"  {_replay_command(result.seed, recordings)}"]


def _quietly(seed: int, recordings: int) -> Result:
    return run(seed, recordings)


def _side_by_side[T, R](function: "partial[R]", work: Iterable[T], processes: int) -> Iterator[R]:
    if processes < 2:
        yield from map(function, work)
        return
    with get_context("fork").Pool(processes) as pool:
        yield from pool.imap(function, work)


if __name__ == "__main__":
    sys.exit(app())

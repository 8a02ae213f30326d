"""`make bench`: measure, show the figures beside their targets, write them down.

The exit code is 0 when everything was measured and verified, whether the targets are met or not.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from bench import archive, backlog, calls, console, memory, recovery
from bench.contenders import ContenderFailedError
from bench.figures import figures, speed_table, target_table
from lab.processes import ROOT, NotStartedError
from lab.run import interruptible
from lab.waiting import TimeoutExpiredError

PARTS = ("archive", "memory", "calls", "backlog", "console", "recovery")


def main() -> int:
    """Run the parts that are asked for; 1 when one of them could not be measured."""
    arguments = _arguments().parse_args()
    terminal = Console()

    def tell(text: str) -> None:
        terminal.print(f"  {text}", highlight=False, soft_wrap=True, markup=False)

    interruptible()
    try:
        _measure(arguments, terminal, tell)
    except (ContenderFailedError, NotStartedError, TimeoutExpiredError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _measure(arguments: argparse.Namespace, terminal: Console, tell: Callable[[str], None]) -> None:
    parts = [arguments.only] if arguments.only else PARTS
    speeds: list[archive.Speeds] = []
    growth = per_recording = None
    if "archive" in parts:
        terminal.print("archive step", style="bold")
        home = ROOT / ".lab"
        home.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"bench-{datetime.now(UTC):%Y%m%d-%H%M%S}-", dir=home))
        plan = archive.Plan(arguments.repetitions, {4: arguments.files_4, 32: arguments.files_32})
        speeds = archive.measure(plan, folder, tell)
    if "memory" in parts:
        terminal.print("memory of a node", style="bold")
        growth = memory.measure(tell)
    if "calls" in parts:
        terminal.print("calls of Dataverse", style="bold")
        per_recording = calls.measure(arguments.recordings, arguments.rate, tell)
    report = figures(speeds, growth, per_recording)
    if "backlog" in parts:
        terminal.print("backlog after a day", style="bold")
        report |= backlog.figures(backlog.measure(arguments.backlog, tell))
    if "console" in parts:
        terminal.print("console with a large ledger", style="bold")
        report |= console.figures(console.measure(arguments.ledger, tell))
    if "recovery" in parts:
        terminal.print("recovery of a day with nothing missing", style="bold")
        report |= recovery.measure(arguments.day, tell)
    if speeds:
        terminal.print(speed_table(speeds))
    terminal.print(target_table(report))
    if arguments.report is not None:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the archive step beside other ways.")
    add = parser.add_argument
    add("--report", type=Path, help="write the figures into this JSON file")
    add("--only", choices=PARTS, help="run one part")
    add("--repetitions", type=_positive, default=3, help="rounds of the archive step (default: %(default)s)")
    add("--files-4", type=_positive, default=60, help="recordings of 4 MiB (default: %(default)s)")
    add("--files-32", type=_positive, default=12, help="recordings of 32 MiB (default: %(default)s)")
    add("--recordings", type=_positive, default=500, help="recordings of the calls part (default: %(default)s)")
    sizes = "sizes of the backlogs (default: 1000 10000)"
    add("--backlog", type=_positive, nargs="+", default=[1000, 10000], help=sizes)
    add("--ledger", type=_positive, default=50_000, help="recordings of the console part (default: %(default)s)")
    add("--day", type=_positive, default=100_000, help="recordings of the day to recover (default: %(default)s)")
    add("--rate", type=float, default=10, help="recordings per second of the calls part (default: %(default)g)")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())

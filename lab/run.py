"""`make run`: the pair and an organisation whose calls keep coming, until Ctrl-C, with a view of what is going on."""

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live

from lab.pair import NODES, Pair
from lab.processes import NotStartedError
from lab.stored import ARCHIVE
from lab.view import Reading, as_line, as_table
from lab.watcher import BACK_AFTER_SECONDS, Watcher

_TABLE_SECONDS = 2.0
_LINE_SECONDS = 5.0
_LOOK_SECONDS = 0.5
_HINT = (
    f"kill -9 the process of a node to see a failover; it is started again after {BACK_AFTER_SECONDS:.0f} s. "
    "Ctrl-C stops everything."
)


class Stoppable(Protocol):
    """A pair, or what has one inside."""

    def stop(self) -> None:
        """End everything, in order."""


def main() -> int:
    """Run until Ctrl-C, SIGTERM or `--seconds` and return the exit code: 0 when everything had come up."""
    arguments = _arguments()
    console = Console()
    began = time.monotonic()
    interruptible()
    try:
        # So that the console's days and its integrity have something to show within minutes.
        settings = {"RECOVERY_DAYS": "1", "RECOVERY_SCHEDULE": "*/15 * * * * *", "LOG_BLOCK_MINUTES": "2"}
        pair = Pair("run", calls_per_second=arguments.rate, settings=settings, tell=lambda text: _tell(console, text))
        with contextlib.suppress(KeyboardInterrupt), stopping(pair, console):
            console.print("starting", style="bold")
            pair.start_surroundings()
            pair.organisation.publish(2, recordings_per_call=1)  # so that there is something to do at once
            pair.start_nodes()
            console.print("where to look", style="bold")
            for place in _places(pair):
                _tell(console, place)
            _watch(Watcher(pair, began), arguments.seconds, console)
    except NotStartedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def interruptible() -> None:
    """Let SIGTERM and a closed terminal do what Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


@contextlib.contextmanager
def stopping(running: Stoppable, console: Console) -> Iterator[None]:
    """Stop the pair at the end, whatever ended it. A second Ctrl-C must not leave half of it running."""
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        with contextlib.suppress(OSError):
            console.print("stopping", style="bold")
        running.stop()


class _Screen:
    """Shows readings: a table that stays in place on a terminal, else a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._next = 0.0

    def show(self, reading: Reading) -> None:
        if time.monotonic() < self._next:
            return
        if self._live is not None:
            self._live.update(as_table(reading, [_HINT]), refresh=True)
        else:
            print(as_line(reading), flush=True)
        self._next = time.monotonic() + (_LINE_SECONDS if self._live is None else _TABLE_SECONDS)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()


def _watch(watcher: Watcher, seconds: float | None, console: Console) -> None:
    began = time.monotonic()
    archived = False
    with _Screen(console) as screen:
        while seconds is None or time.monotonic() - began < seconds:
            reading = watcher.read()
            if reading.archived and not archived:
                _tell(console, f"first recording archived after {reading.seconds:.1f} s")
                archived = True
            screen.show(reading)
            time.sleep(_TABLE_SECONDS if archived else _LOOK_SECONDS)


def _tell(console: Console, text: str) -> None:
    console.print(f"  {text}", highlight=False, soft_wrap=True, markup=False)


def _places(pair: Pair) -> Iterator[str]:
    for name in NODES:
        yield f"{name} console  {pair.nodes[name].url}/console"
        yield f"{name} status   {pair.nodes[name].status_url}"
        yield f"{name} archive  {pair.storage[name].address('Blob')}/{ARCHIVE}?restype=container&comp=list"
        yield f"{name} storage  {pair.storage[name].connection_string}"
        yield f"{name} log      {pair.nodes[name].log}"
    yield f"published     {pair.organisation.control}/lab/published"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description="Run the pair with a simulated organisation.")
    parser.add_argument("--seconds", type=float, help="end by itself after so many seconds")
    parser.add_argument("--rate", type=float, default=0.5, help="finished calls per second (default: %(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

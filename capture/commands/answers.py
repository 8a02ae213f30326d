"""How a command answers: a table for people, JSON for programs, and a number.

Exit codes: 0 done, 1 Dynamics or the nodes could not be reached or refused, 2 a mistake in the call or in the settings,
3 done, but not all is well.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from capture.errors import CaptureError, SettingsError

FAILED, MISTAKEN, UNWELL = 1, 2, 3
_COLOURS = {"created": "green", "changed": "yellow", "removed": "red", "unchanged": "dim"}


@contextmanager
def told() -> Iterator[None]:
    """Turn what the product foresees into a message and an exit code; nothing of it is a stack trace."""
    try:
        yield
    except SettingsError as error:
        _say(error.problems)
        raise typer.Exit(MISTAKEN) from None
    except CaptureError as error:
        _say([str(error)])
        raise typer.Exit(FAILED) from None


def answer(document: object, *, as_json: bool, tables: Callable[[], Sequence[Table]]) -> None:
    """Print the document as JSON, or the tables."""
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    else:
        Console().print(*tables(), sep="\n")


def table_of(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> Table:
    """Build a table; words for what was done are coloured."""
    made = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")  # a shortened address is of no use
    for line in lines:
        made.add_row(*(Text(cell, style=_COLOURS.get(cell, "")) for cell in line))
    return made


def _say(lines: Sequence[str]) -> None:
    console = Console(stderr=True)
    for line in lines:
        console.print(Text(line, style="red"))

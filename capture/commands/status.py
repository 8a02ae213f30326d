"""`status`: both nodes side by side, once or until Ctrl-C."""

import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from capture.commands.answers import FAILED, UNWELL, answer, table_of
from capture.commands.nodes import FUNCTION_KEY, Addresses, AsJson, KeyFrom, RemoteNode, nodes
from capture.errors import CaptureError

type Reading = dict[str, Any]

_COLOURS = {"ACTIVE": "bold green", "READY": "cyan"}
_LINES: dict[str, Callable[[Reading], str]] = {
    "epoch": lambda said: str(said["epoch"]),
    "low watermark": lambda said: said["low_watermark"] or "none yet",
    "lag": lambda said: "-" if said["lag_seconds"] is None else f"{said['lag_seconds']} s",
    "pending / assigned / queued": lambda said: (
        f"{said['outstanding']['pending']} / {sum(said['outstanding']['assigned'].values())} / "
        f"{said['outstanding']['queued']}"
    ),
    "archived in 24 h": lambda said: str(said["archived"]["total"]),
    "archived by it": lambda said: str(said["archived"].get(said["node"], 0)),
    "second copies": lambda said: str(said["second_copies"]),
    "parked": lambda said: str(said["parked"]),
    "outbox": lambda said: f"{said['outbox']['waiting']}, oldest {said['outbox']['oldest_seconds']} s",
    "last error": lambda said: (
        f"{said['last_error']['at']} {said['last_error']['text']}" if said["last_error"] else "none"
    ),
}


def status(
    node: Addresses,
    key_from: KeyFrom = FUNCTION_KEY,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C, every two seconds.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show both nodes. 0: all is well, 1: no node answers, 3: not exactly one is ACTIVE, or one does not answer."""
    if watch and as_json:
        raise typer.BadParameter("is for people: --json answers once", param_hint="--watch")
    known = nodes(node, key_from)
    if watch:
        _watch(known)
        return
    readings = [_read(each) for each in known]
    answer(readings, as_json=as_json, tables=lambda: [_table(readings)])
    if (code := exit_code(readings)) != 0:
        raise typer.Exit(code)


def exit_code(readings: Sequence[Reading]) -> int:
    """Judge what the nodes have said."""
    answered = [each for each in readings if "role" in each]
    if not answered:
        return FAILED
    active = {each["node"] for each in answered if each["role"] == "ACTIVE"}
    active |= {each["peer"]["node"] for each in answered if each["peer"].get("role") == "ACTIVE"}
    silent = any(each["peer"].get("role") == "SILENT" for each in answered)
    return UNWELL if len(active) != 1 or silent or len(answered) < len(readings) else 0


def _read(node: RemoteNode) -> Reading:
    try:
        return {"address": node.address, **node.get("status")}
    except CaptureError as error:
        return {"address": node.address, "error": str(error)}


def _table(readings: Sequence[Reading]) -> Table:
    table = table_of(["", *(str(each.get("node", each["address"])) for each in readings)], [])
    roles = [str(each.get("role", "NO ANSWER")) for each in readings]
    table.add_row("role", *(Text(role, style=_COLOURS.get(role, "bold red")) for role in roles))
    for title, text in _LINES.items():
        table.add_row(title, *(text(each) if "role" in each else "-" for each in readings))
    for each in readings:
        if "error" in each:
            table.add_row("", Text(each["error"], style="red"))
    return table


def _watch(known: Sequence[RemoteNode]) -> None:
    try:
        with Live(_table([_read(each) for each in known]), console=Console(), auto_refresh=False) as live:
            while True:
                time.sleep(2)
                live.update(_table([_read(each) for each in known]), refresh=True)
    except KeyboardInterrupt:
        return

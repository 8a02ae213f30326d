"""Recovery and verification: ask for it, watch it, look at what was asked. The work is the ACTIVE node's."""

import csv
import re
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from capture.commands.answers import UNWELL, answer, table_of, told
from capture.commands.nodes import FUNCTION_KEY, Addresses, AsJson, KeyFrom, RemoteNode, first_answer, nodes
from capture.errors import Transient
from capture.model.request import MOST_IDS

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EVERY_SECONDS = 1.0
_MOST_SILENT_SECONDS = 60.0
_STOPPED = "stopped"

From = Annotated[
    datetime | None, typer.Option("--from", help="Begin of the period, UTC: when recordings were created.")
]
To = Annotated[datetime | None, typer.Option("--to", help="End of the period, UTC.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return as soon as a node has taken the request.")]


def recover(
    node: Addresses,
    start: From = None,
    end: To = None,
    ids: Annotated[
        Path | None, typer.Option(help="CSV file with ids of recordings or conversations, in whatever column.")
    ] = None,
    one: Annotated[str | None, typer.Option("--id", help="One id of a recording or conversation.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what is missing.")] = False,
    no_wait: NoWait = False,
    key_from: KeyFrom = FUNCTION_KEY,
    as_json: AsJson = False,
) -> None:
    """Compare Dynamics with the ledger and fetch what is missing. Exit code 3: not all was recovered."""
    asked = _asked(start, end, ids, one)
    known = nodes(node, key_from)
    with told():
        taken = [_taken(known, {**each, "dry_run": dry_run}) for each in asked]
        done = taken if no_wait else _watched(known, taken, quiet=as_json)
    answer(done, as_json=as_json, tables=lambda: [_table(done), *_found(done)])
    if any(each["failed"] or each["status"] == _STOPPED for each in done):
        raise typer.Exit(UNWELL)


def verify(
    node: Addresses,
    start: From = None,
    end: To = None,
    sample: Annotated[int, typer.Option(min=0, help="About so many recordings instead of all.")] = 0,
    no_wait: NoWait = False,
    key_from: KeyFrom = FUNCTION_KEY,
    as_json: AsJson = False,
) -> None:
    """Read archived recordings again, compare them with both ledgers and the log. Exit code 3: something is wrong."""
    body: dict[str, object] = {"kind": "verify", "sample": sample}
    if start is not None or end is not None:
        body |= _period(start, end)
    known = nodes(node, key_from)
    with told():
        taken = [_taken(known, body)]
        done = taken if no_wait else _watched(known, taken, quiet=as_json)
    answer(done, as_json=as_json, tables=lambda: [_table(done), *_found(done)])
    if any(each["detected"] or each["status"] == _STOPPED for each in done):
        raise typer.Exit(UNWELL)


def requests(
    node: Addresses,
    request: Annotated[str | None, typer.Argument(metavar="ID", help="One request, with what it has found.")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Stop it.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Let it go on.")] = False,
    key_from: KeyFrom = FUNCTION_KEY,
    as_json: AsJson = False,
) -> None:
    """List the requests to recover or verify; show, stop or resume one."""
    if (stop or resume) and (request is None or stop == resume):
        raise typer.BadParameter(
            "goes with the id of one request, and only one of --stop and --resume", param_hint="ID"
        )
    known = nodes(node, key_from)
    with told():
        if request is None:
            said = first_answer(known, lambda each: each.get("recovery"))
        elif stop or resume:
            said = [first_answer(known, lambda each: each.post(f"recovery/{request}/{'stop' if stop else 'resume'}"))]
        else:
            said = [first_answer(known, lambda each: each.get(f"recovery/{request}"))]
    answer(said, as_json=as_json, tables=lambda: [_table(said), *(_times(said) if request else ()), *_found(said)])


def _asked(start: datetime | None, end: datetime | None, ids: Path | None, one: str | None) -> list[dict[str, object]]:
    if sum((start is not None or end is not None, ids is not None, one is not None)) != 1:
        raise typer.BadParameter("name a period (--from, --to), a file (--ids) or one id (--id)", param_hint="--from")
    if one is not None:
        if not _GUID.fullmatch(one.strip().strip("{}").lower()):
            raise typer.BadParameter(f"{one!r} is no id (a guid)", param_hint="--id")
        return [{"ids": [one]}]
    if ids is not None:
        found = list(dict.fromkeys(_ids_in(ids)))
        if not found:
            raise typer.BadParameter(f"{ids} holds no id (a guid)", param_hint="--ids")
        return [{"ids": list(some)} for some in batched(found, MOST_IDS, strict=False)]
    return [_period(start, end)]


def _period(start: datetime | None, end: datetime | None) -> dict[str, object]:
    if start is None or end is None:
        raise typer.BadParameter("a period needs both --from and --to", param_hint="--from")
    start, end = _utc(start), _utc(end)
    if start > end:
        raise typer.BadParameter("lies after --to", param_hint="--from")
    return {"from": start.isoformat(), "to": end.isoformat()}


def _ids_in(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.reader(lines):
                for cell in row:
                    text = cell.strip().strip("{}").lower()
                    if _GUID.fullmatch(text):
                        yield text
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or "is no CSV file in UTF-8"
        raise typer.BadParameter(f"{path}: {why}", param_hint="--ids") from None


def _utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _taken(known: Sequence[RemoteNode], body: dict[str, object]) -> dict[str, Any]:
    return dict(first_answer(known, lambda each: each.post("recovery", body)))


def _watched(known: Sequence[RemoteNode], taken: Sequence[dict[str, Any]], *, quiet: bool) -> list[dict[str, Any]]:
    """Wait until all are done or stopped. A node may go away meanwhile: the other one knows the request, too."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=quiet,
    )
    with bar:
        return [_until_done(known, each, bar) for each in taken]


def _until_done(known: Sequence[RemoteNode], taken: dict[str, Any], bar: Progress) -> dict[str, Any]:
    task = bar.add_task(taken["id"], total=None, said=taken["status"])
    heard = time.monotonic()
    while True:
        try:
            said: dict[str, Any] = first_answer(known, lambda each: each.get(f"recovery/{taken['id']}"))
            heard = time.monotonic()
        except Transient:
            if time.monotonic() - heard > _MOST_SILENT_SECONDS:
                raise
            time.sleep(_EVERY_SECONDS)
            continue
        text = f"{said['status']}: {said['compared']} compared, {said['detected']} found, {said['recovered']} recovered"
        bar.update(task, completed=_share(said), total=1.0, said=text)
        if said["status"] in ("done", _STOPPED):
            return said
        time.sleep(_EVERY_SECONDS)


def _share(said: dict[str, Any]) -> float:
    """How much is done, from 0 to 1: of ids by count, of a period by time, then what is still being fetched."""
    if said["status"] == "done":
        return 1.0
    if said["ids"]:
        looked = float(said["compared"] / said["ids"])
    elif said["from"] and said["to"] and said["reached"]:
        start, end, reached = (datetime.fromisoformat(said[key]) for key in ("from", "to", "reached"))
        looked = (reached - start) / (end - start) if end > start else 1.0
    else:
        looked = 0.0
    settled = float((said["recovered"] + said["failed"]) / said["detected"]) if said["detected"] else 0.0
    return min(0.99, 0.5 * min(1.0, looked) + (0.5 * settled if said["status"] == "fetching" else 0.0))


def _table(said: Sequence[dict[str, Any]]) -> Table:
    lines = [
        [
            each["id"],
            f"{each['mode']} {each['kind']}{' (dry run)' if each['dry_run'] else ''}",
            each["status"],
            f"{each['ids']} ids" if each["ids"] else f"{each['from'] or 'begin'} {each['to'] or ''}",
            *(str(each[number]) for number in ("compared", "detected", "recovered", "failed")),
        ]
        for each in said
    ]
    made = table_of(["request", "what", "status", "of", "compared", "found", "recovered", "failed"], lines)
    for column in (0, 2):
        made.columns[column].no_wrap = True  # these are copied, and looked for
    return made


def _times(said: Sequence[dict[str, Any]]) -> list[Table]:
    names = ("asked", "started", "ended")
    return [table_of(list(names), [[each[name] or "-" for name in names] for each in said])]


def _found(said: Sequence[dict[str, Any]]) -> list[Table]:
    items = [item for each in said for item in each.get("items", ())]
    if not items:
        return []
    columns = ["id", "created_on", "outcome", "why", "reason"]
    return [table_of(columns, [[item[column] for column in columns] for item in items])]

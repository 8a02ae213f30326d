"""Recordings: search, and get one with its metadata."""

import hashlib
import json
import mimetypes
import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from capture.commands.answers import answer, table_of, told
from capture.commands.nodes import (
    FUNCTION_KEY,
    HOST_KEY,
    Addresses,
    AsJson,
    HostKeyFrom,
    KeyFrom,
    RemoteNode,
    first_answer,
    nodes,
)
from capture.errors import Mangled

recordings = typer.Typer(help="Find recordings, and get one with its metadata.", no_args_is_help=True)


def _day(text: str | None) -> str | None:
    try:
        return None if text is None else date.fromisoformat(text).isoformat()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day such as 2026-11-22") from None


def _moment(text: str) -> str:
    try:
        named = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time such as 2026-11-22T10:00:00Z") from None
    if not named:
        raise typer.BadParameter(f"{text!r} must name its time zone, such as Z")
    return text


Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the recording.")]
By = Annotated[str, typer.Option(help="Who says so; kept for ever.")]
Reason = Annotated[str, typer.Option(help="Why, such as the number of the case; kept for ever.")]
At = Annotated[str, typer.Option(help="Its `created_on`, as search shows it.", callback=_moment)]
Day = Annotated[
    str | None, typer.Option(help="Day in UTC, such as 2026-11-22; today if nothing is said.", callback=_day)
]
To = Annotated[str | None, typer.Option(help="Last day, at most 30 days later.", callback=_day)]

_COLUMNS = ["created_on", "recording_id", "conversation_id", "agents", "from_phone", "to_phone", "queue", "state"]


@recordings.command()
def search(
    node: Addresses,
    day: Day = None,
    to: To = None,
    agent: Annotated[str | None, typer.Option(help="Beginning of any part of an agent's name.")] = None,
    number: Annotated[str | None, typer.Option(help="End of a phone number.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Id of a conversation; needs no day.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    key_from: KeyFrom = FUNCTION_KEY,
    as_json: AsJson = False,
) -> None:
    """Find recordings by day, agent, number or conversation, the latest day first."""
    known = nodes(node, key_from)
    query = {"day": day, "to": to, "agent": agent, "number": number, "conversation": conversation}
    found: list[dict[str, Any]] = []
    after: str | None = None
    with told():
        while True:
            asked = {**query, "limit": str(min(200, limit - len(found))), "after": after}
            page = first_answer(known, lambda each, asked=asked: each.get("recordings", asked))  # type: ignore[misc]
            found += page["findings"]
            after = page["after"]
            if after is None or len(found) >= limit:
                break
    lines = [[_cell(each[column]) for column in _COLUMNS] for each in found]
    titles = [column.removesuffix("_id").replace("_", " ") for column in _COLUMNS]
    answer({"findings": found, "after": after}, as_json=as_json, tables=lambda: [table_of(titles, lines)])


@recordings.command()
def get(
    recording: Id,
    at: At,
    node: Addresses,
    out: Annotated[Path | None, typer.Option(help="Folder for the file and its metadata; needs the host key.")] = None,
    key_from: KeyFrom = FUNCTION_KEY,
    host_key_from: HostKeyFrom = HOST_KEY,
    as_json: AsJson = False,
) -> None:
    """Show one recording with its metadata; with --out also fetch it, checked against the hash in the ledger."""
    known = nodes(node, key_from)
    holders = nodes(node, host_key_from) if out is not None else []
    with told():
        view = first_answer(known, lambda each: each.get(f"recordings/{recording}", {"at": at}))
        if out is not None:
            view["file"] = str(first_answer(holders, lambda each: _fetch(each, view["recordings"][0], out)))
            _beside(Path(view["file"])).write_text(json.dumps(view, indent=2) + "\n", encoding="utf-8")
    facts = {**view["recordings"][0], **(view["conversation"] or {}), "file": view.get("file")}
    shown = [[name, _cell(value)] for name, value in facts.items() if isinstance(value, str | int)]
    answer(view, as_json=as_json, tables=lambda: [table_of(["what", "is"], shown)])


@recordings.command()
def remove(
    recording: Id,
    at: At,
    by: By,
    reason: Reason,
    node: Addresses,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    host_key_from: HostKeyFrom = HOST_KEY,
    as_json: AsJson = False,
) -> None:
    """Remove one recording from both archives, such as one in which a card number is read out. Exit code 1: held."""
    known = nodes(node, host_key_from)
    if not yes:
        typer.confirm(f"Remove the recording {recording} for ever?", abort=True, err=True)
    with told():
        body = {"created_on": at, "by": by, "reason": reason}
        said = first_answer(known, lambda each: each.post(f"recordings/{recording}/remove", body))
    answer(said, as_json=as_json, tables=lambda: [table_of(["recording", "state"], [[recording, said["state"]]])])


def _fetch(node: RemoteNode, recording: dict[str, Any], folder: Path) -> Path:
    """Write the file and return where; Mangled when its bytes are not what was archived: then nothing is left."""
    folder.mkdir(parents=True, exist_ok=True)
    extension = mimetypes.guess_extension(recording["media_type"] or "") or ".bin"
    path = folder / f"{re.sub(r'[^A-Za-z0-9._-]', '-', recording['id'])}{extension}"
    part = path.with_suffix(".part")
    digest, at, total = hashlib.sha256(), 0, 1
    with part.open("wb") as file:
        while at < total:
            piece, total = node.piece(f"recordings/{recording['id']}/media", {"at": recording["created_on"]}, at)
            file.write(piece)
            digest.update(piece)
            at += len(piece)
    if digest.hexdigest() != recording["sha256"]:
        part.unlink()
        raise Mangled("the bytes in the archive are not those that the ledger knows: the object was altered")
    return part.replace(path)


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)

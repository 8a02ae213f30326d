"""`doctor`: every setting and every connection of a node in order, a line each: what is wrong and how to mend it.

It reads with the node's own settings and changes nothing; so it cannot say whether a store may be written to.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from capture.clock import SystemClock
from capture.commands.answers import FAILED, MISTAKEN
from capture.commands.nodes import AsJson
from capture.errors import CaptureError, SettingsError, Unauthorized
from capture.model.identity import NodeName
from capture.node import store_names
from capture.omnichannel.organisation import Organisation
from capture.ports import Queue
from capture.settings import Settings
from capture.storage.stores import open_own_store, open_peer_store, open_witness


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what, whether it is well, and else what is wrong and what to do."""

    what: str
    well: bool
    says: str


def doctor(
    settings: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Settings file (local.settings.json) instead of the environment."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a node's settings and connections. 0: all well; 1: a connection is not; 2: a setting is not."""
    console = Console()
    found: list[Finding] = []
    for each in examine(_environ(settings)):
        found.append(each)
        if not as_json:
            mark = Text("ok   ", style="green") if each.well else Text("WRONG", style="bold red")
            console.print(mark, Text(f"{each.what}: {each.says}"), soft_wrap=True)
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2))
    if any(not each.well for each in found):
        raise typer.Exit(MISTAKEN if any(each.what == "settings" and not each.well for each in found) else FAILED)


def examine(environ: dict[str, str] | None) -> Iterator[Finding]:
    """Look at one thing after the other. With settings that cannot be used nothing else is tried."""
    try:
        settings = Settings.from_env() if environ is None else Settings.from_env(environ)
        checks = _checks(settings)
    except SettingsError as error:
        for problem in error.problems:
            yield Finding("settings", False, problem)
        return
    yield Finding("settings", True, f"node {settings.node_name}, peer {settings.peer_name}")
    for what, check in checks:
        try:
            yield Finding(what, True, str(check()))
        except CaptureError as error:
            yield Finding(what, False, str(error))


def _checks(settings: Settings) -> list[tuple[str, Callable[[], object]]]:
    names, clock = store_names(settings), SystemClock()
    own, peer = open_own_store(settings.own_storage, names), open_peer_store(settings.peer_storage, names)
    witness = open_witness(settings.witness_storage, names)
    source = Organisation(settings, own.state, clock)

    def recordings() -> str:
        since = clock.now() - timedelta(hours=1)
        return f"{sum(len(page) for page in source.recordings_between(since, clock.now()))} rows of the last hour"

    return [
        ("own storage, blobs", lambda: _beat(own.heartbeats.read(NodeName(settings.node_name)))),
        ("own storage, queues", lambda: f"{own.ingest.length()} messages in {settings.ingest_queue}"),
        ("own storage, tables", lambda: _last_error(own.state.last_error())),
        ("own archive", lambda: own.archive.size("no-such-object") or "readable"),
        ("peer's storage, blobs", lambda: _beat(peer.heartbeats.read(NodeName(settings.peer_name)))),
        ("peer's storage, queues", lambda: length(peer.watermarks, settings.watermark_queue)),
        ("peer's archive", lambda: peer.archive.size("no-such-object") or "readable"),
        ("witness", lambda: f"epoch {witness.reign()[0]}"),
        ("Dynamics, recordings", recordings),
        ("console", lambda: _console(settings)),
    ]


def length(queue: Queue, name: str) -> str:
    """Say how many messages a queue has, or that this node has no right to see it."""
    try:
        return f"{queue.length()} messages in {name}"
    except Unauthorized:
        # A node's own role there: Storage Queue Data Message Sender.
        return "may be sent to at most, not read: whether it may be sent to was not tried"


def _beat(reading: tuple[Any, float] | None) -> str:
    return "no heartbeat yet" if reading is None else f"heartbeat {reading[1]:.0f} s old, {reading[0].role.value}"


def _last_error(error: tuple[Any, str] | None) -> str:
    return "no error is kept" if error is None else f"last error at {error[0]:%Y-%m-%d %H:%M:%S}: {error[1]}"


def _console(settings: Settings) -> str:
    if not settings.website_site_name:
        return "open on this machine only"
    return "for the tenant in CONSOLE_TENANT_ID" if settings.console_tenant_id else "closed: CONSOLE_TENANT_ID is empty"


def _environ(path: Path | None) -> dict[str, str] | None:
    if path is None:
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))["Values"]
        return {str(name): str(value) for name, value in values.items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise typer.BadParameter(
            'is no settings file: {"Values": {...}} is expected', param_hint="--settings"
        ) from None

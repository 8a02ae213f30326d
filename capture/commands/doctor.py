"""`doctor`: every setting and every connection of a node in order, a line each: what is wrong and how to mend it.

It reads with the node's own settings and changes nothing; so it cannot say whether a store may be written to.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from capture.clock import SystemClock
from capture.commands.answers import FAILED, MISTAKEN
from capture.commands.connections import Check, connections
from capture.commands.nodes import AsJson
from capture.errors import CaptureError, SettingsError, Transient
from capture.node import store_names
from capture.omnichannel.organisation import Organisation
from capture.settings import Settings, misspelt
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
    for name, meant in misspelt(environ):
        yield Finding("settings", False, f"{name}: is no setting and has no effect; {meant} is one")
    try:
        settings = Settings.from_env() if environ is None else Settings.from_env(environ)
        checks = _checks(settings)
    except SettingsError as error:
        for problem in error.problems:
            yield Finding("settings", False, problem)
        return
    yield Finding("settings", True, f"node {settings.node_name}, peer {settings.peer_name}")
    for each in checks:
        try:
            yield Finding(each.what, True, str(each.check()))
        except Transient as error:
            yield Finding(each.what, False, f"{error}; {each.remedy}")
        except CaptureError as error:
            yield Finding(each.what, False, str(error))


def _checks(settings: Settings) -> list[Check]:
    names, clock = store_names(settings), SystemClock()
    own, peer = open_own_store(settings.own_storage, names), open_peer_store(settings.peer_storage, names)
    witness = open_witness(settings.witness_storage, names)
    return connections(settings, own, peer, witness, Organisation(settings, own.state, clock), clock)


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

"""Parked recordings: list, show, requeue."""

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
from capture.errors import Absent

parked = typer.Typer(help="Recordings that were given up, with their reasons.", no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the recording.")]


@parked.command("list")
def list_(node: Addresses, key_from: KeyFrom = FUNCTION_KEY, as_json: AsJson = False) -> None:
    """List them."""
    known = nodes(node, key_from)
    with told():
        found = first_answer(known, _listed)
    lines = [[each["recording_id"], each["created_on"], each["reason"]] for each in found]
    answer(found, as_json=as_json, tables=lambda: [table_of(["recording", "created", "reason"], lines)])


@parked.command()
def show(recording: Id, node: Addresses, key_from: KeyFrom = FUNCTION_KEY, as_json: AsJson = False) -> None:
    """Show one of them with its conversation."""
    known = nodes(node, key_from)
    with told():
        one = next((each for each in first_answer(known, _listed) if each["recording_id"] == recording), None)
        if one is None:
            raise Absent(f"no parked recording has the id {recording}: `parked list` shows them")
        view = first_answer(known, lambda each: each.get(f"recordings/{recording}", {"at": one["created_on"]}))
    talk = view["conversation"] or {}
    lines = [[name, str(value)] for name, value in {**one, **talk}.items() if value is not None]
    answer({**one, **view}, as_json=as_json, tables=lambda: [table_of(["what", "is"], lines)])


@parked.command()
def requeue(recording: Id, node: Addresses, host_key_from: HostKeyFrom = HOST_KEY, as_json: AsJson = False) -> None:
    """Take one of them up again; the ACTIVE node assigns it with its next sweep."""
    known = nodes(node, host_key_from)
    with told():
        said = first_answer(known, lambda each: each.post(f"parked/{recording}/requeue"))
    answer(said, as_json=as_json, tables=lambda: [table_of(["recording", "state"], [[recording, said["state"]]])])


def _listed(node: RemoteNode) -> list[dict[str, Any]]:
    return list(node.get("parked"))

"""`handover`: a person says which node shall be ACTIVE."""

import time
from typing import Annotated, Any

import typer

from capture.commands.answers import UNWELL, answer, table_of, told
from capture.commands.nodes import HOST_KEY, Addresses, AsJson, HostKeyFrom, RemoteNode, first_answer, nodes

_LOOK_SECONDS = 0.5


def handover(
    to: Annotated[str, typer.Argument(metavar="NODE", help="Name of the node that shall be ACTIVE.")],
    node: Addresses,
    alone_minutes: Annotated[
        int, typer.Option(min=0, max=24 * 60, help="Also without a majority, for so long: when two regions are lost.")
    ] = 0,
    wait: Annotated[int, typer.Option(min=0, max=600, help="Seconds to wait until it is ACTIVE.")] = 30,
    host_key_from: HostKeyFrom = HOST_KEY,
    as_json: AsJson = False,
) -> None:
    """Let a node be ACTIVE from now on whenever it can. 0: it is; 1: refused; 3: it was not in time, the word holds."""
    known = nodes(node, host_key_from)
    with told():
        said = first_answer(known, lambda each: each.post("role", {"active": to, "alone_minutes": alone_minutes}))
        began = time.monotonic()
        seconds = None
        while seconds is None and time.monotonic() - began < wait:
            if first_answer(known, _active) == to:
                seconds = round(time.monotonic() - began, 1)
            else:
                time.sleep(_LOOK_SECONDS)
    document: dict[str, Any] = {**said, "active_after_seconds": seconds}
    told_as = f"after {seconds} s" if seconds is not None else f"not within {wait} s"
    answer(document, as_json=as_json, tables=lambda: [table_of(["node", "is ACTIVE"], [[to, told_as]])])
    if seconds is None:
        raise typer.Exit(UNWELL)


def _active(node: RemoteNode) -> str | None:
    status = node.get("status")
    if status["role"] == "ACTIVE":
        return str(status["node"])
    return str(status["peer"]["node"]) if status["peer"].get("role") == "ACTIVE" else None

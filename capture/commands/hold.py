"""Legal holds: set, release, list."""

import typer

from capture.commands.answers import answer, table_of, told
from capture.commands.nodes import FUNCTION_KEY, HOST_KEY, Addresses, AsJson, HostKeyFrom, KeyFrom, first_answer, nodes
from capture.commands.recordings import At, By, Id, Reason

hold = typer.Typer(help="Legal holds: what is held is neither removed nor expires.", no_args_is_help=True)

_COLUMNS = ["recording_id", "created_on", "held_at", "by", "reason"]


@hold.command("set")
def set_(
    recording: Id,
    at: At,
    by: By,
    reason: Reason,
    node: Addresses,
    host_key_from: HostKeyFrom = HOST_KEY,
    as_json: AsJson = False,
) -> None:
    """Put a recording under hold, at both nodes."""
    _say(recording, {"created_on": at, "by": by, "reason": reason}, node, host_key_from, as_json=as_json)


@hold.command()
def release(
    recording: Id,
    at: At,
    by: By,
    reason: Reason,
    node: Addresses,
    host_key_from: HostKeyFrom = HOST_KEY,
    as_json: AsJson = False,
) -> None:
    """Release it."""
    said = {"created_on": at, "by": by, "reason": reason, "on": False}
    _say(recording, said, node, host_key_from, as_json=as_json)


@hold.command("list")
def list_(node: Addresses, key_from: KeyFrom = FUNCTION_KEY, as_json: AsJson = False) -> None:
    """List what is under hold, with who and why."""
    known = nodes(node, key_from)
    with told():
        found = first_answer(known, lambda each: each.get("holds"))
    titles = [column.removesuffix("_id").replace("_", " ") for column in _COLUMNS]
    lines = [[each[column] for column in _COLUMNS] for each in found]
    answer(found, as_json=as_json, tables=lambda: [table_of(titles, lines)])


def _say(recording: str, said: dict[str, object], addresses: list[str], variable: str, *, as_json: bool) -> None:
    known = nodes(addresses, variable)
    with told():
        done = first_answer(known, lambda each: each.post(f"recordings/{recording}/hold", said))
    state = "held" if done["held"] else "released"
    answer(done, as_json=as_json, tables=lambda: [table_of(["recording", "state"], [[recording, state]])])

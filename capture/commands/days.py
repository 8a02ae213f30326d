"""Days: how each stands, and a person's note that closes what is wrong with one."""

from typing import Annotated, Any

import typer
from rich.table import Table

from capture.commands.answers import UNWELL, answer, table_of, told
from capture.commands.nodes import FUNCTION_KEY, Addresses, AsJson, KeyFrom, first_answer, nodes

days = typer.Typer(help="Days with their compliance figure, and what is wrong with them.", no_args_is_help=True)

_COUNTS = ["completed", "archived", "pending", "parked", "without_recording", "too_short"]
_TITLES = ["day", "calls", "archived", "pending", "parked", "none", "short", "figure", "both counts"]


@days.command("list")
def list_(
    node: Addresses,
    latest: Annotated[int, typer.Option("--days", min=1, max=366, help="How many of the latest.")] = 7,
    key_from: KeyFrom = FUNCTION_KEY,
    as_json: AsJson = False,
) -> None:
    """List the latest days, the latest first. Exit code 3: something is wrong with one that nobody has closed."""
    known = nodes(node, key_from)
    with told():
        found = list(first_answer(known, lambda each: each.get("verification", {"days": str(latest)})))
    _say(found, as_json=as_json)
    if any(each["open"] for each in found):
        raise typer.Exit(UNWELL)


@days.command()
def close(
    day: Annotated[str, typer.Argument(metavar="DAY", help="Day in UTC, such as 2026-11-22.")],
    by: Annotated[str, typer.Option(help="Who says so; kept with the day.")],
    note: Annotated[str, typer.Option(help="Why it is in order; kept with the day.")],
    node: Addresses,
    key_from: KeyFrom = FUNCTION_KEY,
    as_json: AsJson = False,
) -> None:
    """Close what is wrong with a day: it is not told again unless it gets worse."""
    known = nodes(node, key_from)
    with told():
        said = first_answer(known, lambda each: each.post(f"verification/{day}", {"by": by, "note": note}))
    _say([said], as_json=as_json)


def _say(found: list[dict[str, Any]], *, as_json: bool) -> None:
    answer(found, as_json=as_json, tables=lambda: [_figures(found), *_wrong(found)])


def _figures(found: list[dict[str, Any]]) -> Table:
    """Calls by what has become of them, the compliance figure, and recordings as Dynamics and the ledger count them."""
    lines = [
        [
            day["day"],
            *(str(day[each]) for each in _COUNTS),
            "-" if day["compliance"] is None else f"{100 * day['compliance']:.2f} %",
            f"{day['in_dynamics']}/{day['in_ledger']}",
        ]
        for day in found
    ]
    made = table_of(_TITLES, lines)
    made.columns[0].no_wrap = True  # it is copied
    return made


def _wrong(found: list[dict[str, Any]]) -> list[Table]:
    lines = [[day["day"], day["incident"] or "", _closed(day)] for day in found if day["incident"] or day["closed"]]
    return [table_of(["day", "what is wrong", "closed by"], lines)] if lines else []


def _closed(day: dict[str, Any]) -> str:
    if not day["closed"]:
        return ""
    return f"{day['closed']['by']}: {day['closed']['note']}{' (it has got worse since)' if day['open'] else ''}"

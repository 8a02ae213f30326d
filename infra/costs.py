"""What a pair costs: python infra/costs.py infra/prices.toml.

Idle for a month, for every 100,000 calls of six minutes, for every TB in the archive for a month. The formulas are in
docs/costs.md; prices and quantities come from the file, where those that are not filled in are named.
"""

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOURS = 730
"""Of a month, as Azure's price list counts."""
SECONDS = HOURS * 3600
CALLS = 100_000
_MIB_OF_GIB, _GIB_OF_TIB = 1024, 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill, in the currency of the prices."""

    part: str
    amount: float


def idle(price: Mapping[str, float], many: Mapping[str, float]) -> list[Line]:
    """Cost a month in which nobody calls."""
    gib_seconds = 2 * many["always_ready_instances"] * many["instance_gib"] * SECONDS
    ticks = 2 * SECONDS / many["tick_seconds"]
    timers = 2 * many["timer_busy_seconds_a_day"] * many["instance_gib"] * HOURS / 24
    probes = 2 * many["http_busy_share"] * many["instance_gib"] * SECONDS
    executions = 2 * (many["timers_a_second"] + many["probes_a_second"]) * SECONDS
    polls = 2 * many["queue_polls_a_second"] * SECONDS
    return [
        Line("always-ready instances", gib_seconds * price["always_ready_gib_second"]),
        Line("time of the timers", timers * price["executed_gib_second"]),
        Line("time of the health probes", probes * price["executed_gib_second"]),
        Line("executions of both", executions / 1_000_000 * price["executions_million"]),
        Line("storage operations of the ticks", ticks * many["operations_a_tick"] / 10_000 * price["write_10000"]),
        Line("storage operations of the queues", polls / 10_000 * price["queue_10000"]),
        Line("Front Door", price["front_door_month"]),
        Line("logs", many["log_gib_idle_month"] * price["log_gib"]),
    ]


def calls(price: Mapping[str, float], many: Mapping[str, float]) -> list[Line]:
    """Cost of 100,000 calls of six minutes, each recorded once; what is then stored is counted by `stored`."""
    gib_seconds = CALLS * many["archive_seconds_a_call"] * many["instance_gib"]
    gib_of_kib = CALLS / 1024 / _MIB_OF_GIB
    gib = CALLS * many["call_minutes"] * many["audio_mib_a_minute"] / _MIB_OF_GIB
    return [
        Line("time of archiving", gib_seconds * price["executed_gib_second"]),
        Line("executions", CALLS * many["executions_a_call"] / 1_000_000 * price["executions_million"]),
        Line("storage operations", CALLS * many["operations_a_call"] / 10_000 * price["write_10000"]),
        Line("traffic between the regions", gib_of_kib * many["notification_kib"] * price["between_regions_gib"]),
        Line("logs", gib_of_kib * many["log_kib_a_call"] * price["log_gib"]),
        Line("first month in the archive", gib * price["archive_hot_gib_month"]),
    ]


def stored(price: Mapping[str, float], _: Mapping[str, float]) -> list[Line]:
    """Cost of one TB (1024 GiB) in the archive for a month, by tier. Every recording is stored once, by either node."""
    return [Line(tier, _GIB_OF_TIB * price[f"archive_{tier}_gib_month"]) for tier in ("hot", "cool", "cold")]


def missing(document: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Name the prices that nobody has filled in: a price that is not known is below zero."""
    return [name for name, value in document["price"].items() if value < 0]


def main(arguments: list[str]) -> int:
    """Print the three bills; 2 when prices are missing."""
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        sys.stderr.write("usage: python infra/costs.py <file with prices, such as infra/prices.toml>\n")
        return 2
    document = tomllib.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    if names := missing(document):
        sys.stderr.write(f"{arguments[0]}: fill in the prices of your regions and contract: {', '.join(names)}\n")
        return 2
    for title, lines in (
        ("idle, a month", idle(document["price"], document["quantity"])),
        ("100,000 calls of six minutes", calls(document["price"], document["quantity"])),
    ):
        _print(title, [*lines, Line("together", sum(line.amount for line in lines))])
    _print("a TB in the archive, a month", stored(document["price"], document["quantity"]))
    return 0


def _print(title: str, lines: list[Line]) -> None:
    sys.stdout.write(f"{title}\n")
    for line in lines:
        sys.stdout.write(f"  {line.part:<36}{line.amount:>12,.2f}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

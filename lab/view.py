"""What `make run` shows: one reading of the pair, as a table for a terminal or as a line for a log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

_COLOURS = {"ACTIVE": "bold green", "READY": "cyan", "DOWN": "bold red"}


@dataclass(frozen=True, slots=True)
class NodeReading:
    """One node as seen from outside: its process, and what it says of itself (None: it does not answer)."""

    name: str
    pid: int | None
    running: bool
    back_in: int | None
    """Seconds until the lab starts a killed node again."""
    status: dict[str, Any] | None

    @property
    def role(self) -> str:
        """ACTIVE, READY, or why it is neither."""
        if not self.running:
            return "DOWN"
        return str(self.status["role"]) if self.status else "no answer"


@dataclass(frozen=True, slots=True)
class Reading:
    """The pair at one moment."""

    seconds: float
    nodes: tuple[NodeReading, ...]
    calls: int
    recordings: int
    failovers: int

    @property
    def archived(self) -> int:
        """How many recordings are archived, as far as either node knows."""
        return max((int(node.status["archived"]["total"]) for node in self.nodes if node.status), default=0)

    def archived_by(self, name: str) -> int:
        """How many recordings a node has archived itself: the other one knows it, too, when it is down."""
        return max((int(node.status["archived"].get(name, 0)) for node in self.nodes if node.status), default=0)

    @property
    def active(self) -> str | None:
        """Name of the one ACTIVE node, None while there is none."""
        names = [node.name for node in self.nodes if node.role == "ACTIVE"]
        return names[0] if len(names) == 1 else None


def as_line(reading: Reading) -> str:
    """Say everything in one line."""
    parts = [f"{reading.seconds:4.0f} s"]
    for node in reading.nodes:
        text = f"{node.name} {node.role}"
        if (status := node.status) is not None:
            text += f" epoch {status['epoch']} lag {_lag(status)} archived {reading.archived_by(node.name)}"
            text += f" outstanding {_outstanding(status)} parked {status['parked']}"
            text += f" outbox {status['outbox']['waiting']}"
        parts.append(text)
    parts.append(f"calls {reading.calls} recordings {reading.recordings} archived {reading.archived}")
    parts.append(f"failovers {reading.failovers}")
    return " | ".join(parts)


def as_table(reading: Reading, hints: Sequence[str]) -> RenderableType:
    """Lay the reading out for a terminal, the hints below."""
    table = Table(title="Redundant capture of call audio", title_justify="left", min_width=60)
    table.add_column("")
    for node in reading.nodes:
        table.add_column(node.name, min_width=24)
    table.add_row("role", *(Text(_role(node), style=_COLOURS.get(node.role, "yellow")) for node in reading.nodes))
    rows: dict[str, Callable[[dict[str, Any]], str]] = {
        "epoch": lambda status: str(status["epoch"]),
        "low watermark": lambda status: status["low_watermark"] or "none yet",
        "lag": _lag,
        "pending / assigned / queued": _outstanding,
        "parked": lambda status: str(status["parked"]),
        "outbox": lambda status: str(status["outbox"]["waiting"]),
    }
    for title, text in rows.items():
        table.add_row(title, *(text(node.status) if node.status else "-" for node in reading.nodes))
    table.add_row(
        "archived by it", *(Text(str(reading.archived_by(node.name)), style="bold") for node in reading.nodes)
    )
    table.add_row("last error", *(_last_error(node) for node in reading.nodes))
    table.add_row("process", *(str(node.pid) if node.running else "-" for node in reading.nodes))
    total = Text.assemble(
        f"{reading.seconds:.0f} s   {reading.calls} calls, {reading.recordings} recordings published   ",
        (f"{reading.archived} archived", "bold green"),
        f"   {reading.failovers} failovers",
    )
    return Group(table, total, *(Text(hint, style="dim", overflow="fold") for hint in hints))


def _role(node: NodeReading) -> str:
    return f"{node.role}, back in {node.back_in} s" if node.back_in is not None else node.role


def _lag(status: dict[str, Any]) -> str:
    return "-" if status["lag_seconds"] is None else f"{status['lag_seconds']} s"


def _outstanding(status: dict[str, Any]) -> str:
    outstanding = status["outstanding"]
    return f"{outstanding['pending']}/{sum(outstanding['assigned'].values())}/{outstanding['queued']}"


def _last_error(node: NodeReading) -> str:
    error = node.status["last_error"] if node.status else None
    return f"{error['at']} {error['text']}" if error else "none"

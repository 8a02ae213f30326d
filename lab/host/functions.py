"""What the app declares, resolved: each function with one trigger and its queue outputs. Pure but for the settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lab.host.settings import MisconfiguredError, connection_string, is_disabled, resolve
from lab.host.worker import IndexedFunction

AuthLevel = Literal["ANONYMOUS", "FUNCTION", "ADMIN"]


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    """Fires by an NCRONTAB expression."""

    param: str
    schedule: str
    run_on_startup: bool
    use_monitor: bool


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    """Fires for every message of a queue."""

    param: str
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """Fires for requests to a route; no methods means every method."""

    param: str
    route: str
    methods: frozenset[str]
    auth_level: AuthLevel


@dataclass(frozen=True, slots=True)
class QueueOutput:
    """A parameter, or `$return`, whose value becomes messages of a queue."""

    param: str
    queue: str
    connection: str


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app, ready to be listened for."""

    name: str
    id: str
    trigger: TimerTrigger | QueueTrigger | HttpTrigger
    outputs: tuple[QueueOutput, ...] = ()


def declared(indexed: Iterable[IndexedFunction], environ: Mapping[str, str]) -> list[Function]:
    """Resolve every function that is not switched off; what this host cannot do raises MisconfiguredError."""
    return [_function(one, environ) for one in indexed if not is_disabled(one.name, environ)]


def _function(indexed: IndexedFunction, environ: Mapping[str, str]) -> Function:
    try:
        triggers = [_trigger(binding, environ) for binding in indexed.bindings if binding["type"].endswith("Trigger")]
        outputs = tuple(
            QueueOutput(b["name"], resolve(b["queueName"], environ), connection_string(b["connection"], environ))
            for b in indexed.bindings
            if b["type"] == "queue"
        )
        others = {b["type"] for b in indexed.bindings if not b["type"].endswith("Trigger")} - {"queue", "http"}
    except MisconfiguredError as error:
        raise MisconfiguredError(f"function {indexed.name}: {error}") from error
    if others or indexed.has_retry:
        what = f"binding {', '.join(sorted(others))}" if others else "a retry policy"
        raise MisconfiguredError(f"function {indexed.name}: {what} is not supported by this host")
    return Function(indexed.name, indexed.id, triggers[0], outputs)


def _trigger(binding: Mapping[str, Any], environ: Mapping[str, str]) -> TimerTrigger | QueueTrigger | HttpTrigger:
    match binding["type"]:
        case "timerTrigger":
            return TimerTrigger(
                param=binding["name"],
                schedule=resolve(binding["schedule"], environ),
                run_on_startup=bool(binding.get("runOnStartup")),
                use_monitor=binding.get("useMonitor") is not False,
            )
        case "queueTrigger":
            return QueueTrigger(
                param=binding["name"],
                queue=resolve(binding["queueName"], environ),
                connection=connection_string(binding["connection"], environ),
            )
        case "httpTrigger":
            return HttpTrigger(
                param=binding["name"],
                route=resolve(binding["route"], environ),
                methods=frozenset(method.upper() for method in binding.get("methods") or ()),
                auth_level=binding.get("authLevel", "FUNCTION").upper(),
            )
        case other:
            raise MisconfiguredError(f"trigger {other} is not supported by this host")

"""Route templates of HTTP functions and which function a request goes to. Pure."""

import re
from dataclasses import dataclass

from lab.host.functions import Function, HttpTrigger
from lab.host.settings import MisconfiguredError

_PARAMETER = re.compile(r"\{(?P<star>\*{0,2})(?P<name>\w+)(?::(?P<kind>\w+)(?:\([^)]*\))?)?(?P<optional>\?)?\}")
_KINDS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "guid": r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}",
    "alpha": r"[A-Za-z]+",
    "bool": r"(?:true|false)",
}


@dataclass(frozen=True, slots=True)
class Match:
    """A request's function and the values of its route parameters."""

    function: Function
    trigger: HttpTrigger
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: re.Pattern[str]
    rank: tuple[int, ...]
    function: Function
    trigger: HttpTrigger


class Routes:
    """All HTTP functions of the app, the most specific route first."""

    def __init__(self, prefix: str, functions: list[Function]) -> None:
        routes = [
            _route(prefix, function, function.trigger)
            for function in functions
            if isinstance(function.trigger, HttpTrigger)
        ]
        self._routes = sorted(routes, key=lambda route: route.rank)

    def find(self, path: str, method: str) -> Match | frozenset[str]:
        """The match of a request, else the methods that its path does allow; an empty set means no such path."""
        allowed: set[str] = set()
        for route in self._routes:
            found = route.pattern.fullmatch(path)
            if found is None:
                continue
            # As in the real host, HEAD is a method like any other: a GET route does not answer it by itself.
            if not route.trigger.methods or method in route.trigger.methods:
                params = {name: value for name, value in found.groupdict().items() if value is not None}
                return Match(route.function, route.trigger, params)
            allowed |= route.trigger.methods
        return frozenset(allowed)


def _route(prefix: str, function: Function, trigger: HttpTrigger) -> _Route:
    segments = [segment for segment in f"{prefix}/{trigger.route}".split("/") if segment]
    pattern = "".join(_segment(segment, function.name) for segment in segments)
    rank = tuple(_specificity(segment) for segment in segments)
    return _Route(re.compile(pattern + "/?", re.IGNORECASE), rank, function, trigger)


def _segment(segment: str, function: str) -> str:
    """One segment with its slash; an optional parameter takes the slash with it."""
    parts, end, optional = [], 0, False
    for match in _PARAMETER.finditer(segment):
        kind = match["kind"]
        if kind and kind not in _KINDS:
            raise MisconfiguredError(f"function {function}: route constraint {kind!r} is not supported by this host")
        inner = ".*" if match["star"] else _KINDS.get(kind, "[^/]+")
        parts += [re.escape(segment[end : match.start()]), f"(?P<{match['name']}>{inner})"]
        end = match.end()
        optional = optional or bool(match["optional"] or match["star"])
    parts.append(re.escape(segment[end:]))
    text = "/" + "".join(parts)
    return f"(?:{text})?" if optional else text


def _specificity(segment: str) -> int:
    """Literal before mixed before constrained before free before catch-all, as in ASP.NET."""
    match = _PARAMETER.search(segment)
    if match is None:
        return 0
    if match["star"]:
        return 4
    if match.span() != (0, len(segment)):
        return 1
    return 2 if match["kind"] else 3

"""Stands in for curl: the few options that the scripts use, towards the two nodes."""

from pathlib import Path
from typing import Any

from tests.infra.standins import nodes
from tests.infra.standins.world import Refused, World

_WITH_VALUE = {"--config", "--max-time", "--output", "--dump-header", "--write-out"}
_ALONE = {"--silent"}


def _options(argv: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = list(argv)
    while rest:
        option = rest.pop(0)
        if option in _ALONE:
            continue
        if option not in _WITH_VALUE:
            raise Refused(f"curl: option {option}: is unknown", 2)
        found[option] = rest.pop(0)
    return found


def _request(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {"header": []}
    for line in text.splitlines():
        name, _, value = line.partition(" = ")
        value = value[1:-1].replace('\\"', '"')
        if name == "header":
            found["header"].append(value)
        elif name in ("url", "request", "data"):
            found[name] = value
        else:
            raise Refused(f"curl: {name}: is unknown in a config", 2)
    return found


def act(world: World, arguments: list[str], given: str, _: dict[str, str]) -> str:
    """Ask a node and write the answer where curl would; return what curl would print."""
    options = _options(arguments)
    asked = _request(given)
    host, _, path = asked["url"].removeprefix("https://").partition("/api/")
    headers = dict(each.split(": ", 1) for each in asked["header"])
    status, told, body = nodes.answer(
        world,
        host.removesuffix(".azurewebsites.net"),
        (asked["request"], path),
        headers.get("x-functions-key"),
        asked.get("data", ""),
    )
    Path(options["--output"]).write_text(body)
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in told.items())]
    Path(options["--dump-header"]).write_text("\r\n".join(lines) + "\r\n\r\n")
    return options["--write-out"].replace("%{http_code}", str(status))

"""Stands in for curl: the few options that the scripts use, towards the two nodes."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))

import nodes
from world import Refused, run

_WITH_VALUE = {"--config", "--max-time", "--output", "--dump-header", "--write-out"}
_ALONE = {"--silent"}


def _options(argv):
    found, rest = {}, list(argv)
    while rest:
        option = rest.pop(0)
        if option in _ALONE:
            continue
        if option not in _WITH_VALUE:
            raise Refused(f"curl: option {option}: is unknown", 2)
        found[option] = rest.pop(0)
    return found


def _request(text):
    found = {"header": []}
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


def act(world, argv):
    options = _options(argv)
    asked = _request(sys.stdin.read())
    host, _, path = asked["url"].removeprefix("https://").partition("/api/")
    headers = dict(each.split(": ", 1) for each in asked["header"])
    key = headers.get("x-functions-key")
    status, told, body = nodes.answer(
        world, host.removesuffix(".azurewebsites.net"), asked["request"], path, key, asked.get("data", "")
    )
    with open(options["--output"], "w") as file:
        file.write(body)
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in told.items())]
    with open(options["--dump-header"], "w") as file:
        file.write("\r\n".join(lines) + "\r\n\r\n")
    return options["--write-out"].replace("%{http_code}", str(status))


run("curl", act)

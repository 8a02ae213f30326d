"""Stands in for az: knows the commands and flags of the real one (az_commands.json) and refuses all others."""

import json
from pathlib import Path

from tests.infra.standins import azure, directory, rest, sites
from tests.infra.standins.world import Flags, Refused, World

KNOWN = json.loads((Path(__file__).parent / "az_commands.json").read_text())["commands"]
_SWITCHES = {"--append", "--yes", "--wait", "--no-pretty-print"}
_ANSWERS = azure.ANSWERS | directory.ANSWERS | sites.ANSWERS | rest.ANSWERS


def _command(argv: list[str]) -> tuple[str, list[str]]:
    words = []
    for word in argv:
        if word.startswith("-"):
            break
        words.append(word)
    command = " ".join(words)
    if command not in KNOWN:
        raise Refused(f"'{command}' is misspelled or not recognized by the system.", 2)
    return command, argv[len(words) :]


def _flags(command: str, rest_of: list[str], given: str) -> Flags:
    known, left = KNOWN[command], list(rest_of)
    found: Flags = {}
    while left:
        flag = left.pop(0)
        if flag not in known["flags"]:
            raise Refused(f"unrecognized arguments: {flag}", 2)
        if flag in _SWITCHES:
            found[flag] = True
        elif not left:
            raise Refused(f"argument {flag}: expected one argument", 2)
        else:
            value = left.pop(0)
            found[flag] = given.rstrip("\n") if value == "@-" else value
    for names in known["required"]:
        if not any(name in found for name in names):
            raise Refused(f"the following arguments are required: {'/'.join(names)}", 2)
    return found


def act(world: World, arguments: list[str], given: str, environment: dict[str, str]) -> str:
    """Do what az would do and return what it would print; Refused when it would fail."""
    command, rest_of = _command(arguments)
    flags = _flags(command, rest_of, given)
    if world["account"] is None and command != "bicep version":
        raise Refused("Please run 'az login' to setup account.")
    if (fault := world["faults"].pop(command, None)) is not None:
        raise Refused(fault)
    said = _ANSWERS[command](world, flags | {"environment": environment})
    if flags.get("--output", flags.get("-o")) == "none" or said is None:
        return ""
    return said if isinstance(said, str) else json.dumps(said, indent=2) + "\n"

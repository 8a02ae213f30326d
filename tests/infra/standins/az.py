"""Stands in for az: knows the commands and flags of the real one (az_commands.json) and refuses all others."""

import json
import os
import sys
from importlib import import_module

HERE = os.path.dirname(__file__)
sys.path.insert(0, HERE)

from world import Refused, run

with open(f"{HERE}/az_commands.json") as _file:
    _KNOWN = json.load(_file)["commands"]
_SWITCHES = {"--append", "--yes", "--wait", "--no-pretty-print"}
_SHORT = {"-o": "--output"}
_PARTS = {"ad": "directory", "functionapp": "sites", "rest": "rest"}


def _command(argv):
    words = []
    for word in argv:
        if word.startswith("-"):
            break
        words.append(word)
    command = " ".join(words)
    if command not in _KNOWN:
        raise Refused(f"'{command}' is misspelled or not recognized by the system.", 2)
    return command, argv[len(words) :]


def _flags(command, rest_of):
    known, found, left = _KNOWN[command], {}, list(rest_of)
    while left:
        flag = left.pop(0)
        if flag not in known["flags"]:
            raise Refused(f"unrecognized arguments: {flag}", 2)
        flag = _SHORT.get(flag, flag)
        if flag in _SWITCHES:
            found[flag] = True
        elif not left:
            raise Refused(f"argument {flag}: expected one argument", 2)
        else:
            value = left.pop(0)
            found[flag] = sys.stdin.read() if value == "@-" else value
    for names in known["required"]:
        if not any(name in found for name in names):
            raise Refused(f"the following arguments are required: {'/'.join(names)}", 2)
    return found


def act(world, argv):
    command, rest_of = _command(argv)
    flags = _flags(command, rest_of)
    if world["account"] is None and command != "bicep version":
        raise Refused("Please run 'az login' to setup account.")
    if (fault := world["faults"].pop(command, None)) is not None:
        raise Refused(fault)
    # One part only: importing all of them would take longer than what they do.
    said = import_module(_PARTS.get(command.split()[0], "azure")).ANSWERS[command](world, flags)
    if flags.get("--output") == "none" or said is None:
        return None
    return said if isinstance(said, str) else json.dumps(said, indent=2) + "\n"


run("az", act)

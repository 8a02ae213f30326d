"""What the stand-ins of az and curl share: a world in one JSON file, and a journal of every call.

A call can be killed, together with the script that made it, before or after its effect. Standard library only, and
little of it: every call is a process of its own.
"""

import json
import os
import signal
import sys
from pathlib import Path

FOLDER = Path(os.environ["STANDIN_WORLD"])


class Refused(Exception):
    """What az ends with: a message and an exit code."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


def load():
    return json.loads((FOLDER / "world.json").read_text())


def save(world):
    fresh = FOLDER / "world.json.new"
    fresh.write_text(json.dumps(world, indent=1))
    fresh.replace(FOLDER / "world.json")


def note(program, argv):
    """Write the call into the journal and return its number, from 1."""
    journal = FOLDER / "journal.jsonl"
    number = len(journal.read_text().splitlines()) + 1 if journal.exists() else 1
    with journal.open("a") as file:
        file.write(json.dumps({"program": program, "argv": argv}) + "\n")
    return number


def killed(number, when):
    """Take the script and this process down with SIGKILL, if the test wants it at this call."""
    if os.environ.get("STANDIN_KILL") == f"{number} {when}":
        os.killpg(0, signal.SIGKILL)


def run(program, act):
    argv = sys.argv[1:]
    number = note(program, argv)
    killed(number, "before")
    world = load()
    try:
        answer = act(world, argv)
    except Refused as error:
        save(world)
        sys.stderr.write(f"ERROR: {error}\n")
        sys.exit(error.code)
    save(world)
    killed(number, "after")
    if answer is not None:
        sys.stdout.write(answer)


def changed(world, what):
    """Note that something was created, changed or deleted."""
    world["changes"].append(what)


def new_id(world):
    world["ids"] += 1
    return f"00000000-0000-4000-8000-{world['ids']:012d}"


def new_secret(world):
    world["ids"] += 1
    secret = f"made-up~secret.{world['ids']:04d}-of-the-stand-in"
    world["secrets"].append(secret)
    return secret

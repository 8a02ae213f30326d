"""What the stand-ins of az and curl share: a world in one JSON file, and a journal of every call.

A call can be killed, together with the script that made it, before or after its effect. Standard library only, and
little of it: every call is a process of its own.
"""

import json
import os
import signal
import sys

# Without pathlib, whose import costs more than the whole call.
FOLDER = os.environ["STANDIN_WORLD"]


class Refused(Exception):
    """What az ends with: a message and an exit code."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


def load():
    with open(f"{FOLDER}/world.json") as file:
        return json.load(file)


def save(world):
    with open(f"{FOLDER}/world.json.new", "w") as file:
        json.dump(world, file)
    os.replace(f"{FOLDER}/world.json.new", f"{FOLDER}/world.json")


def note(program, argv):
    """Write the call into the journal and return its number, from 1."""
    with open(f"{FOLDER}/journal.jsonl", "a+") as journal:
        journal.write(json.dumps({"program": program, "argv": argv}) + "\n")
        journal.seek(0)
        return len(journal.readlines())


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

"""The world that the stand-ins act on, and how they refuse."""

from typing import Any

World = dict[str, Any]
Flags = dict[str, Any]


class Refused(Exception):
    """What az ends with: a message and an exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


def changed(world: World, what: str) -> None:
    """Note that something was created, changed or deleted."""
    world["changes"].append(what)


def new_id(world: World) -> str:
    """Make a guid that was not there before."""
    world["ids"] += 1
    return f"00000000-0000-4000-8000-{world['ids']:012d}"


def new_secret(world: World) -> str:
    """Make a secret and remember it: tests look for it where it must not be."""
    world["ids"] += 1
    secret = f"made-up~secret.{world['ids']:04d}-of-the-stand-in"
    world["secrets"].append(secret)
    return secret

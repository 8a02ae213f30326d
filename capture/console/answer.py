"""What an operator's request gets back: JSON, and a status that says who has to do something."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from capture.errors import CaptureError, Permanent


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and a JSON body."""

    status: int
    body: str


def answer(act: Callable[[], object], *, status: int = 200) -> Answer:
    """Run `act` and answer with what it returns, or {"error": ...}: 400 the request is wrong, 503 try again."""
    try:
        return Answer(status, json.dumps(act()))
    except Permanent as error:
        return Answer(400, json.dumps({"error": str(error)}))
    except CaptureError as error:
        return Answer(503, json.dumps({"error": str(error)}))

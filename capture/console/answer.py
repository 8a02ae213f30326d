"""What a request gets back: JSON or bytes, and a status that says who has to do something."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from capture.errors import Absent, CaptureError, Locked, Malformed, Stranger, TooLarge

_REFUSALS: dict[type[CaptureError], int] = {Malformed: 400, Stranger: 401, Absent: 404, Locked: 409, TooLarge: 413}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and a body, JSON unless `media_type` says otherwise."""

    status: int
    body: str | bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(act: Callable[[], object], *, status: int = 200) -> Answer:
    """Run `act` and answer with what it returns (nothing for None), or {"error": ...}.

    400 the request is wrong, 401 who asks may not, 404 it is not there, 409 it is locked, 413 it is too large, 503 try
    again. Whatever a store or Dynamics answers, however unexpectedly, is no fault of who asks: 503. An Answer is passed
    on as it is.
    """
    try:
        said = act()
    except CaptureError as error:
        return Answer(_REFUSALS.get(type(error), 503), json.dumps({"error": str(error)}))
    if isinstance(said, Answer):
        return said
    return Answer(status, "" if said is None else json.dumps(said))

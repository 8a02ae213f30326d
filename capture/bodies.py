"""Bodies of requests: read within a bound; what is wrong with one is said without repeating its content."""

from pydantic import BaseModel, ValidationError

from capture.errors import Malformed, TooLarge

LARGEST_BODY = 16 * 1024


def read_body[B: BaseModel](kind: type[B], body: bytes, *, limit: int = LARGEST_BODY, expected: str = "") -> B:
    """Read JSON. TooLarge beyond `limit` bytes; Malformed names the first wrong field, and what was `expected`."""
    if len(body) > limit:
        raise TooLarge(f"the body has {len(body)} bytes, at most {limit} are read")
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        said = f"{where}: {first['msg'].removeprefix('Value error, ')}"
        raise Malformed(f"{said}; expected {expected}" if expected else said) from None

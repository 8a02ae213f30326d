"""A person says which node shall be ACTIVE: `POST /api/role`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from capture.bodies import read_body
from capture.model.authority import Preference
from capture.model.time_text import text_of

_EXPECTED = '{"active": "<node>"}, with "alone_minutes" if it shall be ACTIVE without the other regions'


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    active: str
    alone_minutes: int = Field(default=0, ge=0, le=24 * 60)


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """Reads the request and answers what will happen."""

    prefer: Callable[[str, timedelta], Preference]

    def run(self, body: bytes) -> dict[str, object]:
        """Take `{"active": "<node>", "alone_minutes": 0}`.

        The node is ACTIVE from then on whenever it can, at once when its peer lets go; with `alone_minutes` also
        without a majority for so long. Malformed names what is wrong with the body; Transient: it could not be kept.
        """
        asked = read_body(_Body, body, expected=_EXPECTED)
        preference = self.prefer(asked.active, timedelta(minutes=asked.alone_minutes))
        until = preference.alone_until
        return {
            "active": preference.node,
            "epoch": preference.epoch,
            "alone_until": text_of(until) if until is not None else None,
        }

"""A person says which node shall be ACTIVE: `POST /api/role`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from capture.errors import Malformed
from capture.model.authority import Preference

_LONGEST_BODY = 1024


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
        if len(body) > _LONGEST_BODY:
            raise Malformed(f"the body has {len(body)} bytes, at most {_LONGEST_BODY} are read")
        try:
            asked = _Body.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the body"
            raise Malformed(
                f'{where}: {first["msg"]}; expected {{"active": "<node>"}}, with "alone_minutes" if it shall be ACTIVE '
                "without the other regions"
            ) from None
        preference = self.prefer(asked.active, timedelta(minutes=asked.alone_minutes))
        until = preference.alone_until
        return {
            "active": preference.node,
            "epoch": preference.epoch,
            "alone_until": until.isoformat(timespec="seconds").replace("+00:00", "Z") if until is not None else None,
        }

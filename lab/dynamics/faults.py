"""Faults on request: what shall go wrong, for whom, and how often or how long."""

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """Everything that can be made to go wrong."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server_error"
    UNAVAILABLE = "unavailable"
    LATE_ANSWER = "late_answer"
    REJECT_TOKEN = "reject_token"
    NO_SAS = "no_sas"
    EXPIRED_URL = "expired_url"
    CUT_BODY = "cut_body"
    ERROR_PAGE = "error_page"
    ERROR_JSON = "error_json"
    SAS_FORBIDDEN = "sas_forbidden"
    SLOW_BYTES = "slow_bytes"
    ZERO_BYTES = "zero_bytes"
    WRONG_LENGTH = "wrong_length"
    REJECT_SECRET = "reject_secret"
    EXPIRE_SECRET = "expire_secret"
    SUPPRESS_WEBHOOK = "suppress_webhook"
    DUPLICATE_WEBHOOK = "duplicate_webhook"
    CUT_WEBHOOK = "cut_webhook"
    LATE_WEBHOOK = "late_webhook"


class Place(StrEnum):
    """Where a request arrives."""

    API = "api"
    FILES = "files"
    TOKEN = "token"


ANYWHERE = (FaultKind.THROTTLE, FaultKind.SERVER_ERROR, FaultKind.UNAVAILABLE, FaultKind.LATE_ANSWER)
"""These strike the Web API unless another place is named; every other kind has its own place."""


@dataclass(slots=True)
class Fault:
    """One fault that is switched on. Without count and seconds it stays until it is cleared."""

    kind: FaultKind
    client_id: str | None = None
    """Only this client; of webhooks the name of the endpoint."""
    count: int | None = None
    seconds: float | None = None
    place: Place = Place.API
    operation: str | None = None
    """Only requests of this operation: a set name, `GetFileSasUrl` or `value`; of webhooks the set of the row."""
    retry_after: int | None = None
    bytes_per_second: int = 65536
    delay_seconds: float = 5.0
    until: float = float("inf")

    def strikes(self, place: Place, client_id: str | None, operation: str | None) -> bool:
        """Say whether a request is meant; a fault for one client spares the others."""
        return (
            (self.kind not in ANYWHERE or self.place is place)
            and self.client_id in (None, client_id)
            and self.operation in (None, operation)
        )

    def wait(self) -> dict[str, str]:
        """Return the Retry-After header that the fault shall carry, if any."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


class Faults:
    """The faults that are switched on."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, kind: str, **details: Any) -> Fault:  # noqa: ANN401 - fields of Fault, checked by it
        """Switch a fault on; an unknown kind or detail is a ValueError."""
        if "place" in details:
            details["place"] = Place(details["place"])
        try:
            fault = Fault(FaultKind(kind), **details)
        except TypeError as error:
            raise ValueError(str(error)) from error
        if fault.seconds is not None:
            fault.until = self._clock() + fault.seconds
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def shown(self) -> list[dict[str, Any]]:
        """Return the faults that are on."""
        with self._lock:
            self._drop_spent()
            return [
                {name: value for name, value in asdict(fault).items() if name != "until" and value is not None}
                for fault in self._faults
            ]

    def strike(
        self, *kinds: FaultKind, place: Place = Place.API, client_id: str | None = None, operation: str | None = None
    ) -> Fault | None:
        """Return the first fault of these kinds that hits this request, and use it up once."""
        if not self._faults:
            return None
        with self._lock:
            self._drop_spent()
            for fault in self._faults:
                if fault.kind in kinds and fault.strikes(place, client_id, operation):
                    if fault.count is not None:
                        fault.count -= 1
                    return fault
        return None

    def _drop_spent(self) -> None:
        now = self._clock()
        self._faults = [fault for fault in self._faults if fault.until > now and fault.count != 0]

"""host.json: the part of it that this host obeys, with the real host's defaults."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from lab.host.settings import MisconfiguredError

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_ENCODINGS = ("base64", "none")


def seconds(time_span: str) -> float:
    """The seconds of a .NET TimeSpan `[d.]hh:mm:ss[.fff]`."""
    match = _TIME_SPAN.fullmatch(time_span)
    if match is None:
        raise MisconfiguredError(f"host.json: {time_span!r} is not a time span hh:mm:ss")
    days, hours, minutes, rest = match.groups()
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(rest)


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """`extensions.queues`; times in seconds."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    visibility_timeout: float = 0.0
    max_dequeue_count: int = 5
    max_polling_interval: float = 60.0
    message_encoding: str = "base64"

    @classmethod
    def from_json(cls, section: dict[str, Any]) -> Self:
        """Read the section; `newBatchThreshold` defaults to half of `batchSize`, as with the real host on one core."""
        batch_size = int(section.get("batchSize", 16))
        encoding = str(section.get("messageEncoding", "base64")).lower()
        if not 1 <= batch_size <= 32:
            raise MisconfiguredError(f"host.json: queues.batchSize {batch_size} is not in 1..32")
        if encoding not in _ENCODINGS:
            raise MisconfiguredError(f"host.json: queues.messageEncoding {encoding!r} is neither base64 nor none")
        return cls(
            batch_size=batch_size,
            new_batch_threshold=int(section.get("newBatchThreshold", batch_size // 2)),
            visibility_timeout=seconds(section.get("visibilityTimeout", "00:00:00")),
            max_dequeue_count=int(section.get("maxDequeueCount", 5)),
            max_polling_interval=max(0.1, seconds(section.get("maxPollingInterval", "00:01:00"))),
            message_encoding=encoding,
        )


@dataclass(frozen=True, slots=True)
class HostJson:
    """host.json as values; times in seconds, `None` is without end."""

    route_prefix: str = "api"
    queues: QueueOptions = field(default_factory=QueueOptions)
    function_timeout: float | None = 1800.0
    singleton_lease: float = 15.0
    singleton_retry: float = 1.0

    @classmethod
    def read(cls, root: Path) -> Self:
        """Read `root`/host.json; without the file everything is at its default."""
        file = root / "host.json"
        try:
            content = json.loads(file.read_text(encoding="utf-8-sig")) if file.exists() else {}
        except ValueError as error:
            raise MisconfiguredError(f"{file} is not JSON: {error}") from error
        extensions = content.get("extensions", {})
        singleton = content.get("singleton", {})
        timeout = content.get("functionTimeout", "00:30:00")
        lease = seconds(singleton.get("listenerLockPeriod", "00:00:15"))
        if not 15 <= lease <= 60:
            raise MisconfiguredError(f"host.json: singleton.listenerLockPeriod {lease:g} s is not in 15..60 s")
        return cls(
            route_prefix=extensions.get("http", {}).get("routePrefix", "api").strip("/"),
            queues=QueueOptions.from_json(extensions.get("queues", {})),
            function_timeout=None if timeout == "-1" else seconds(timeout),
            singleton_lease=lease,
            singleton_retry=seconds(singleton.get("listenerLockRecoveryPollingInterval", "00:00:01")),
        )

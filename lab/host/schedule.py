"""When a timer is due, and the note in storage by which a restarted host sees that it missed a time."""

import json
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient
from cronsim import CronSim, CronSimError

from lab.host.settings import MisconfiguredError
from lab.host.storage import blocking

# The real host monitors no schedule that is due more often than this.
_MONITORED_SECONDS = 60


class Schedule:
    """An NCRONTAB expression of six fields, seconds first, in UTC."""

    def __init__(self, expression: str) -> None:
        if len(expression.split()) != 6:
            raise MisconfiguredError(f"schedule {expression!r} has not six fields (seconds first)")
        self._expression = expression
        try:
            first = self.after(datetime.now(UTC))
        except CronSimError as error:
            raise MisconfiguredError(f"schedule {expression!r}: {error}") from error
        self.is_monitored = (self.after(first) - first).total_seconds() >= _MONITORED_SECONDS

    def after(self, moment: datetime) -> datetime:
        """The first time that is due after `moment`."""
        return next(CronSim(self._expression, moment))


class ScheduleMonitor:
    """The last and the next time of one timer, kept in a blob beside its lock."""

    def __init__(self, container: ContainerClient, blob: str) -> None:
        self._blob = container.get_blob_client(blob)

    async def status(self) -> dict[str, Any] | None:
        """What the last run left, if anything."""
        try:
            download = await blocking(self._blob.download_blob)
            return dict(json.loads(await blocking(download.readall)))
        except ResourceNotFoundError:
            return None

    async def write(self, last: datetime, following: datetime) -> None:
        """Note that the timer was due at `last` and is due again at `following`."""
        status = {"Last": last.isoformat(), "Next": following.isoformat(), "LastUpdated": last.isoformat()}
        await blocking(self._blob.upload_blob, json.dumps(status), overwrite=True)

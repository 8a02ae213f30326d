"""Storage that cannot be reached is said once when it goes and once when it is back, not at every try."""

import logging

from azure.core.exceptions import AzureError

# What a storage call may raise when the account is down: the SDK's own, and the transport's, which are OSErrors.
STORAGE_ERRORS = (AzureError, OSError)


class Outage:
    """Whether storage answers one listener, told to the log at each change."""

    def __init__(self, log: logging.Logger, subject: str) -> None:
        self._log = log
        self._subject = subject
        self._down = False

    @property
    def is_on(self) -> bool:
        """Whether the last call failed."""
        return self._down

    def failed(self, error: Exception) -> None:
        """Storage did not do what it was asked."""
        if not self._down:
            self._log.warning("%s: storage fails, trying on: %s", self._subject, str(error).splitlines()[0])
        self._down = True

    def answered(self) -> None:
        """Storage did what it was asked."""
        if self._down:
            self._log.info("%s: storage answers again", self._subject)
        self._down = False

"""What every part of the lab has in common: it comes up as a whole or not at all, and it is ended."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Part(ABC):
    """A context manager. What has come up by halves is ended before the error is passed on."""

    @abstractmethod
    def _up(self) -> Self:
        """Return when it is up; NotStartedError when it does not come up."""

    @abstractmethod
    def stop(self) -> None:
        """End whatever has come up of it."""

    def __enter__(self) -> Self:
        """Bring it up."""
        try:
            return self._up()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it."""
        self.stop()

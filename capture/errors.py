"""The failures of the product, by what the caller does next. Nothing here knows HTTP or Azure.

- CaptureError
  - Transient       try again, after `retry_after` seconds when they are known
    - Waiting       not a failure at all: a file that is not there yet, a rate limit; never counted
    - Mangled       the bytes that came are not the recording: again with a fresh URL, counted
  - Permanent       trying again will not help: park it with the reason
    - Malformed     what was sent cannot be used as it is: the sender must change it
    - Locked        it is protected, by a policy of the store or a legal hold
    - Stranger      who asks has not shown that he may
    - Absent        what is asked for is not there, or not his
    - TooLarge      more came than is read
  - Unauthorized    a credential was refused: a person must mend a setting
  - Superseded      this node is no longer ACTIVE, or its epoch is over: drop the authoritative work
  - SettingsError   the node cannot start: one line for each setting that is wrong
"""

__all__ = [
    "Absent",
    "CaptureError",
    "Locked",
    "Malformed",
    "Mangled",
    "Permanent",
    "SettingsError",
    "Stranger",
    "Superseded",
    "TooLarge",
    "Transient",
    "Unauthorized",
    "Waiting",
]


class CaptureError(Exception):
    """Any failure that the product foresees."""


class Transient(CaptureError):
    """Trying again may help; `retry_after` is the wait in seconds, when it is known."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Keep the wait beside the message."""
        super().__init__(message)
        self.retry_after = retry_after


class Waiting(Transient):
    """Nothing is wrong, it is only too early: no file yet, or a rate limit. Never counts as a failure."""


class Mangled(Transient):
    """What came is not the recording (cut body, error page, wrong length). Counts as a failure."""


class Permanent(CaptureError):
    """Trying again will not help; the message is the reason a person will read."""


class Malformed(Permanent):
    """What was sent cannot be used as it is; the message says what to change."""


class Locked(Permanent):
    """It is there and must not be changed yet: a retention policy or a legal hold protects it."""


class Stranger(Permanent):
    """Who asks has not shown that he may."""


class Absent(Permanent):
    """What is asked for is not there, or is somebody else's."""


class TooLarge(Permanent):
    """More came than is read."""


class Unauthorized(CaptureError):
    """A credential was refused; the message names the setting to look at."""


class Superseded(CaptureError):
    """The authority of this node has ended: a higher epoch is known, or its lease may have run out."""


class SettingsError(CaptureError):
    """The settings cannot be used; one line for each of `problems`, naming the setting."""

    def __init__(self, problems: list[str]) -> None:
        """Join the problems into one message, a line each."""
        super().__init__("\n".join(problems))
        self.problems = problems

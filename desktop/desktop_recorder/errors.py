"""The failures of the recorder, by what the caller does next. No message ever holds a key or a signature.

- RecorderError
  - UserError       a person must change something: one line each, with an exit code of its own
    - SettingsError   the configuration cannot be used (exit code 2)
    - AlreadyRunning  another recorder of this workstation runs on this machine (3)
    - FfmpegMissing   ffmpeg cannot be started (4)
  - Unreachable     no answer, or one that says later: try again or ask the other node
  - Refused         the credential is not accepted: a new one is needed
  - NotFound        the node does not know the session on this workstation, or the blob is not there
  - Misplaced       the blob does not end where the bytes should be appended; `offset` when the store tells where
"""


class RecorderError(Exception):
    """Any failure that the recorder foresees."""


class UserError(RecorderError):
    """A person must change something; every line names it, its value and the remedy."""

    exit_code = 1


class SettingsError(UserError):
    """The configuration cannot be used."""

    exit_code = 2


class AlreadyRunning(UserError):
    """Another recorder of this workstation runs on this machine."""

    exit_code = 3


class FfmpegMissing(UserError):
    """The setting `ffmpeg` names nothing that can be started."""

    exit_code = 4


class Unreachable(RecorderError):
    """No answer, or one that says later."""


class Refused(RecorderError):
    """The key or the signature is not accepted (401, 403); `code` is the store's own word for why."""

    def __init__(self, message: str, code: str = "") -> None:
        """Keep the code beside the message."""
        super().__init__(message)
        self.code = code


class NotFound(RecorderError):
    """What was asked for is not there (404)."""


class Misplaced(RecorderError):
    """The blob does not end at the offset that was given (412)."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        """Keep where the blob ends, when the store told."""
        super().__init__(message)
        self.offset = offset

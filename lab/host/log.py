"""Log lines: `time level category [invocation id] message`, one line for each record, tracebacks below."""

import logging
import sys
import time
from pathlib import Path
from typing import override

from lab.host.worker import invocation_id_cv

_LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}
_NO_INVOCATION = "-"

# Which function an invocation belongs to: the runtime tells a thread its invocation id, not its function.
function_of_invocation: dict[str, str] = {}


class _Line(logging.Formatter):
    converter = staticmethod(time.gmtime)

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        invocation = getattr(record, "invocation", None) or invocation_id_cv.get() or _NO_INVOCATION
        function = function_of_invocation.get(invocation)
        own = record.name.startswith(("Function.", "Host."))
        category = f"Function.{function}" if function and not own else record.name
        moment = f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{record.msecs:03.0f}Z"
        level = _LEVELS.get(record.levelname, record.levelname)
        # One record is one line, whatever a caller put into the message.
        message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return f"{moment} {level:<5} {category} [{invocation}] {message}"


class _TracebackBelow(_Line):
    @override
    def format(self, record: logging.LogRecord) -> str:
        traceback = getattr(record, "traceback_text", "")
        return super().format(record) + (f"\n{traceback.rstrip()}" if traceback else "")


def configure(level: str, file: Path | None) -> None:
    """Send every record of the process to stderr and, if given, to a file as well."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(file, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(_TracebackBelow())
    logging.basicConfig(level=level, handlers=handlers, force=True)
    # Each request of the Azure SDK and each connection would be several lines; the app's own lines would drown.
    for chatty in ("azure", "uvicorn", "urllib3", "msal", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)

"""The log: one line for each change of state, in a file that rotates; never a key, a signature or a person."""

import logging
import logging.handlers
import os
import re
import time
from pathlib import Path

_SECRET = re.compile(r"(?i)(\bsig=|bearer\s+)[^\s&\"']+")
_FILE_BYTES = 5_000_000
_OLDER_FILES = 4


class Redaction(logging.Filter):
    """The safety net: nothing here logs a URL with its query, and if something did, the signature would not be read."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Blacken signatures and keys, and the user's home directory, in the message and in a traceback."""
        record.msg, record.args = blackened(record.getMessage()), None
        if record.exc_info:
            # What stands in exc_text is what every handler writes.
            record.exc_text = blackened(logging.Formatter().formatException(record.exc_info))
        return True


def blackened(text: str) -> str:
    """Return the text without signatures and keys, and with ~ for the home directory: its name is the user's."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home raises where there is none
    if len(home) > len(os.sep) and home != "~":
        text = text.replace(home, "~")
    return _SECRET.sub(r"\1***", text)


def open_journal(path: Path, level: str) -> None:
    """Log to the file, and warnings to the terminal as well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    form = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    form.converter = time.gmtime
    file = logging.handlers.RotatingFileHandler(
        path, maxBytes=_FILE_BYTES, backupCount=_OLDER_FILES, encoding="utf-8", delay=True
    )
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    root = logging.getLogger("desktop_recorder")
    root.setLevel(level)
    root.propagate = False
    for handler in (file, terminal):
        handler.setFormatter(form)
        handler.addFilter(Redaction())
        root.addHandler(handler)

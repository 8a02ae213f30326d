"""The command line: reads the configuration, takes the lock, runs until SIGTERM or Ctrl-C.

Exit codes: 0 ended as asked, 1 unforeseen, 2 configuration, 3 another recorder runs here, 4 no ffmpeg.
"""

import argparse
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from desktop_recorder import screens
from desktop_recorder.errors import SettingsError, UserError
from desktop_recorder.instance import only_instance
from desktop_recorder.journal import open_journal
from desktop_recorder.recorder import check_ffmpeg
from desktop_recorder.settings import Settings, load
from desktop_recorder.wire import host_of
from desktop_recorder.workstation import Workstation

_log = logging.getLogger("desktop_recorder")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recorder and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="desktop-recorder", description="Records this workstation's screen while a call is on it."
    )
    parser.add_argument("--config", type=Path, default=Path("recorder.toml"), help="configuration file (recorder.toml)")
    parser.add_argument("--check", action="store_true", help="check configuration, ffmpeg and screen, then end")
    chosen = parser.parse_args(arguments)
    try:
        settings = load(chosen.config)
        settings.current_key()
        screens.source(sys.platform, settings.screen, settings.frame_rate)
        _check_folders(settings)
        version = check_ffmpeg(settings.ffmpeg)
        if chosen.check:
            print(f"{chosen.config}: well; workstation {settings.workstation}, {version}")  # noqa: T201 - what was asked for
            return 0
        with only_instance(settings.workstation):
            return _record(settings, version)
    except UserError as error:
        for line in str(error).splitlines():
            print(f"desktop-recorder: {line}", file=sys.stderr)  # noqa: T201 - for the person at the terminal
        return error.exit_code


def _check_folders(settings: Settings) -> None:
    for name, folder in (("spool", settings.spool), ("log_file", settings.log_file.parent)):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(f"{name} = {str(folder)!r}: cannot be made ({type(error).__name__})") from None
        if not os.access(folder, os.W_OK):
            raise SettingsError(f"{name} = {str(folder)!r}: is not writable for this user")


def _record(settings: Settings, version: str) -> int:
    """Run until a signal; 1 when something unforeseen ended it."""
    open_journal(settings.log_file, settings.log_level)
    stop = _told_to_end()
    hosts = ",".join(host_of(url) for url in settings.nodes)
    _log.info("event=started workstation=%s nodes=%s ffmpeg=%s", settings.workstation, hosts, version)
    broken: list[str] = []

    def thread_broke(why: threading.ExceptHookArgs) -> None:
        # Rather end and be started again by the system than live on without one of the parts.
        _log.error("event=ended_unforeseen", exc_info=why.exc_value)
        broken.append(str(why.thread))
        stop.set()

    threading.excepthook = thread_broke
    try:
        Workstation(settings).run(stop)
    except Exception:  # noqa: BLE001 - the last word of the program, for its log
        _log.exception("event=ended_unforeseen")
        return 1
    _log.info("event=ended")
    return 1 if broken else 0


def _told_to_end() -> threading.Event:
    """An event that SIGTERM and Ctrl-C set.

    By a thread: a handler runs in the main thread, perhaps while that is just taking the lock of the event to wait for
    it, and would then wait for itself. The queue is one that may be used in a handler (Python, queue.SimpleQueue).
    """
    stop = threading.Event()
    told: queue.SimpleQueue[int] = queue.SimpleQueue()

    def listen() -> None:
        told.get()
        stop.set()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told.put(number))
    return stop


def run() -> None:
    """Entry point of the console script."""
    sys.exit(main())


if __name__ == "__main__":
    run()

"""The command line of the host: settings into the environment, the app, the port, the signals, the way out."""

import argparse
import asyncio
import atexit
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from lab.host import log
from lab.host.host import Host, HostOptions
from lab.host.settings import MisconfiguredError, load_local_settings

_log = logging.getLogger("Host.General")
_DIED = 1
_EXIT_SECONDS = 1.0
_MISCONFIGURED = 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.host", description="Run a Python Function App.")
    parser.add_argument("--root", type=Path, required=True, help="folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, required=True, help="HTTP port; 0 takes a free one")
    parser.add_argument("--settings", type=Path, required=True, help="a file shaped as local.settings.json")
    parser.add_argument("--address", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--log-file", type=Path, help="log lines go here as well as to stderr")
    parser.add_argument("--log-level", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    parser.add_argument("--queue-lease", type=float, default=600.0, help="seconds that a taken message is hidden")
    parser.add_argument("--grace", type=float, default=10.0, help="seconds that running invocations have to end")
    return parser.parse_args()


def _bound(address: str, port: int) -> socket.socket:
    # The protocol is named because asyncio switches Nagle off only then; each answer would wait 40 ms for an ACK.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((address, port))
    except OSError as error:
        raise MisconfiguredError(f"port {port} on {address} cannot be had: {error.strerror}") from error
    return listening


async def _run(host: Host, listening: socket.socket) -> float:
    """Serve until a signal; the monotonic time at which the process has to be gone."""
    stop = asyncio.Event()
    told: list[float] = []

    def on_signal() -> None:
        told.append(time.monotonic())
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    names = await host.load()

    def ready() -> None:
        print(f"ready port={listening.getsockname()[1]} functions={','.join(names)}", flush=True)

    await host.serve(listening, stop, ready)
    return told[0] if told else time.monotonic()


def _leave_by(deadline: float, host: Host) -> None:
    """See to it that the process ends: Python waits for every thread first, so a function that hangs would keep it.

    Exit handlers run in either case; this thread leaves them alone once they have begun by themselves.
    """
    begun = threading.Event()
    atexit.register(begun.set)

    def insist() -> None:
        if not begun.wait(max(0.0, deadline - time.monotonic())):
            _log.error("still running after the grace, left behind: %s", ", ".join(host.running) or "a thread")
            atexit._run_exitfuncs()  # noqa: SLF001 - the only way to run them while a thread hangs
            logging.shutdown()
            os._exit(_DIED)

    threading.Thread(target=insist, name="host-exit", daemon=True).start()


def main() -> int:
    """Run a host to its end; the exit code."""
    arguments = _arguments()
    log.configure(arguments.log_level, arguments.log_file)
    try:
        keys = load_local_settings(arguments.settings)
        root = arguments.root.resolve()
        listening = _bound(arguments.address, arguments.port)
        host = Host(HostOptions(root, keys, arguments.queue_lease, arguments.grace))
        # Not asyncio.run, which waits for the loop's default threads without end: _leave_by bounds that wait.
        stopped = asyncio.new_event_loop().run_until_complete(_run(host, listening))
    except MisconfiguredError as error:
        print(f"lab.host: {error}", file=sys.stderr, flush=True)
        return _MISCONFIGURED
    _leave_by(stopped + arguments.grace + _EXIT_SECONDS, host)
    return 0


if __name__ == "__main__":
    sys.exit(main())

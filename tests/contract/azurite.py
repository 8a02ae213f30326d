"""One Azurite for a test session: the storage emulator, in memory, on free ports, with an account of its own."""

import base64
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = Path(__file__).resolve().parents[2] / "node_modules" / ".bin" / "azurite"
_ACCOUNTS = 1000
"""An account for each test, several times as many as there are: nothing is shared, and the stores keep the names that
they have in production. A variable of the environment holds no more than 128 KiB of them on Linux."""
_KEY = base64.b64encode(b"contract tests only".ljust(64, b".")).decode()
_STARTS_WITHIN = 30


def installed() -> bool:
    """Tell whether `npm ci` has been run."""
    return _PROGRAM.exists()


def account_names() -> list[str]:
    """Name the accounts of the emulator."""
    return [f"contract{number:03d}" for number in range(_ACCOUNTS)]


def connection_string(ports: tuple[int, int, int], account: str) -> str:
    """Write the connection string of an account whose blob, queue and table services listen on these ports."""
    services = zip(("Blob", "Queue", "Table"), ports, strict=True)
    endpoints = "".join(f"{name}Endpoint=http://127.0.0.1:{port}/{account};" for name, port in services)
    return f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={_KEY};{endpoints}"


def free_ports() -> tuple[int, int, int]:
    """Find three ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    ports = tuple(sock.getsockname()[1] for sock in sockets)
    for sock in sockets:
        sock.close()
    return ports[0], ports[1], ports[2]


@contextmanager
def running(location: Path) -> Iterator[tuple[int, int, int]]:
    """Run an Azurite whose log is in `location`, and give its ports."""
    ports = free_ports()
    services = zip(("blob", "queue", "table"), ports, strict=True)
    listen = [word for name, port in services for word in (f"--{name}Host", "127.0.0.1", f"--{name}Port", str(port))]
    flags = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    with (location / "azurite.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  our own program with our own arguments
            [_PROGRAM, *listen, *flags],
            cwd=location,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | {"AZURITE_ACCOUNTS": ";".join(f"{name}:{_KEY}" for name in account_names())},
        )
        try:
            for port in ports:
                _wait(process, port, location)
            yield ports
        finally:
            process.terminate()
            process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", port: int, location: Path) -> None:
    """Wait until the service answers; that it refuses an unsigned question is an answer."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            pass
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Azurite did not start: {(location / 'azurite.log').read_text()}")
        time.sleep(0.1)

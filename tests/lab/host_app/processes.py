"""The processes that the tests of the host talk to: a storage emulator, and hosts that run this folder's app."""

import base64
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from azure.storage.queue import QueueClient

ROOT = Path(__file__).parents[3]
APP = Path(__file__).parent
SETTINGS = APP / "settings.json"
AZURITE = ROOT / "node_modules" / ".bin" / "azurite"
ACCOUNT = "hostlab"
KEY = base64.b64encode(b"a key for the emulator").decode()


def wait_until[T](what: str, probe: Callable[[], T], seconds: float = 10.0) -> T:
    """Try `probe` until it returns something true."""
    deadline = time.monotonic() + seconds
    while not (found := probe()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)
    return found


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens to now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def accepts(port: int) -> bool:
    """Whether somebody listens to the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Storage:
    """An emulated storage account."""

    blob_port: int
    queue_port: int

    @property
    def connection(self) -> str:
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint=http://127.0.0.1:{self.blob_port}/{ACCOUNT};"
            f"QueueEndpoint=http://127.0.0.1:{self.queue_port}/{ACCOUNT};"
        )

    @contextmanager
    def queue(self, name: str) -> Iterator[QueueClient]:
        """A client of a queue, which need not be there yet."""
        with QueueClient.from_connection_string(self.connection, name) as client:
            yield client

    def send(self, name: str, *bodies: str) -> None:
        """Put messages into a queue that is there."""
        with self.queue(name) as client:
            for body in bodies:
                client.send_message(base64.b64encode(body.encode()).decode())

    def bodies(self, name: str) -> list[str]:
        """What a queue holds, as far as it can be seen."""
        with self.queue(name) as client:
            return [base64.b64decode(message.content).decode() for message in client.peek_messages(max_messages=32)]

    def length(self, name: str) -> int:
        """How many messages a queue holds, hidden ones too."""
        with self.queue(name) as client:
            return client.get_queue_properties().approximate_message_count or 0


@contextmanager
def running_azurite() -> Iterator[Storage]:
    """An emulator of its own, in memory, from start to end."""
    if not AZURITE.exists():
        pytest.fail("azurite is not installed: npm ci")
    blob, queue, table = free_ports(3)
    ports = {"--blobPort": blob, "--queuePort": queue, "--tablePort": table}
    hosts = [f"--{service}Host=127.0.0.1" for service in ("blob", "queue", "table")]
    process = subprocess.Popen(  # noqa: S603
        [AZURITE, "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--inMemoryPersistence", *hosts]
        + [f"{flag}={port}" for flag, port in ports.items()],
        env=os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until("azurite listens", lambda: accepts(blob) and accepts(queue), seconds=20)
        yield Storage(blob, queue)
    finally:
        process.terminate()
        process.wait(timeout=10)


@dataclass
class RunningHost:
    """A host process that runs this folder's app; used as a context it is drained at the end."""

    folder: Path
    environ: dict[str, str]
    options: list[str] = field(default_factory=list)
    settings: Path = SETTINGS

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_file = self.folder / "host.log"
        self.trace_file = self.folder / "trace.jsonl"
        command = ["-m", "lab.host", "--root", str(APP), "--port", "0", "--settings", str(self.settings)]
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, *command, "--log-file", str(self.log_file), *self.options],
            cwd=ROOT,
            env=os.environ | {"TRACE_FILE": str(self.trace_file)} | self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.ready_line = self._first_line()
        self.port = int(self.ready_line.split()[1].removeprefix("port="))
        return self

    def _first_line(self) -> str:
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], 15)
        line = self.process.stdout.readline().strip() if readable else ""
        if not line.startswith("ready "):
            self.end()
            pytest.fail(f"the host did not become ready: {line!r}\n{self.log()}")
        return line

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> int:
        """Drain the process, or kill it where that does not help; its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)

    def log(self) -> str:
        """All log lines so far."""
        return self.log_file.read_text(encoding="utf-8") if self.log_file.exists() else ""

    def events(self, name: str) -> list[dict[str, Any]]:
        """What the app traced under a name."""
        if not self.trace_file.exists():
            return []
        lines = self.trace_file.read_text(encoding="utf-8").splitlines()
        return [event for line in lines if (event := json.loads(line))["event"] == name]

    def call(self, method: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401
        """Send an HTTP request."""
        return requests.request(method, f"http://127.0.0.1:{self.port}{path}", timeout=20, **options)


HostStarter = Callable[..., RunningHost]

"""Takes the calls of the stand-ins, keeps a journal of them, and kills the script at a call if a test wants it."""

import os
import signal
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from socket import create_server, socket
from threading import Thread
from types import TracebackType
from typing import Self

from tests.infra.standins import az, curl
from tests.infra.standins.world import Refused, World

_VARIABLES = (
    "CLIENT_ID_MAIN", "CLIENT_ID_PEER", "CLIENT_SECRET_MAIN", "CLIENT_SECRET_PEER", "CLIENT_SECRET_EXPIRES_MAIN",
    "CLIENT_SECRET_EXPIRES_PEER", "DESKTOP_SECRET", "ARCHIVE_LOCKED_MAIN", "ARCHIVE_LOCKED_PEER", "FINGERPRINT",
)  # fmt: skip
_ACT = {"az": az.act, "curl": curl.act}


@dataclass(slots=True)
class Server:
    """Serves one script at a time. `kill` is the number of a call, from 1, and "before" or "after" its effect."""

    world: World
    kill: str = ""
    journal: list[list[str]] = field(default_factory=list)
    after: list[World] = field(default_factory=list)
    """The world after each call: what a kill there would leave."""
    port: int = 0
    _listening: socket = field(init=False)
    _thread: Thread = field(init=False)

    def __enter__(self) -> Self:
        self._listening = create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            create_connection_to(self.port)
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            with connection:
                fields = _received(connection)
                if fields is None:
                    return
                with suppress(OSError):  # who was killed does not listen
                    connection.sendall(self._answer(fields).encode())

    def _answer(self, fields: list[str]) -> str:
        process, program, *rest = fields
        environment = dict(zip(_VARIABLES, rest, strict=False))
        arguments, given = rest[len(_VARIABLES) + 1 : -1], rest[-1]
        self.journal.append([program, *arguments])
        group = os.getpgid(int(process))
        self._killed(group, "before")
        answer = "0\0\0\0" if self._gone("before") else self._act(program, arguments, given, environment)
        self.after.append(deepcopy(self.world))
        self._killed(group, "after")
        return answer

    def _act(self, program: str, arguments: list[str], given: str, environment: dict[str, str]) -> str:
        try:
            return f"0\0{_ACT[program](self.world, arguments, given, environment)}\0\0"
        except Refused as error:
            return f"{error.code}\0\0ERROR: {error}\n\0"
        except Exception as error:  # noqa: BLE001 - else the script would wait for its answer
            return f"70\0\0the stand-in itself failed: {error!r}\n\0"

    def _gone(self, when: str) -> bool:
        return self.kill == f"{len(self.journal)} {when}"

    def _killed(self, group: int, when: str) -> None:
        if self._gone(when):
            os.killpg(group, signal.SIGKILL)


def create_connection_to(port: int) -> None:
    """Say that no more calls come: an empty one."""
    with socket() as last:
        last.connect(("127.0.0.1", port))


def _received(connection: socket) -> list[str] | None:
    """Read process, program, variables, the number of arguments, the arguments and the standard input."""
    read = b""
    before = 2 + len(_VARIABLES)
    while chunk := connection.recv(65536):
        read += chunk
        fields = read.decode().split("\0")
        if len(fields) > before + 1 and len(fields) > before + 1 + int(fields[before]) + 1:
            return fields[: before + 2 + int(fields[before])]
    return None

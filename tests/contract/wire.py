"""What can go wrong between a node and a store: nobody listens, nobody answers, an answer is lost."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread


@contextmanager
def silence() -> Iterator[int]:
    """A port where connections are accepted and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield server.getsockname()[1]


class LossyWire:
    """A wire to a store that delivers every question; `lose` makes it cut the connection instead of the answer."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._to_lose = 0
        self.lost = 0
        self._closed = Event()
        self._sockets: list[socket.socket] = [self._server]
        self._threads = [Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def lose(self, answers: int = 1) -> None:
        """Lose the next answers."""
        self._to_lose = answers

    def close(self) -> None:
        """Cut everything."""
        self._closed.set()
        for sock in self._sockets:
            _shut(sock)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += [near, far]
            for source, sink, answers in ((near, far, False), (far, near, True)):
                thread = Thread(target=self._pump, args=(source, sink, answers), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _pump(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        try:
            while data := source.recv(65536):
                if answers and self._to_lose:
                    self._to_lose -= 1
                    self.lost += 1
                    break
                sink.sendall(data)
        except OSError:
            pass
        _shut(source)
        _shut(sink)


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()

"""The balancer gives requests to healthy nodes only: not to a dead one, not to one that says 503."""

import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from lab.balancer import Balancer
from lab.processes import NotStartedError
from lab.waiting import wait_until

SECONDS = 10


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A check that hangs up early is no news."""


class FakeNode:
    """A node that only says how it is, and counts what it is given."""

    def __init__(self, name: str, port: int = 0) -> None:
        self.health = 200
        self.served = 0
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer(node.health, b"")

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                node.served += 1
                self._answer(202, name.encode())

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def nodes() -> Iterator[dict[str, FakeNode]]:
    nodes = {name: FakeNode(name) for name in ("main", "peer")}
    yield nodes
    for node in nodes.values():
        node.stop()


@pytest.fixture
def front(nodes: dict[str, FakeNode], tmp_path: Path) -> Iterator[Balancer]:
    with Balancer({name: node.port for name, node in nodes.items()}, tmp_path) as running:
        yield running


def _share(front: Balancer, count: int = 10) -> Counter[str]:
    """Who answers `count` requests; none may fail."""
    answers = []
    for _ in range(count):
        answer = requests.post(f"{front.url}/hook", data=b"{}", timeout=5)
        assert answer.status_code == 202
        answers.append(answer.text)
    return Counter(answers)


def test_both_healthy_nodes_get_their_share(front: Balancer) -> None:
    assert _share(front) == {"main": 5, "peer": 5}


def test_a_node_that_says_503_gets_nothing_until_it_is_well_again(front: Balancer, nodes: dict[str, FakeNode]) -> None:
    nodes["main"].health = 503
    wait_until("main is out", lambda: _share(front, 4) == {"peer": 4}, SECONDS)
    assert _share(front) == {"peer": 10}
    nodes["main"].health = 200
    wait_until("main is back", lambda: _share(front, 4)["main"] > 0, SECONDS)


def test_a_dead_node_costs_nobody_a_request(front: Balancer, nodes: dict[str, FakeNode]) -> None:
    _share(front)
    port = nodes["peer"].port
    nodes["peer"].stop()
    assert _share(front, 20) == {"main": 20}, "what does not reach the dead node is given to the other one"
    nodes["peer"] = FakeNode("peer", port)
    wait_until("peer is back", lambda: _share(front, 4)["peer"] > 0, SECONDS)


def test_without_haproxy_the_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotStartedError, match="apt-get install haproxy"):
        Balancer({}, tmp_path, programs=str(tmp_path))

"""The sender of the webhook bench keeps its pace and sends again only where Dataverse would."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rich.console import Console

from lab.webhook_figures import applied, figures, good, table
from lab.webhook_load import Sender, Sent, plan
from lab.webhook_payloads import Call, Moment, payload


class Endpoint(ThreadingHTTPServer):
    """Refuses every fifth request with a status, once or always."""

    daemon_threads = True

    def __init__(self, refusal: int) -> None:
        self.refusal = refusal
        self.bodies: list[bytes] = []
        self.lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        with self.server.lock:
            again = body in self.server.bodies
            self.server.bodies.append(body)
            refused = self.server.refusal and not again and len(self.server.bodies) % 5 == 0
        self.send_response(self.server.refusal if refused else 202)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def endpoint(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    server = Endpoint(request.param)
    yield server
    server.shutdown()
    server.server_close()


def test_a_plan_is_even_and_keeps_the_order_of_each_call() -> None:
    events = plan(50, 30, ["a", "b"], ["seated"])
    assert len(events) == 1500
    assert [event.due for event in events[:3]] == [0, 0.02, 0.04]
    assert Counter(event.moment for event in events)[Moment.CALLED] >= 500
    first = [event.moment for event in events if event.call == events[0].call]
    assert first == list(Moment)
    calls = {event.call for event in events}
    assert 0 < sum(call.agent_id == "seated" for call in calls) <= len(calls) / 20


@pytest.mark.parametrize("endpoint", [503], indirect=True)
def test_503_is_sent_once_more(endpoint: Endpoint) -> None:
    sent = Sender(f"http://127.0.0.1:{endpoint.server_port}/hook?code=x", plan(100, 0.3, ["a"]), 8).run()
    assert len(sent) == 30
    assert {one.status for one in sent} == {202}
    assert sum(one.attempts == 2 for one in sent) > 0


@pytest.mark.parametrize("endpoint", [500], indirect=True)
def test_500_is_not(endpoint: Endpoint) -> None:
    sent = Sender(f"http://127.0.0.1:{endpoint.server_port}/hook", plan(100, 0.3, ["a"]), 8).run()
    assert {one.attempts for one in sent} == {1}
    assert 500 in {one.status for one in sent}


@pytest.mark.parametrize("endpoint", [0], indirect=True)
def test_events_go_out_at_their_rate(endpoint: Endpoint) -> None:
    sent = Sender(f"http://127.0.0.1:{endpoint.server_port}/hook", plan(100, 1, ["a"]), 8).run()
    assert len(sent) == 100
    assert all(one.latency_ms >= 0 for one in sent)
    assert len(endpoint.bodies) == 100


def test_a_payload_says_whose_session_it_is() -> None:
    call = Call.of("7a4f1c11-0c1e-4a52-8f0c-0000000000aa")
    body = payload(call, Moment.ACCEPTED, datetime(2026, 11, 24, tzinfo=UTC))
    told = json.loads(body)
    assert told["PrimaryEntityId"] == call.session_id
    assert b"\\/Date(1795478400000)\\/" in body
    image = {pair["key"] for pair in told["PostEntityImages"][0]["value"]["Attributes"]}
    assert {"ownerid", "msdyn_liveworkitemid", "msdyn_channel", "msdyn_agentacceptedon"} <= image


def test_an_event_counts_as_applied_when_its_time_is_known() -> None:
    sent = [
        Sent("s1", "assigned_on", "2026-11-24T10:00:00+00:00", 0.0, latency_ms=10, status=202, attempts=1),
        Sent("s1", "accepted_on", "2026-11-24T10:00:01+00:00", 0.1, latency_ms=30, status=202, attempts=2),
        Sent("s2", "assigned_on", "2026-11-24T10:00:00+00:00", 0.2, latency_ms=20, status=202, attempts=1),
        Sent("s3", "assigned_on", "2026-11-24T10:00:00+00:00", 0.3, status=503, attempts=2),
    ]
    main = {"s1": {"assigned_on": "2026-11-24T10:00:00Z", "accepted_on": "2026-11-24T10:00:01Z"}}
    peer = {"s1": {"assigned_on": "2026-11-24T10:00:00Z", "accepted_on": None}}
    done = applied(sent, [main, peer])
    assert (done.somewhere, done.everywhere, done.lost) == (2, 1, ("s2 assigned_on",))
    numbers = figures([], sent, [], done, None)
    assert (numbers["acknowledged"], numbers["applied"], numbers["lost"], numbers["refused"]) == (3, 2, 1, 1)
    assert (numbers["p50_ms"], numbers["p99_ms"], numbers["sent_again"]) == (20, 30, 2)
    assert not good(numbers)
    console = Console(width=80)
    with console.capture() as shown:
        console.print(table(numbers))
    assert "202: 3, 503: 1" in shown.get()

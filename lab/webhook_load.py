"""The sender of the webhook bench, a process of its own: so many events a second, whether they are answered or not.

Open loop: every event has its moment, and its latency counts from that moment, also when the sender was late itself.
As Dataverse it sends once more upon 502, 503 and 504, and never again upon anything else.
"""

import argparse
import http.client
import itertools
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from lab.webhook_payloads import Call, Moment, headers, payload

_AGAIN = {502, 503, 504}
_AGAIN_AFTER_SECONDS = 1.0
_TIMEOUT_SECONDS = 60.0
_SEATED_EVERY = 25
"""Of so many calls one goes to an agent at a workstation: their boards grow as on a busy day, not as in a year."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the plan: due so many seconds after the start."""

    due: float
    call: Call
    moment: Moment


@dataclass(slots=True)
class Sent:
    """What became of an event. `status` 0: no answer."""

    session_id: str
    moment: str
    at: str
    due: float
    late_ms: float = 0.0
    latency_ms: float = 0.0
    status: int = 0
    attempts: int = 0


def plan(rate: float, seconds: float, agents: Sequence[str], seated: Sequence[str] = ()) -> list[Event]:
    """Plan events, evenly spread; the three of a call are a third of a second apart, so calls lie in one another."""
    count = int(rate * seconds)
    calls: Iterator[int] = itertools.count()
    ready: list[tuple[float, Call, Moment]] = []
    while len(ready) < count:
        number = next(calls)
        begins = number * 3 / rate
        owner = seated[number // _SEATED_EVERY % len(seated)] if seated and number % _SEATED_EVERY == 0 else ""
        call = Call.of(owner or agents[number % len(agents)])
        ready += [(begins + 0.3 * place, call, moment) for place, moment in enumerate(Moment)]
    ready.sort(key=lambda event: event[0])
    return [Event(number / rate, call, moment) for number, (_, call, moment) in enumerate(ready[:count])]


class Sender:
    """Many kept connections to one address, each with a thread that takes the next event when it is due."""

    def __init__(self, url: str, events: Sequence[Event], connections: int) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._events = iter(events)
        self._lock = threading.Lock()
        self._connections = connections
        self._began = 0.0
        self.sent: list[Sent] = []

    def run(self) -> list[Sent]:
        """Send everything and return what became of it."""
        self._began = time.perf_counter() + 0.5
        threads = [threading.Thread(target=self._send_until_done) for _ in range(self._connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.sent

    def _send_until_done(self) -> None:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT_SECONDS)
        connection.connect()
        while (event := self._next()) is not None:
            time.sleep(max(0.0, self._began + event.due - time.perf_counter()))
            at = datetime.now(UTC).replace(microsecond=0)  # Dynamics keeps whole seconds
            sent = Sent(event.call.session_id, event.moment.value, at.isoformat(), event.due)
            sent.late_ms = (time.perf_counter() - self._began - event.due) * 1000
            self._send(connection, sent, payload(event.call, event.moment, at), headers(event.moment))
            sent.latency_ms = (time.perf_counter() - self._began - event.due) * 1000
            self.sent.append(sent)
        connection.close()

    def _next(self) -> Event | None:
        with self._lock:
            return next(self._events, None)

    def _send(self, connection: http.client.HTTPConnection, sent: Sent, body: bytes, fields: dict[str, str]) -> None:
        self._post(connection, sent, body, fields)
        if sent.status in _AGAIN:
            time.sleep(_AGAIN_AFTER_SECONDS)
            self._post(connection, sent, body, fields)

    def _post(self, connection: http.client.HTTPConnection, sent: Sent, body: bytes, fields: dict[str, str]) -> None:
        """Post once. A kept connection that was closed under it is no answer: as HTTP clients do, on a new one then."""
        for kept in (True, False):
            sent.attempts += 1
            try:
                connection.request("POST", self._target, body, fields)
                answer = connection.getresponse()
                answer.read()
                sent.status = answer.status
            except ConnectionError:  # also http.client.RemoteDisconnected
                sent.status = 0
                connection.close()  # it is opened again with the next request
                if kept:
                    continue
            except (OSError, http.client.HTTPException):
                sent.status = 0
                connection.close()
            return


def main() -> int:
    """Send what the command line says and write a line of JSON for every event."""
    add = (parser := argparse.ArgumentParser(prog="python -m lab.webhook_load")).add_argument
    add("--url", required=True, help="where to send, with the key")
    add("--rate", type=float, required=True, help="events a second")
    add("--seconds", type=float, required=True)
    add("--connections", type=int, default=48)
    add("--agent", action="append", required=True, help="an agent's id; may be repeated")
    add("--seated", action="append", default=[], help="an agent at a workstation; may be repeated")
    add("--results", type=Path, required=True, help="where the lines go")
    given = parser.parse_args()
    events = plan(given.rate, given.seconds, given.agent, given.seated)
    sys.stdout.write(f"sending {len(events)} events\n")
    sys.stdout.flush()
    sent = Sender(given.url, events, given.connections).run()
    lines = "".join(json.dumps(asdict(one)) + "\n" for one in sorted(sent, key=lambda one: one.due))
    given.results.write_text(lines, encoding="utf-8")
    sys.stdout.write("done\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

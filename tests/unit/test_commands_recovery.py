"""The commands of recovery against the real answers of a node, over HTTP."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from capture.commands.app import app
from capture.console.answer import answer
from tests.pair import Pair
from tests.unit.test_recovery import begun, recovered

KEY = "a-made-up-key"
ID = "0f8fad5b-d9cb-469f-a165-70867728950e"


class Served:
    """A node's recovery API at a local address; every read of a request lets the pair work a little."""

    def __init__(self, pair: Pair) -> None:
        asking = pair.members["main"].node.asking
        self.stopping = stopping = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = self.path.split("/")[3:]
                if parts and stopping.is_set():
                    asking.act(parts[0], "stop")
                recovered(pair, 2)
                self._say(answer(asking.listed if not parts else lambda: asking.one(parts[0])))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parts = self.path.split("/")[3:]
                self._say(answer(lambda: asking.act(*parts) if parts else asking.ask(body), status=202))

            def _say(self, said: object) -> None:
                admitted = self.headers.get("x-functions-key") == KEY
                text = str(said.body).encode() if admitted else b""  # type: ignore[attr-defined]
                self.send_response(said.status if admitted else 401)  # type: ignore[attr-defined]
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def pair() -> Pair:
    return begun()


@pytest.fixture
def served(pair: Pair) -> Iterator[Served]:
    served = Served(pair)
    yield served
    served.stop()


def run(served: Served, *arguments: str, key: str = KEY) -> Result:
    environ = {"CAPTURE_NODES": served.address, "CAPTURE_KEY": key, "NO_PROXY": "127.0.0.1"}
    return CliRunner().invoke(app, [*arguments], env=environ)


PERIOD = ("--from", "2026-11-23T00:00:00", "--to", "2026-11-26T00:00:00")


def test_a_period_is_recovered_and_told_in_json(pair: Pair, served: Served) -> None:
    hidden = pair.publish(ago=5 * 3600)
    said = run(served, "recover", *PERIOD, "--json")
    assert said.exit_code == 0
    (request,) = json.loads(said.stdout)
    assert (request["status"], request["recovered"]) == ("done", 1)
    assert hidden.id in pair.archived("main") | pair.archived("peer")


def test_a_dry_run_is_told_to_people(pair: Pair, served: Served) -> None:
    hidden = pair.publish(ago=5 * 3600)
    said = run(served, "recover", *PERIOD, "--dry-run")
    assert said.exit_code == 0
    assert hidden.id in said.stdout
    assert "nothing was" in said.stdout
    assert hidden.id not in pair.archived("main") | pair.archived("peer")


def test_ids_come_from_a_file_and_unknown_ones_end_with_another_code(served: Served, tmp_path: Path) -> None:
    ids = tmp_path / "ids.csv"
    ids.write_text(f"number,conversation\n1,{{{ID.upper()}}}\n2,{ID}\n", encoding="utf-8")
    said = run(served, "recover", "--ids", str(ids), "--json")
    assert said.exit_code == 3
    (request,) = json.loads(said.stdout)
    assert (request["ids"], request["failed"]) == (1, 1)


def test_verify_ends_with_another_code_when_something_is_wrong(pair: Pair, served: Served) -> None:
    assert run(served, "verify", "--json").exit_code == 0
    (path,) = [*pair.accounts["main"].stores.archive.blobs, *pair.accounts["peer"].stores.archive.blobs]
    for name in ("main", "peer"):
        archive = pair.accounts[name].stores.archive
        archive.blobs.pop(path, None)
        archive._by_stem.clear()
    said = run(served, "verify", "--json")
    assert said.exit_code == 3
    (request,) = json.loads(said.stdout)
    assert "gone from" in request["items"][0]["why"]


@pytest.mark.parametrize("command", ["recover", "verify"])
def test_what_somebody_stops_meanwhile_does_not_end_as_if_all_were_done(served: Served, command: str) -> None:
    served.stopping.set()
    said = run(served, command, *PERIOD, "--json")
    assert said.exit_code == 3
    assert [each["status"] for each in json.loads(said.stdout)] == ["stopped"]


def test_requests_are_listed_shown_and_stopped(pair: Pair, served: Served) -> None:
    taken = run(served, "recover", *PERIOD, "--no-wait", "--json")
    (request,) = json.loads(taken.stdout)
    stopped = run(served, "requests", request["id"], "--stop", "--json")
    assert json.loads(stopped.stdout)[0]["status"] == "stopped"
    listed = run(served, "requests", "--json")
    assert [each["id"] for each in json.loads(listed.stdout)] == [request["id"]]
    shown = run(served, "requests", request["id"])
    assert "stopped" in shown.stdout
    assert request["asked"] in shown.stdout
    assert request["asked"] not in run(served, "requests").stdout
    assert pair.members["main"].node.asking.one(request["id"])["status"] == "stopped"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["recover"], "name a period"),
        (["recover", "--from", "2026-11-23T00:00:00"], "a period needs both"),
        (["recover", *PERIOD, "--id", ID], "name a period"),
        (["recover", "--ids", "no-such-file.csv"], "No such file"),
        (["verify", "--from", "2026-11-23T00:00:00"], "a period needs both"),
        (["recover", "--from", "2026-11-23T00:00:00", "--to", "2026-11-22T23:00:00"], "lies after --to"),
        (["verify", "--from", "2026-11-23T00:00:00", "--to", "2026-11-23T01:00:00+02:00"], "lies after --to"),
        (["recover", "--id", "nobody"], "is no id"),
        (["requests", "--stop"], "goes with the id"),
    ],
)
def test_a_mistake_in_the_call_is_said(served: Served, arguments: list[str], why: str) -> None:
    said = run(served, *arguments)
    assert said.exit_code == 2
    assert why in " ".join(said.output.replace("│", " ").split())
    assert "Traceback" not in said.output


def test_a_refused_key_and_an_unknown_request_are_said_in_a_line(served: Served) -> None:
    refused = run(served, "requests", key="another")
    assert refused.exit_code == 1
    assert "refused the key in CAPTURE_KEY" in refused.output
    unknown = run(served, "requests", "nobody")
    assert unknown.exit_code == 1
    assert "no request has this id" in unknown.output

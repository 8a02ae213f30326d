"""The commands that look at nodes, against the real use cases of a pair in memory, over HTTP."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from typer.testing import CliRunner, Result

from capture.commands import connections, doctor
from capture.commands.app import app
from capture.console.answer import Answer, answer
from capture.console.desk import Asked
from capture.errors import Unauthorized
from capture.model.day import CompletedCall
from capture.model.identity import ConversationId
from capture.node import Node
from capture.settings import Settings, misspelt
from lab.waiting import wait_until
from tests.pair import SAMPLE, Pair

KEY, HOST_KEY = "the-function-key", "the-host-key"


@dataclass
class Office:
    """Both nodes of a pair behind HTTP, each at its port, with the keys that the Functions host would ask for."""

    pair: Pair
    servers: dict[str, ThreadingHTTPServer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def run(self, *arguments: str, nodes: tuple[str, ...] = ("main", "peer"), **variables: str) -> Result:
        addresses = " ".join(f"http://127.0.0.1:{self.servers[name].server_port}" for name in nodes)
        environ = {"CAPTURE_NODES": addresses, "CAPTURE_KEY": KEY, "CAPTURE_HOST_KEY": HOST_KEY, **variables}
        return CliRunner().invoke(app, arguments, env=environ)

    def serve(self, name: str) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler(lambda: self.pair.members[name].node, self.asked))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.servers[name] = server

    def stop(self, name: str) -> None:
        self.servers[name].shutdown()
        self.servers[name].server_close()


def handler(node: Callable[[], Node], asked: list[str]) -> type[BaseHTTPRequestHandler]:  # noqa: C901  the routes, one by one
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self._say(self._answer(node()))

        do_POST = do_GET  # noqa: N815  the library's name

        def _answer(self, node: Node) -> Answer:  # noqa: C901, PLR0911, PLR0912  same
            parts = urlsplit(self.path)
            path = [unquote(each) for each in parts.path.removeprefix("/api/").split("/")]
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            admin = path[0] == "role" or path[-1] in ("requeue", "media", "hold", "remove")
            if self.headers.get("x-functions-key") not in ((HOST_KEY,) if admin else (KEY, HOST_KEY)):
                return Answer(401, "")
            match path:
                case ["status"]:
                    return answer(node.status.read)
                case ["role"]:
                    return answer(lambda: node.role.run(body), status=202)
                case ["parked"]:
                    return answer(node.parked.listed)
                case ["parked", name, "requeue"]:
                    return answer(lambda: node.parked.run(name), status=202)
                case ["recordings"]:
                    return answer(lambda: node.search.run(query))
                case ["recordings", name]:
                    return answer(lambda: node.console.recording(name, query.get("at", "")))
                case ["holds"]:
                    return answer(node.holding.listed)
                case ["recordings", name, "hold"]:
                    return answer(lambda: node.holding.run(name, body))
                case ["recordings", name, "remove"]:
                    return answer(lambda: node.removing.run(name, body))
                case ["verification"]:
                    return answer(lambda: node.compliance.listed(query.get("days")))
                case ["verification", day]:
                    return answer(lambda: node.compliance.close(day, body))
                case ["recordings", name, "media"]:
                    asked = Asked("GET", "", self.path, query, {"range": self.headers.get("range", "")})
                    return answer(lambda: node.console.audio(name, asked))
            return Answer(404, "")

        def _say(self, said: Answer) -> None:
            body = said.body.encode() if isinstance(said.body, str) else said.body
            self.send_response(said.status)
            for name, value in {**said.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    return Handler


@pytest.fixture
def office() -> Iterator[Office]:
    pair = Pair(settings={"GIVE_UP_HOURS": "1"})
    pair.turn()
    office = Office(pair)
    for name in ("main", "peer"):
        office.serve(name)
    yield office
    for name in ("main", "peer"):
        office.stop(name)


def document(result: Result) -> Any:  # noqa: ANN401  JSON
    return json.loads(result.stdout)


def test_status_shows_both_nodes_and_says_by_its_code_that_all_is_well(office: Office) -> None:
    result = office.run("status", "--json")
    assert result.exit_code == 0
    assert [(each["node"], each["role"]) for each in document(result)] == [("main", "ACTIVE"), ("peer", "READY")]
    shown = office.run("status")
    assert "ACTIVE" in shown.stdout
    assert "low watermark" in shown.stdout


def test_status_goes_on_until_a_person_ends_it(office: Office) -> None:
    addresses = " ".join(f"http://127.0.0.1:{server.server_port}" for server in office.servers.values())
    watching = subprocess.Popen(
        [sys.executable, "-m", "capture", "status", "--watch"],
        env=os.environ | {"CAPTURE_NODES": addresses, "CAPTURE_KEY": KEY, "PYTHONUNBUFFERED": "1"},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        # Both nodes, shown at first and twice again.
        wait_until("it has asked three times", lambda: office.asked.count("/api/status") >= 6, 60)
        assert watching.poll() is None
        watching.send_signal(signal.SIGINT)
        said, _ = watching.communicate(timeout=20)
    finally:
        watching.kill()
    assert watching.returncode == 0
    assert "ACTIVE" in said
    assert "Traceback" not in said


def test_status_with_one_node_down_shows_the_other_and_is_not_well(office: Office) -> None:
    office.stop("main")
    result = office.run("status", "--json")
    assert result.exit_code == 3
    down, up = document(result)
    assert "does not answer" in down["error"]
    assert up["node"] == "peer"
    assert office.run("status").exit_code == 3
    office.stop("peer")
    assert office.run("status").exit_code == 1
    office.serve("main")
    office.serve("peer")


def test_status_is_not_well_while_nobody_is_active(office: Office) -> None:
    office.pair.clock.advance(60)
    assert office.run("status", "--json").exit_code == 3


def test_a_wrong_key_is_named_by_its_variable_and_never_shown(office: Office) -> None:
    result = office.run("parked", "list", CAPTURE_KEY="wrong-key-text")
    assert result.exit_code == 1
    assert "CAPTURE_KEY" in result.stderr
    assert "wrong-key-text" not in result.output


@pytest.mark.parametrize(
    ("arguments", "variables", "why"),
    [
        (["parked", "list"], {"CAPTURE_KEY": ""}, "CAPTURE_KEY"),
        (["parked", "list"], {"CAPTURE_NODES": ""}, "--node"),
        (["parked", "list", "--node", "http://node.contoso.com"], {}, "https://"),
        (["parked", "list", "--node", "node"], {}, "takes an address"),
        (["recordings", "search", "--limit", "0"], {}, "--limit"),
        (["recordings", "search", "--day", "yesterday"], {}, "is no day"),
        (["recordings", "get", "anything", "--at", "noon"], {}, "is no time"),
        (["recordings", "get", "anything", "--at", "2026-11-22T10:00:00"], {}, "time zone"),
        (["hold", "set", "anything", "--at", "noon", "--by", "Jane", "--reason", "case 7"], {}, "is no time"),
        (["status", "--watch", "--json"], {}, "--watch"),
    ],
)
def test_a_mistake_in_the_call_is_said_with_code_2(
    office: Office, arguments: list[str], variables: dict[str, str], why: str
) -> None:
    result = office.run(*arguments, **variables)
    assert result.exit_code == 2
    assert why in result.stderr
    assert "Traceback" not in result.output


def test_parked_recordings_are_listed_shown_and_taken_up_again(office: Office) -> None:
    pair = office.pair
    recording = pair.publish_without_file()
    pair.turn()
    pair.clock.advance(2 * 3600)
    for _ in range(3):
        pair.turn()
    (line,) = document(office.run("parked", "list", "--json"))
    assert line["recording_id"] == recording.id
    shown = document(office.run("parked", "show", recording.id, "--json"))
    assert shown["reason"] == line["reason"]
    assert shown["recordings"][0]["state"] == "parked"
    assert office.run("parked", "show", "unknown").exit_code == 1
    again = office.run("parked", "requeue", recording.id, "--json")
    assert (again.exit_code, document(again)["state"]) == (0, "open")
    assert document(office.run("parked", "list", "--json")) == []


def test_a_recording_is_found_and_fetched_with_its_metadata(office: Office, tmp_path: Path) -> None:
    recordings = [office.pair.publish(conversation="talk") for _ in range(3)]
    office.pair.turn()
    office.pair.turn()
    found = document(office.run("recordings", "search", "--conversation", "talk", "--json"))["findings"]
    assert [each["recording_id"] for each in found] == [each.id for each in recordings]
    day = found[0]["created_on"][:10]
    by_day = document(office.run("recordings", "search", "--day", day, "--limit", "2", "--json"))["findings"]
    assert len(by_day) == 2
    one = found[0]
    result = office.run(
        "recordings", "get", one["recording_id"], "--at", one["created_on"], "--out", str(tmp_path), "--json"
    )
    assert result.exit_code == 0, result.output
    file = Path(document(result)["file"])
    assert file.read_bytes() == office.pair.source.files[recordings[0].id]
    beside = json.loads(file.with_suffix(".json").read_text())
    assert beside["conversation"]["id"] == "talk"
    assert office.run("recordings", "get", "unknown", "--at", one["created_on"]).exit_code == 1


def test_an_altered_object_is_not_taken_for_the_recording(office: Office, tmp_path: Path) -> None:
    recording = office.pair.publish()
    office.pair.turn()
    office.pair.turn()
    for account in office.pair.accounts.values():
        blobs = account.stores.archive.blobs
        for path, blob in blobs.items():
            object.__setattr__(blob, "data", blob.data[:-1] + b"!")
            assert path
    (one,) = document(office.run("recordings", "search", "--conversation", "c1", "--json"))["findings"]
    result = office.run("recordings", "get", recording.id, "--at", one["created_on"], "--out", str(tmp_path))
    assert result.exit_code == 1
    assert "altered" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_hold_is_set_listed_and_released(office: Office) -> None:
    recording = office.pair.publish()
    office.pair.turn()
    office.pair.turn()
    why = ["--at", recording.created_on.isoformat(), "--by", "ann", "--reason", "case 7"]
    held = office.run("hold", "set", recording.id, *why, "--json")
    assert (held.exit_code, document(held)["held"]) == (0, True)
    (line,) = document(office.run("hold", "list", "--json"))
    assert (line["recording_id"], line["by"], line["reason"]) == (recording.id, "ann", "case 7")
    assert "case 7" in office.run("hold", "list", COLUMNS="200").stdout
    assert "released" in office.run("hold", "release", recording.id, *why).stdout
    assert document(office.run("hold", "list", "--json")) == []
    again = office.run("hold", "release", recording.id, *why)
    assert again.exit_code == 1
    assert "not under hold" in again.stderr
    assert office.run("hold", "set", recording.id).exit_code == 2


def test_a_recording_is_removed_once_somebody_has_said_yes(office: Office) -> None:
    recording = office.pair.publish()
    office.pair.turn()
    arguments = ("recordings", "remove", recording.id, "--at", recording.created_on.isoformat(), "--by", "Jane Doe")
    reason = ("--reason", "a card number")
    assert office.run(*arguments, *reason).exit_code == 1, "nobody has said yes"
    assert office.pair.archived("main") | office.pair.archived("peer")
    done = office.run(*arguments, *reason, "--yes", "--json")
    assert done.exit_code == 0
    assert document(done) == {"recording_id": recording.id, "state": "removed"}
    assert not office.pair.archived("main") | office.pair.archived("peer")


def test_a_held_recording_is_not_removed(office: Office) -> None:
    recording = office.pair.publish()
    office.pair.turn()
    which = (recording.id, "--at", recording.created_on.isoformat(), "--by", "Jane Doe", "--reason", "case 7")
    assert office.run("hold", "set", *which).exit_code == 0
    refused = office.run("recordings", "remove", *which, "--yes")
    assert refused.exit_code == 1
    assert "legal hold" in refused.stderr
    assert office.pair.archived("main") | office.pair.archived("peer")


def test_a_day_is_listed_as_wrong_until_a_person_closes_it(office: Office) -> None:
    pair = office.pair
    recording = pair.publish_without_file()
    pair.source.ended_calls.append(CompletedCall(ConversationId("c1"), recording.created_on, 60))
    pair.turn()
    node = pair.members["main"].node
    while node.compliance.look():
        pass
    pair.work("peer")
    listed = office.run("days", "list", "--json")
    assert listed.exit_code == 3
    wrong = next(each for each in document(listed) if each["incident"])
    said = ("--by", "Jane Doe", "--note", "a test of the line")
    closed = office.run("days", "close", wrong["day"], *said, "--json")
    assert closed.exit_code == 0
    assert document(closed)[0]["closed"]["note"] == "a test of the line"
    assert office.run("days", "list", "--json", nodes=("main",)).exit_code == 0
    shown = office.run("days", "list").stdout
    assert "Jane Doe: a test of the line" in shown
    assert shown.count(f"\n{wrong['day']} ") == 2, "its figures, and what was wrong with it"
    assert office.run("days", "close", "2020-01-01", *said).exit_code == 1


def test_a_handover_waits_until_the_other_node_is_active(office: Office) -> None:
    late = office.run("handover", "peer", "--wait", "0", "--json")
    assert late.exit_code == 3, "the word is kept, nobody has ticked yet"
    for _ in range(2):
        office.pair.turn()
    done = office.run("handover", "peer", "--wait", "5", "--json")
    assert done.exit_code == 0
    assert document(done)["active"] == "peer"
    assert office.run("handover", "nobody").exit_code == 1


def test_the_doctor_names_each_setting_that_is_wrong(tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"Values": {**SAMPLE, "DYNAMICS_URL": "http://contoso", "TICK_SECONDS": "0"}}))
    result = CliRunner().invoke(app, ["doctor", "--settings", str(settings), "--json"])
    assert result.exit_code == 2
    assert {each["says"].split(":")[0] for each in document(result)} == {"DYNAMICS_URL", "TICK_SECONDS"}
    settings.write_text("no json")
    assert CliRunner().invoke(app, ["doctor", "--settings", str(settings)]).exit_code == 2


def test_the_doctor_sees_a_setting_whose_name_is_misspelt(tmp_path: Path) -> None:
    settings = tmp_path / "local.settings.json"
    settings.write_text(json.dumps({"Values": {"NODE_NAME": "Main", "LOOKBCK_MINUTES": "9", "PATH": "/bin"}}))
    result = CliRunner().invoke(app, ["doctor", "--settings", str(settings)])
    assert "LOOKBCK_MINUTES: is no setting and has no effect; LOOKBACK_MINUTES is one" in result.output
    assert "PATH" not in result.output
    assert result.exit_code == 2


def test_no_name_of_the_sample_or_the_deployment_is_taken_for_misspelt() -> None:
    infra = Path(__file__).resolve().parents[2] / "infra" / "modules" / "settings.bicep"
    names = [*SAMPLE, *re.findall(r"^  ([A-Za-z_0-9]+):", infra.read_text(encoding="utf-8"), re.MULTILINE)]
    assert {"LOOKBACK_MINUTES", "OWN_STORAGE__blobServiceUri", "AZURE_CLIENT_ID"} <= set(names)
    assert list(misspelt(names)) == []


def test_the_doctor_does_not_call_it_wrong_that_a_node_may_only_send_to_its_peer() -> None:
    pair = Pair()
    peer = pair.members["main"].peer
    assert connections.length(peer.watermarks, "watermark") == "0 messages in watermark"
    peer.link.fail_next("length", error=Unauthorized("refused: 403 AuthorizationPermissionMismatch"))
    assert "not tried" in connections.length(peer.watermarks, "watermark")


def test_the_doctor_calls_a_wrong_key_of_the_peers_account_wrong() -> None:
    peer = Pair().members["main"].peer
    peer.link.fail_next("length", error=Unauthorized("refused: 403 AuthenticationFailed"))
    with pytest.raises(Unauthorized):
        connections.length(peer.watermarks, "watermark")


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> tuple[Pair, Callable[[], dict[str, doctor.Finding]]]:
    """A pair, and what the doctor finds with the settings of its node main."""
    pair = Pair()
    pair.turn()
    main = pair.members["main"]

    def checks(settings: Settings) -> list[connections.Check]:
        return connections.connections(settings, main.own, main.peer, main.witness.lease, pair.source, pair.clock)

    monkeypatch.setattr(doctor, "_checks", checks)
    return pair, lambda: {each.what: each for each in doctor.examine(SAMPLE)}


def test_the_doctor_finds_nothing_wrong_with_a_node_that_is_well(
    examined: tuple[Pair, Callable[[], dict[str, doctor.Finding]]],
) -> None:
    found = examined[1]()
    assert all(each.well for each in found.values())
    assert found["own log"].says == "0 sealed blocks"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "open on this machine only"),
        ({"WEBSITE_SITE_NAME": "main"}, "closed: CONSOLE_TENANT_ID"),
        ({"WEBSITE_SITE_NAME": "main", "CONSOLE_TENANT_ID": "t"}, "closed: App Service authentication is off"),
        ({"WEBSITE_SITE_NAME": "main", "CONSOLE_TENANT_ID": "t", "WEBSITE_AUTH_ENABLED": "True"}, "for the tenant"),
    ],
)
def test_the_doctor_says_who_may_see_the_console(
    examined: tuple[Pair, Callable[[], dict[str, doctor.Finding]]],
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    says: str,
) -> None:
    for name, value in settings.items():
        monkeypatch.setitem(SAMPLE, name, value)
    assert says in examined[1]()["console"].says


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("ledger.get", "peer's ledger"),
        ("evidence.names", "peer's log"),
        ("archive.size", "peer's archive"),
        ("heartbeats.read", "peer's storage, blobs"),
    ],
)
def test_the_doctor_says_which_connection_is_wrong_and_what_to_look_for(
    examined: tuple[Pair, Callable[[], dict[str, doctor.Finding]]], call: str, what: str
) -> None:
    pair, look = examined
    pair.members["main"].peer.link.fail_next(call)
    wrong = [each for each in look().values() if not each.well]
    assert [each.what for each in wrong] == [what]
    assert "is the account in PEER_STORAGE there" in wrong[0].says


def test_the_doctor_sees_that_calls_may_not_be_read(
    examined: tuple[Pair, Callable[[], dict[str, doctor.Finding]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, look = examined

    def refuse(*_: object) -> None:
        raise Unauthorized("missing prvReadmsdyn_ocliveworkitem privilege")

    monkeypatch.setattr(pair.source, "completed_calls", refuse)
    wrong = [each for each in look().values() if not each.well]
    assert [(each.what, each.says) for each in wrong] == [
        ("Dynamics, calls", "missing prvReadmsdyn_ocliveworkitem privilege")
    ]

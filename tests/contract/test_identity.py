"""A managed identity as Function Apps have it: asked of the endpoint in the environment, chosen by its client id."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest

from capture.errors import Transient, Unauthorized
from capture.storage.identity import assertion, credential


class Endpoint:
    """Stands in for IDENTITY_ENDPOINT (Microsoft Learn, "Use managed identities for App Service", REST endpoint)."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.status = 200
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                endpoint.asked.append(query | {"header": self.headers.get("X-IDENTITY-HEADER", "")})
                body = {"access_token": "the-token", "expires_on": "4102444800", "resource": query.get("resource")}
                answer = json.dumps(body if endpoint.status == 200 else {"statusCode": endpoint.status}).encode()
                self.send_response(endpoint.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    one = Endpoint()
    thread = Thread(target=one.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{one.server.server_port}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "header-of-this-app")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    credential.cache_clear()  # an earlier one remembers an earlier endpoint
    yield one
    credential.cache_clear()
    one.server.shutdown()
    one.server.server_close()
    thread.join()


def test_storage_is_entered_with_the_chosen_identity_and_no_key(endpoint: Endpoint) -> None:
    assert credential("identity-of-main").get_token("https://storage.azure.com/.default").token == "the-token"
    (asked,) = endpoint.asked
    assert (asked["client_id"], asked["resource"]) == ("identity-of-main", "https://storage.azure.com")
    assert asked["header"] == "header-of-this-app"
    assert credential("identity-of-main") is credential("identity-of-main"), "one keeps the tokens of all clients"


def test_what_stands_in_for_a_client_secret_is_a_token_for_the_exchange(endpoint: Endpoint) -> None:
    assert assertion("identity-of-main") == "the-token"
    (asked,) = endpoint.asked
    assert (asked["client_id"], asked["resource"]) == ("identity-of-main", "api://AzureADTokenExchange")


def test_an_identity_that_the_app_does_not_have_names_the_setting(endpoint: Endpoint) -> None:
    endpoint.status = 400
    with pytest.raises((Unauthorized, Transient), match="DYNAMICS_IDENTITY_CLIENT_ID"):
        assertion("identity-of-nobody")

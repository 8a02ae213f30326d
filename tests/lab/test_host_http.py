"""HTTP functions through a running host."""

import pytest
from host_app.processes import RunningHost

pytest_plugins = ["host_app.fixtures"]

_FUNCTION_KEY = {"x-functions-key": "key-of-a-function"}


def test_ready_names_the_functions(module_host: RunningHost) -> None:
    functions = "tick,pulse,boot,order,read_order,ping,statistics,broken,sleep"
    assert module_host.ready_line == f"ready port={module_host.port} functions={functions}"


def test_a_request_and_its_response_are_passed_on(module_host: RunningHost) -> None:
    answer = module_host.call("PUT", "/api/orders/7/lid?a=1&b=2", data="two", headers=_FUNCTION_KEY | {"x-tag": "t"})
    assert answer.status_code == 203
    assert answer.json() == {
        "method": "PUT",
        "params": {"id": "7", "part": "lid"},
        "query": {"a": "1", "b": "2"},
        "tag": "t",
        "body": "two",
        "greeting": "from the file",
    }
    assert answer.headers["x-answer"] == "yes"
    assert answer.headers["content-type"] == "application/json"
    assert answer.cookies["shop"] == "open"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/ping", {}, 200),
        ("/api/orders/7", {}, 401),
        ("/api/orders/7", {"x-functions-key": "wrong"}, 401),
        ("/api/orders/7", _FUNCTION_KEY, 203),
        ("/api/orders/7?code=key-of-a-function", {}, 203),
        ("/api/orders/7?code=key-of-the-host", {}, 203),
        ("/api/orders/statistics", _FUNCTION_KEY, 401),
        ("/api/orders/statistics?code=key-of-the-host", {}, 200),
        ("/admin/host/status", _FUNCTION_KEY, 401),
        ("/admin/host/status?code=key-of-the-host", {}, 200),
        ("/", {}, 200),
        ("/api/nothing", _FUNCTION_KEY, 404),
        ("/api/orders/seven", _FUNCTION_KEY, 404),
        ("/api/broken", {}, 500),
    ],
)
def test_who_may_call_what(module_host: RunningHost, path: str, headers: dict[str, str], status: int) -> None:
    assert module_host.call("GET", path, headers=headers).status_code == status


def test_the_status_is_json(module_host: RunningHost) -> None:
    assert module_host.call("GET", "/admin/host/status?code=key-of-the-host").json() == {"state": "Running"}


def test_a_method_that_is_not_declared_is_refused(module_host: RunningHost) -> None:
    answer = module_host.call("DELETE", "/api/orders/7", headers=_FUNCTION_KEY)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, PUT")
    assert module_host.call("HEAD", "/api/ping").status_code == 405


def test_head_has_the_headers_and_no_body(module_host: RunningHost) -> None:
    answer = module_host.call("HEAD", "/api/orders/7", headers=_FUNCTION_KEY)
    assert (answer.status_code, answer.content) == (203, b"")
    assert int(answer.headers["content-length"]) > 0


def test_a_body_over_the_limit_is_refused_unread(module_host: RunningHost) -> None:
    headers = _FUNCTION_KEY | {"content-length": str(101 * 1024 * 1024)}
    assert module_host.call("PUT", "/api/orders/7", data=b"", headers=headers).status_code == 413


def test_an_exception_is_logged_once_with_its_traceback(module_host: RunningHost) -> None:
    before = module_host.log()
    module_host.call("GET", "/api/broken")
    added = module_host.log().removeprefix(before)
    assert added.count("Traceback (most recent call last)") == 1
    assert added.count('raise RuntimeError("it broke")') == 1
    line = next(line for line in added.splitlines() if " ERROR " in line)
    assert "Function.broken [" in line
    assert "GET /api/broken" in line

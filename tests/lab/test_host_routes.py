"""Which function a request goes to."""

import pytest

from lab.host.functions import Function, HttpTrigger
from lab.host.routes import Match, Routes
from lab.host.settings import MisconfiguredError


def _routes(*templates: tuple[str, str], prefix: str = "api") -> Routes:
    functions = [
        Function(f"{template} {methods}", "", HttpTrigger("req", template, frozenset(methods.split()), "FUNCTION"))
        for template, methods in templates
    ]
    return Routes(prefix, functions)


@pytest.mark.parametrize(
    ("path", "name", "params"),
    [
        ("/api/calls/latest", "calls/latest GET", {}),
        ("/API/Calls/LATEST", "calls/latest GET", {}),
        ("/api/calls/7", "calls/{number:int} GET", {"number": "7"}),
        ("/api/calls/seven", "calls/{name} GET", {"name": "seven"}),
        ("/api/calls/seven/", "calls/{name} GET", {"name": "seven"}),
        ("/api/pages", "pages/{page?} GET", {}),
        ("/api/pages/2", "pages/{page?} GET", {"page": "2"}),
        ("/api/files/a/b.mp3", "files/{*path} GET", {"path": "a/b.mp3"}),
        ("/api/files/a-x.mp3", "files/{stem}.mp3 GET", {"stem": "a-x"}),
    ],
)
def test_the_most_specific_route_is_taken(path: str, name: str, params: dict[str, str]) -> None:
    routes = _routes(
        ("files/{*path}", "GET"),
        ("files/{stem}.mp3", "GET"),
        ("pages/{page?}", "GET"),
        ("calls/{name}", "GET"),
        ("calls/{number:int}", "GET"),
        ("calls/latest", "GET"),
    )
    found = routes.find(path, "GET")
    assert isinstance(found, Match)
    assert (found.function.name, found.params) == (name, params)


def test_two_functions_share_a_path_by_method() -> None:
    routes = _routes(("calls", "GET"), ("calls", "POST"))
    assert [routes.find("/api/calls", method).function.name for method in ("GET", "POST")] == [
        "calls GET",
        "calls POST",
    ]
    assert routes.find("/api/calls", "PUT") == {"GET", "POST"}


def test_what_no_route_has_is_not_found() -> None:
    routes = _routes(("calls", "GET"))
    assert routes.find("/calls", "GET") == frozenset()
    assert routes.find("/api/calls/1", "GET") == frozenset()


def test_an_empty_prefix_and_no_methods() -> None:
    assert isinstance(_routes(("calls", ""), prefix="").find("/calls", "PATCH"), Match)


def test_an_unknown_constraint_is_refused() -> None:
    with pytest.raises(MisconfiguredError, match="datetime"):
        _routes(("calls/{day:datetime}", "GET"))

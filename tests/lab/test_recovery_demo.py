"""The recovery demo counts whoever was first to find what was suppressed."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from lab import recovery_demo
from lab.pair import Pair

AT = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
LISTED: list[dict[str, Any]] = [
    {"id": "a-person's", "mode": "manual", "ended": "2026-11-22T10:40:00Z"},
    {"id": "hourly-2026112211", "mode": "automatic", "ended": "2026-11-22T10:30:00Z"},
    {"id": "daily-20261122", "mode": "automatic", "ended": None},
    {"id": "hourly-2026112210", "mode": "automatic", "ended": "2026-11-22T10:29:59Z"},
]


def test_what_the_pair_has_looked_for_by_itself_since_the_damage_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def capture(_: Pair, *arguments: str) -> list[dict[str, Any]]:
        return [{"id": arguments[1], "items": []}] if len(arguments) > 1 else LISTED

    monkeypatch.setattr(recovery_demo, "_capture", capture)
    read = recovery_demo._by_itself(cast("Pair", None), recovery_demo.Damage(at=AT))
    assert [each["id"] for each in read] == ["hourly-2026112211", "daily-20261122"]

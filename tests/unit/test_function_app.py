"""function_app.py only translates, and host.json and .funcignore fit it."""

import ast
import json
from pathlib import Path

import pytest

from capture.node import MOST_DELIVERIES

ROOT = Path(__file__).parents[2]
TREE = ast.parse((ROOT / "function_app.py").read_text())
FUNCTIONS = [node for node in TREE.body if isinstance(node, ast.FunctionDef)]


def test_every_function_of_the_design_is_there() -> None:
    assert [function.name for function in FUNCTIONS] == [
        "watch",
        "sweep",
        "ingest",
        "ingest_poison",
        "watermark",
        "watermark_poison",
        "screen",
        "screen_poison",
        "screen_file",
        "screen_file_poison",
        "screen_sweep",
        "recover",
        "ris",
        "ris_header",
        "desktop_sign_in",
        "desktop_sign_out",
        "desktop_upload",
        "desktop_report",
        "health",
        "status",
        "role",
        "parked",
        "alarms",
        "requeue",
        "recordings",
        "recording",
        "recording_media",
        "conversation",
        "console",
        "asked",
        "recoveries",
        "recovery_ask",
        "recovery_one",
        "recovery_act",
        "verification",
        "verification_close",
        "recording_remove",
        "recording_hold",
        "holds",
        "respond",
    ]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_trigger_decides_nothing(function: ast.FunctionDef) -> None:
    assert len(function.body) <= 4
    assert not [node for node in ast.walk(function) if isinstance(node, ast.If | ast.Try | ast.For | ast.While)]


def test_what_fails_for_the_last_time_ends_where_a_person_looks() -> None:
    last = {
        function.name: [
            node.func.attr
            for node in ast.walk(function)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "node"
        ]
        for function in FUNCTIONS
        if function.name.endswith("_poison")
    }
    assert last == {
        "ingest_poison": ["give_up"],
        "watermark_poison": ["merge_again"],
        "screen_poison": ["screen_again"],
        "screen_file_poison": ["screen_file_again"],
    }
    host = json.loads((ROOT / "host.json").read_text())
    assert host["extensions"]["queues"]["maxDequeueCount"] == MOST_DELIVERIES


def test_it_meets_the_product_only_through_the_node() -> None:
    imported = {node.module for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom)}
    assert imported == {"capture.node", "capture.console.answer", "capture.console.desk"}


def test_only_settings_reads_the_environment() -> None:
    readers = {
        path.name
        for path in [ROOT / "function_app.py", *(ROOT / "capture").rglob("*.py")]
        if "environ" in {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
        or "getenv" in path.read_text()
    }
    assert readers == {"settings.py"}


def test_what_is_deployed_is_the_product_alone() -> None:
    ignored = (ROOT / ".funcignore").read_text().split()
    for name in (
        "lab",
        "tests",
        "bench",
        "desktop",
        "docs",
        "infra",
        ".venv",
        "node_modules",
        "local.settings.json",
        ".git*",
    ):
        assert name in ignored
    for name in ("function_app.py", "host.json", "requirements.txt", "constraints.txt", "capture"):
        assert name not in ignored


def test_queue_messages_are_encoded_as_the_nodes_write_them() -> None:
    host = json.loads((ROOT / "host.json").read_text())
    assert host["extensions"]["queues"]["messageEncoding"] == "base64"
    assert host["extensionBundle"]["version"] == "[4.*, 5.0.0)"

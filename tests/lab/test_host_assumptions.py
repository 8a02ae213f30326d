"""What the lab's host takes for granted of azure-functions-runtime, whose entry for calls is internal.

These tests come first in this folder and say what changed, before the host fails in less obvious ways.
"""

import inspect
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from azure_functions_runtime import native_invocation, worker_init_request
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.utils.executor import invocation_id_cv
from host_app.processes import APP, ROOT

from lab.host.worker import PINNED_VERSION

_ADVICE = "read its native_invocation.py and handle_event.py again, adapt lab/host/worker.py, then move PINNED_VERSION"

_PROBE = """
import asyncio, json, sys
from pathlib import Path
from lab.host.worker import Datum, index, invoke

async def probe():
    functions = {one.name: one for one in await index(Path(sys.argv[1]))}
    text = lambda value: Datum(value, "string")
    async def call(name, data, metadata):
        function = functions[name]
        param = next(b["name"] for b in function.bindings if b["type"].endswith("Trigger"))
        return await invoke("an-invocation", function.id, param, data, metadata)
    timer = await call("pulse", Datum(json.dumps({"IsPastDue": False}), "json"), {})
    queue = await call("order", text("tea"), {"Id": text("1"), "DequeueCount": Datum(1, "int")})
    failed = await call("order", text("bad"), {"Id": text("1"), "DequeueCount": Datum(1, "int")})
    request = {"method": text("GET"), "url": text("http://h/"), "headers": {}, "query": {}, "params": {"id": text("7")},
               "body": Datum(b"", "bytes")}
    http = await call("read_order", Datum(request, "http"), {})
    print(json.dumps({
        "bindings": functions["order"].bindings,
        "timer": timer.ok,
        "queue": [queue.ok, [(name, value.value, value.type) for name, value in queue.outputs]],
        "failed": [failed.ok, failed.error, failed.traceback],
        "http": [http.returned.type, http.returned.value["status_code"].value, http.returned.value["body"].type],
    }))

asyncio.run(probe())
"""


def test_the_version_is_the_one_the_host_was_written_against() -> None:
    installed = version("azure-functions-runtime")
    assert installed == PINNED_VERSION, f"azure-functions-runtime is {installed}, not {PINNED_VERSION}: {_ADVICE}"


def test_the_internal_entry_takes_and_gives_what_it_did() -> None:
    parameters = list(inspect.signature(native_invocation.invocation_request_native).parameters)
    assert parameters[:4] == ["invocation_id", "function_id", "inputs", "trigger_metadata"], _ADVICE
    assert list(inspect.signature(Datum).parameters) == ["value", "type"], _ADVICE
    assert list(inspect.signature(worker_init_request).parameters) == ["request"], _ADVICE
    assert invocation_id_cv.get() is None, _ADVICE


def test_functions_of_each_kind_are_indexed_and_run(tmp_path: Path) -> None:
    """In a process of its own: a process can index one app, once."""
    environ = os.environ | {"TRACE_FILE": str(tmp_path / "trace"), "GREETING": "hello"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", _PROBE, str(APP)], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{_ADVICE}\n{done.stderr}"
    seen = json.loads(done.stdout)
    assert {"direction": "IN", "type": "queueTrigger", "name": "message"}.items() <= seen["bindings"][-1].items()
    assert seen["bindings"][-1]["queueName"] == "%ORDERS_QUEUE%"
    assert seen["timer"] is True
    assert seen["queue"] == [True, [["receipt", "tea by order", "string"]]]
    ok, error, traceback = seen["failed"]
    assert (ok, error) == (False, "ValueError('bad')")
    # The frames of the library are cut, those of the app are there.
    assert "azure_functions_runtime" not in traceback
    assert "function_app.py" in traceback
    assert seen["http"] == ["http", "203", "bytes"]

"""The one module that touches `azure_functions_runtime`, Microsoft's execution library of the Python worker.

Its protobuf-free entry (`native_invocation`) is internal. The version is therefore pinned and checked, and
tests/lab/test_host_worker.py goes through every part used here.
"""

import json
import logging
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime  # type: ignore[import-untyped]
from azure_functions_runtime import native_invocation
from azure_functions_runtime.bindings.datumdef import Datum  # type: ignore[import-untyped]
from azure_functions_runtime.utils.executor import invocation_id_cv  # type: ignore[import-untyped]
from azure_functions_runtime.version import VERSION  # type: ignore[import-untyped]

from lab.host.settings import MisconfiguredError

__all__ = [
    "PINNED_VERSION",
    "Datum",
    "IndexedFunction",
    "Outcome",
    "check_version",
    "index",
    "invocation_id_cv",
    "invoke",
]

PINNED_VERSION = "1.3.0"
DEFAULT_THREADS = "32"
_LIBRARY = "azure_functions_runtime"


class _Record(SimpleNamespace):
    """Stands for a protobuf message: whatever is given by name is a field."""


class _BindingInfo(_Record):
    undefined = 0
    out = 1
    inout = 2


class _StatusResult(_Record):
    Failure = 0
    Success = 1


_PROTOS = SimpleNamespace(
    BindingInfo=_BindingInfo,
    StatusResult=_StatusResult,
    FunctionMetadataResponse=_Record,
    RpcException=_Record,
    RpcFunctionMetadata=_Record,
    RpcRetryOptions=_Record,
    WorkerInitResponse=_Record,
    WorkerMetadata=_Record,
)


@dataclass(frozen=True, slots=True)
class IndexedFunction:
    """A function as its decorators declare it; `%NAME%` in the bindings is not resolved."""

    name: str
    id: str
    bindings: tuple[dict[str, Any], ...]
    has_retry: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one invocation ended."""

    ok: bool
    returned: Datum | None = None
    outputs: list[tuple[str, Datum]] = field(default_factory=list)
    error: str = ""
    traceback: str = ""


def check_version() -> None:
    """Refuse any version of the library but the one whose internals this module was written against."""
    if VERSION != PINNED_VERSION:
        raise MisconfiguredError(
            f"azure-functions-runtime is {VERSION}, the lab's host was written against {PINNED_VERSION}: "
            "read its native_invocation.py again, then move PINNED_VERSION"
        )


async def index(root: Path) -> list[IndexedFunction]:
    """Import `root`/function_app.py and return its functions; possible once per process.

    A failing import or a wrong binding raises MisconfiguredError, the library's traceback below its first line.
    """
    check_version()
    if not (root / "function_app.py").exists():
        raise MisconfiguredError(f"{root / 'function_app.py'} does not exist")
    sys.path.insert(0, str(root))
    os.environ.setdefault("PYTHON_THREADPOOL_THREAD_COUNT", DEFAULT_THREADS)
    # The library logs each failure itself; the host does so too, with function and invocation, and once is enough.
    logging.getLogger("azure.functions").addFilter(lambda record: record.module != "native_invocation")
    runtime.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(root))
    answer = await runtime.worker_init_request(
        SimpleNamespace(
            request=SimpleNamespace(worker_init_request=init),
            properties={"host": "127.0.0.1", "protos": _PROTOS},
        )
    )
    if answer.result.status != _StatusResult.Success:
        failure = answer.result.exception
        raise MisconfiguredError(f"function_app.py cannot be loaded: {failure.message}\n{failure.stack_trace}".rstrip())
    metadata = await runtime.functions_metadata_request(None)
    return [
        IndexedFunction(
            name=found.name,
            id=found.function_id,
            bindings=tuple(json.loads(binding) for binding in found.raw_bindings),
            has_retry=found.retry_options is not None,
        )
        for found in metadata.function_metadata_results or []
    ]


async def invoke(invocation_id: str, function_id: str, param: str, data: Datum, metadata: dict[str, Datum]) -> Outcome:
    """Run a function once, a synchronous one in the library's thread pool; its exception is part of the outcome."""
    ok, returned, outputs, error, traceback = await native_invocation.invocation_request_native(
        invocation_id, function_id, [(param, data)], metadata
    )
    return Outcome(ok, returned, outputs, error or "", _of_the_app(traceback or ""))


def _of_the_app(traceback: str) -> str:
    """The traceback without the library's own frames, which come first and are the same every time."""
    frames = re.split(r"(?m)^(?=  File )", traceback)
    library = [number for number, frame in enumerate(frames) if _LIBRARY in frame.partition("\n")[0]]
    if not library or library[-1] + 1 == len(frames):
        return traceback
    return "".join(frames[: library[0]] + frames[library[-1] + 1 :])

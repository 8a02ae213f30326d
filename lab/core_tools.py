"""Which Functions host runs the nodes: Azure Functions Core Tools where they can be had, else the lab's own stand-in.

`HOST=func` or `HOST=standin` in the environment decides; without it Core Tools are taken when they really run.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.processes import ROOT, NotStartedError

INSTALLED = ROOT / "node_modules" / "azure-functions-core-tools" / "bin" / "func"
"""Where npm puts Core Tools, when it can."""

_WHAT_AN_APP_HAS = ("function_app.py", "host.json", "requirements.txt", "capture")


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start one node: the command, its folder and what its environment has in addition."""

    command: list[str]
    folder: Path
    environ: dict[str, str]


def core_tools(environ: Mapping[str, str] = os.environ, installed: Path = INSTALLED) -> Path | None:
    """Find a `func` that runs: the one that npm installed here, or the one on PATH."""
    for candidate in (installed, shutil.which("func", path=environ.get("PATH"))):
        if candidate is None or not os.access(candidate, os.X_OK):
            continue
        try:
            # npm leaves the command in place even where the download of the program behind it failed.
            answer = subprocess.run(
                [candidate, "--version"], capture_output=True, text=True, timeout=30, check=False, cwd=ROOT
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.returncode == 0 and answer.stdout.strip().startswith("4."):
            return Path(candidate)
    return None


def chosen_host(environ: Mapping[str, str] = os.environ, installed: Path = INSTALLED) -> Path | None:
    """Path of `func`, or None for the stand-in; NotStartedError when Core Tools are demanded and missing."""
    wish = environ.get("HOST", "").lower()
    if wish == "standin":
        return None
    func = core_tools(environ, installed)
    if wish == "func" and func is None:
        raise NotStartedError("HOST=func: Azure Functions Core Tools 4 were not found on PATH or in node_modules")
    return func


def launch(func: Path | None, folder: Path, port: int, settings: Mapping[str, Any]) -> Launch:
    """Lay out a node's folder and say how to start it there. `settings` is shaped as local.settings.json."""
    folder.mkdir(parents=True, exist_ok=True)
    if func is None:
        file = folder / "settings.json"
        _write(file, settings)
        arguments = ["--root", str(ROOT), "--port", str(port), "--settings", str(file)]
        return Launch([sys.executable, "-m", "lab.host", *arguments], ROOT, {})
    # Core Tools read local.settings.json from the app's folder only: each node gets a folder that looks like the app.
    app = folder / "app"
    app.mkdir(exist_ok=True)
    for name in _WHAT_AN_APP_HAS:
        link = app / name
        link.unlink(missing_ok=True)
        link.symlink_to(ROOT / name)
    _write(app / "local.settings.json", settings)
    python = Path(sys.executable)
    environ = {
        # `func` takes the Python that it finds first, and the worker the one that it is told.
        "VIRTUAL_ENV": str(python.parent.parent),
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "languageWorkers__python__defaultExecutablePath": str(python),
        "FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT": "1",
    }
    return Launch([str(func), "start", "--port", str(port)], app, environ)


def _write(file: Path, settings: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    file.chmod(0o600)  # the keys of even a simulated organisation are nobody else's

"""A copy of everything that the checks read, for a mistake to be put into."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
READ = (
    "infra",
    "capture",
    "docs/security.md",
    "docs/runbook.md",
    "README.md",
    "function_app.py",
    "host.json",
    "local.settings.sample.json",
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The root of such a copy."""
    for name in READ:
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return tmp_path

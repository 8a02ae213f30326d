"""What is installed is what is deployed."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_project_needs_what_the_function_app_needs() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [re.split(r"\s+#", line)[0] for line in lines if line and not line.startswith(("#", "-"))]
    assert PROJECT["project"]["dependencies"] == wanted


def test_the_page_of_the_console_comes_with_it() -> None:
    assert PROJECT["tool"]["setuptools"]["package-data"]["capture.console"] == ["page/*"]
    assert (ROOT / "capture" / "console" / "page" / "index.html").is_file()

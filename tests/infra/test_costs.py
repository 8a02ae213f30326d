"""The calculator of the costs: formulas checked by hand, and no bill without prices."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.infra.cloud import ROOT

PROGRAM, PRICES = ROOT / "infra" / "costs.py", ROOT / "infra" / "prices.toml"


def run(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, PROGRAM, file], capture_output=True, text=True, check=False)


def test_without_prices_it_names_them_and_prints_no_bill() -> None:
    ended = run(PRICES)
    assert ended.returncode == 2
    assert ended.stdout == ""
    names = tomllib.loads(PRICES.read_text())["price"]
    assert all(name in ended.stderr for name in names)


def test_the_bills_are_what_the_formulas_say(tmp_path: Path) -> None:
    prices = {
        "always_ready_gib_second": 0.000004,
        "executed_gib_second": 0.00002,
        "executions_million": 0.4,
        "write_10000": 0.05,
        "queue_10000": 0.004,
        "front_door_month": 35,
        "log_gib": 2.5,
        "between_regions_gib": 0.02,
        "archive_hot_gib_month": 0.02,
        "archive_cool_gib_month": 0.01,
        "archive_cold_gib_month": 0.004,
    }
    text = PRICES.read_text()
    for name, value in prices.items():
        text = re.sub(rf"^{name} = -1", f"{name} = {value}", text, flags=re.MULTILINE)
    file = tmp_path / "prices.toml"
    file.write_text(text)
    ended = run(file)
    assert ended.returncode == 0, ended.stderr
    bills = {name.strip(): amount for name, amount in re.findall(r"^  (.{36}) *([\d,.]+)$", ended.stdout, re.MULTILINE)}
    # 2 nodes x 4 instances x 2 GiB x 2,628,000 s
    assert bills["always-ready instances"] == "168.19"
    # 2 nodes x 2 GiB x 2,628,000 s
    assert bills["time of the health probes"] == "210.24"
    # 2 x 6.38 a second x 2,628,000 s
    assert bills["executions of both"] == "13.41"
    # 2 x 525,600 ticks x 10 operations
    assert bills["storage operations of the ticks"] == "52.56"
    # 292.97 GiB
    assert bills["first month in the archive"] == "5.86"
    assert bills["storage operations"] == "20.00"
    assert bills["cold"] == "4.10"


def test_every_price_and_quantity_is_used_and_explained() -> None:
    page, program = (ROOT / "docs" / "costs.md").read_text(), PROGRAM.read_text()
    document: dict[str, dict[str, Any]] = tomllib.loads(PRICES.read_text())
    for name in [*document["price"], *document["quantity"]]:
        archive = name.startswith("archive_") and name.endswith("_gib_month")
        assert archive or f'"{name}"' in program
        assert archive or f"`{name}`" in page

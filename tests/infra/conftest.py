"""A subscription for each test."""

from pathlib import Path

import pytest

from tests.infra.cloud import Cloud


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path)

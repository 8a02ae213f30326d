"""A subscription for each test: an empty one, and one with everything in it, which is made once."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.infra.cloud import Cloud, check_out


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return check_out(tmp_path_factory.mktemp("checkout"))


@pytest.fixture
def cloud(tmp_path: Path, checkout: Path) -> Cloud:
    return Cloud(tmp_path, checkout)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> dict[str, Any]:
    first = Cloud(tmp_path_factory.mktemp("first"), checkout)
    ended = first.run("deploy.sh")
    assert ended.code == 0, ended.complained
    return first.read()


@pytest.fixture
def deployed(cloud: Cloud, built: dict[str, Any]) -> Cloud:
    """What `infra/deploy.sh` has built, with nothing noted yet."""
    cloud.write(built)
    cloud.forget()
    return cloud


@pytest.fixture
def checkout_of_its_own(deployed: Cloud, checkout: Path, tmp_path: Path) -> Cloud:
    """The same with a repository that may be changed."""
    deployed.checkout = Path(shutil.copytree(checkout, tmp_path / "checkout"))
    return deployed

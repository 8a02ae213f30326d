"""What the tests of screens share."""

import pytest

from tests.office import Office


@pytest.fixture
def office() -> Office:
    """A pair, with an agent at each of two workstations."""
    made = Office()
    made.sign_in("pc-1", "ann@contoso.com")
    made.sign_in("pc-2", "CONTOSO\\bob")
    return made

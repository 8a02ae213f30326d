"""The people and queues of the organisation; every name, address and number is invented."""

import uuid
from dataclasses import dataclass

from lab.dynamics.tables import Row

_NAMES = (
    "Amara Okafor", "Ben Lindqvist", "Chiara Conti", "Dmitri Petrov", "Elena García", "Farid Haddad", "Grace Kim",
    "Henrik Sørensen", "Ines Moreau", "Jamal Carter", "Katarzyna Nowak", "Liam O'Brien", "Mei Tanaka",
    "Noah Schäfer", "Olivia Brown", "Priya Raman", "Quentin Dubois", "Rosa Martins", "Sven Jansen", "Tala Reyes",
)  # fmt: skip
_CUSTOMERS = (
    "Alex Morgan", "Bianca Rossi", "Carlos Vega", "Dana White", "Erik Holm", "Fatima Zahra", "George Hill",
    "Hana Sato", "Igor Novak", "Jane D'Angelo", "Kofi Mensah", "Lena Vogel", "Marc Petit", "Nora Berg",
    "Oscar Lund", "Paula Ortiz", "Rahul Mehta", "Sara Cohen", "Tom Fischer", "Uma Patel", "Vera Ivanova",
    "Will Turner", "Ximena Cruz", "Yusuf Demir", "Zoë Baker",
)  # fmt: skip
_QUEUES = ("Sales", "Customer service", "Technical support", "Accounts & billing")


def steady_id(organisation: str, kind: str, name: str) -> str:
    """Return an id that is the same in every run, so that rosters can be compared between them."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{kind}.{organisation}.example"))


@dataclass(frozen=True, slots=True)
class Roster:
    """Rows of agents, queues and customers."""

    agents: tuple[Row, ...]
    queues: tuple[Row, ...]
    customers: tuple[Row, ...]


def roster(organisation: str, created_on: str) -> Roster:
    """Return the people and queues of an organisation."""
    times = {"createdon": created_on, "modifiedon": created_on}
    active = times | {"statecode": 0, "statuscode": 1}
    return Roster(
        tuple(_agent(organisation, name) | times for name in _NAMES),
        tuple({"queueid": steady_id(organisation, "queue", name), "name": name} | active for name in _QUEUES),
        tuple(
            {"contactid": steady_id(organisation, "contact", name), "fullname": name} | active for name in _CUSTOMERS
        ),
    )


def _agent(organisation: str, name: str) -> Row:
    plain = name.lower().encode("ascii", "ignore").decode().replace("'", "").replace(" ", ".")
    return {
        "systemuserid": steady_id(organisation, "systemuser", name),
        "fullname": name,
        "domainname": f"{plain}@{organisation}.example",
        "internalemailaddress": f"{plain}@{organisation}.example",
        "azureactivedirectoryobjectid": steady_id(organisation, "entra", name),
        "applicationid": None,
        "msdyn_botapplicationid": None,
        "isdisabled": False,
    }

"""Answers that are errors, in the shape and with the codes that Dataverse uses."""

from collections.abc import Mapping

BAD_QUERY = "0x80060888"
BAD_ARGUMENT = "0x80040203"
ROW_MISSING = "0x80040217"
TOO_MANY_REQUESTS = "0x80072322"
TOO_MANY_AT_ONCE = "0x80072326"
UNEXPECTED = "0x80040216"
UNAVAILABLE = "0x80044150"


class Refusal(Exception):
    """A request that is answered with an OData error instead of data."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def body(self) -> dict[str, dict[str, str]]:
        """Return the error document."""
        return {"error": {"code": self.code, "message": self.message}}


def bad_query(message: str) -> Refusal:
    """Return the refusal of a query that is not understood."""
    return Refusal(400, BAD_QUERY, message)


def no_such_property(name: str, table: str) -> Refusal:
    """Return the refusal of a column or navigation property that the table does not have."""
    return bad_query(f"Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'.")


def no_such_row(table: str, row_id: str) -> Refusal:
    """Return the refusal of a key that no visible row has."""
    return Refusal(404, ROW_MISSING, f"Entity '{table}' With Id = {row_id} Does Not Exist")

"""Who is signed in where: a row for each workstation."""

from collections.abc import Mapping

from azure.data.tables import TableClient

from capture import messages
from capture.model.workstation import SignIn, merge_sign_ins
from capture.storage import rows
from capture.storage.failures import failures, once_more

_PARTITION = "workstation"


class TableWorkstations:
    """The sign-ins, in the table `workstations`."""

    def __init__(self, table: TableClient, setting: str) -> None:
        """Take the table and the setting that names its account."""
        self._table = table
        self._setting = setting

    def merge(self, sign_in: SignIn) -> tuple[SignIn | None, SignIn]:
        """Join a sign-in, a sign of life or a sign-out in; return what was known before and is known now."""
        before: SignIn | None = None
        known = sign_in

        def join(row: Mapping[str, object] | None) -> rows.Row | None:
            nonlocal before, known
            before = _sign_in(row)
            known = sign_in if before is None else merge_sign_ins(before, sign_in)
            return None if known == before else _row(known)

        with failures(self._setting, "merge a sign-in"):
            rows.change(self._table, _PARTITION, rows.safe(sign_in.workstation), join)
        return before, known

    def at(self, workstation: str) -> SignIn | None:
        """Read the last sign-in at one workstation."""
        with failures(self._setting, "read a sign-in"):
            return _sign_in(rows.read(self._table, _PARTITION, rows.safe(workstation)))

    def signed_in_as(self, names: frozenset[str]) -> list[SignIn]:
        """Read the sign-ins of users called one of `names`, whether they last or not."""
        if not names:
            return []
        any_name = " or ".join(f"user_key eq '{rows.safe(name)}'" for name in sorted(names))
        wanted = f"PartitionKey eq '{_PARTITION}' and ({any_name})"
        with failures(self._setting, "look for a workstation"):
            found = once_more(lambda: list(self._table.query_entities(wanted)))
        return [known for row in found if (known := _sign_in(row)) is not None]


def _row(sign_in: SignIn) -> rows.Row:
    # The key is for finding, written so that it needs no quoting.
    return {
        "user_key": rows.safe(sign_in.key),
        **rows.spread("sign_in", messages.sign_ins.to_json(sign_in).decode()),
    }


def _sign_in(row: Mapping[str, object] | None) -> SignIn | None:
    text = rows.gather("sign_in", row) if row is not None else None
    return messages.sign_ins.from_json(text) if text is not None else None

"""Queries: what is understood selects the right rows, and what is not understood is a 400."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.dynamics.queries import QueryParser, options
from lab.dynamics.refusals import Refusal
from lab.dynamics.schema import TABLES
from lab.dynamics.tables import Tables

A, B, C = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abc")
RECORDING, CONVERSATION = "msdyn_ocrecording", "msdyn_ocliveworkitem"


def tables() -> Tables:
    found = Tables()
    closed = {"statecode": 1, "subject": "Sales", "msdyn_channel": "192440000,192360000", "msdyn_isoutbound": True}
    found.write(CONVERSATION, {"activityid": A, **closed})
    found.write(CONVERSATION, {"activityid": B, "statecode": 0, "subject": "O'Brien", "msdyn_channel": "192360000"})
    times = ("2026-11-22T20:00:00Z", "2026-11-22T20:00:01Z", "2026-11-22T20:00:01Z")
    for key, created, conversation in zip((A, B, C), times, (A, B, None), strict=True):
        row = {"createdon": created, "_msdyn_liveworkitemid_value": conversation, "msdyn_recording": conversation}
        found.write(RECORDING, {"msdyn_ocrecordingid": key, **row})
    return found


def select(table: str, **given: str) -> list[str]:
    rows = tables()
    query = QueryParser(rows).parse(TABLES[table], {f"${name}": value for name, value in given.items()})
    return [row[TABLES[table].key] for row in query.rows(rows)]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("createdon ge 2026-11-22T20:00:01Z", [B, C]),
        ("createdon gt 2026-11-22T20:00:00.5Z", [B, C]),
        ("createdon ge 2026-11-22T20:00:01.25Z", []),
        ("createdon le 2026-11-22T20:00:00.999Z", [A]),
        ("createdon eq 2026-11-22T20:00:00.5Z", []),
        ("createdon lt 2026-11-22T21:00:01+01:00", [A]),
        ("msdyn_recording ne null", [A, B]),
        ("msdyn_recording eq null", [C]),
        ("not (msdyn_recording eq null)", [A, B]),
        (f"_msdyn_liveworkitemid_value eq {A} or _msdyn_liveworkitemid_value eq {B.upper()}", [A, B]),
        (f"_msdyn_liveworkitemid_value eq {A} and createdon gt 2026-11-22T20:00:00Z", []),
        (f"_msdyn_liveworkitemid_value ne {A}", [B, C]),
        ("msdyn_liveworkitemid/statecode eq 1", [A]),
        ("msdyn_liveworkitemid/statecode ne 1", [B, C]),
        ("msdyn_liveworkitemid/subject eq 'sALES'", [A]),
        (f"Microsoft.Dynamics.CRM.In(PropertyName='msdyn_ocrecordingid',PropertyValues=['{A}','{C}'])", [A, C]),
        (
            """Microsoft.Dynamics.CRM.Between(PropertyName='createdon',
            PropertyValues=["2026-11-22T20:00:01Z","2026-11-22T20:00:02Z"])""",
            [B, C],
        ),
    ],
)
def test_filter_of_recordings(where: str, expected: list[str]) -> None:
    assert sorted(select(RECORDING, filter=where)) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("statecode eq 1 or statecode eq 2", [A]),
        ("subject eq 'o''brien'", [B]),
        ("contains(subject,'ALE')", [A]),
        ("startswith(subject,'o')", [B]),
        ("endswith(subject,'n') and statecode le 0", [B]),
        ("msdyn_isoutbound eq true", [A]),
        ("Microsoft.Dynamics.CRM.ContainValues(PropertyName='msdyn_channel',PropertyValues=['192440000'])", [A]),
        ("statecode eq 0 or statecode eq 1 and subject eq 'nobody'", [B]),
    ],
)
def test_filter_of_conversations(where: str, expected: list[str]) -> None:
    assert sorted(select(CONVERSATION, filter=where)) == expected


@pytest.mark.parametrize(
    "given_options",
    [
        {"$skip": "1"},
        {"$Filter": "statecode eq 0"},
        {"$search": "x"},
        {"custom": "1"},
        {"$select": "nothing"},
        {"$select": "msdyn_liveworkitemid"},
        {"$orderby": "nothing asc"},
        {"$orderby": "createdon ascending"},
        {"$top": "many"},
        {"$count": "1"},
        {"$expand": "nothing"},
        {"$expand": "msdyn_liveworkitemid($levels=2)"},
        {"$expand": "msdyn_liveworkitemid($expand=msdyn_activeagentid)"},
        {"$filter": "nothing eq 1"},
        {"$filter": "nothing/statecode eq 1"},
        {"$filter": "createdon ge '2026-11-22T20:00:00Z'"},
        {"$filter": "createdon ge 2026-11-22"},
        {"$filter": "createdon gt null"},
        {"$filter": "statecode eq '0'"},
        {"$filter": "statecode = 0"},
        {"$filter": "statecode eq 0 and"},
        {"$filter": "(statecode eq 0"},
        {"$filter": "statecode EQ 0"},
        {"$filter": f"msdyn_ocrecordingid eq '{A}'"},
        {"$filter": f"msdyn_ocrecordingid gt {A}"},
        {"$filter": "tolower(msdyn_name) eq 'x'"},
        {"$filter": "contains(createdon,'2026')"},
        {"$filter": "Microsoft.Dynamics.CRM.LastXHours(PropertyName='createdon',PropertyValue=1)"},
        {"$filter": f"Microsoft.Dynamics.CRM.In(PropertyName='_msdyn_liveworkitemid_value',PropertyValues=['{A}'])"},
        {"$filter": "Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)"},
        {"$filter": " or ".join(["statecode eq 0"] * 501)},
    ],
    ids=str,
)
def test_an_unknown_query_is_refused(given_options: dict[str, str]) -> None:
    with pytest.raises(Refusal) as refused:
        QueryParser(tables()).parse(TABLES[RECORDING], given_options)
    assert refused.value.status == 400
    assert refused.value.body()["error"].keys() == {"code", "message"}


def test_parameter_aliases_stand_for_their_values() -> None:
    rows = tables()
    given_options = {
        "$filter": "Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)",
        "@p1": "'msdyn_ocrecordingid'",
        "@p2": f'["{B}"]',
    }
    query = QueryParser(rows).parse(TABLES[RECORDING], given_options)
    assert [row["msdyn_ocrecordingid"] for row in query.rows(rows)] == [B]


def test_order_by_two_columns() -> None:
    assert select(RECORDING, orderby="createdon desc,msdyn_ocrecordingid asc") == [B, C, A]
    assert select(RECORDING, orderby="_msdyn_liveworkitemid_value") == [C, A, B]


def test_five_hundred_conditions_are_allowed() -> None:
    where = " or ".join([f"_msdyn_liveworkitemid_value eq {A}"] * 500)
    assert select(RECORDING, filter=where) == [A]


def test_an_option_that_stands_twice_is_refused() -> None:
    with pytest.raises(Refusal):
        options("$top=1&$top=2")


ids = st.sampled_from((A, B, C))
atoms: st.SearchStrategy[str] = st.one_of(
    ids.map(lambda value: f"_msdyn_liveworkitemid_value eq {value}"),
    ids.map(lambda value: f"msdyn_ocrecordingid eq {value}"),
    st.just("msdyn_recording ne null"),
    st.just("createdon gt 2026-11-22T20:00:00Z"),
)
filters = st.recursive(
    atoms,
    lambda inner: st.one_of(
        inner.map(lambda part: f"not ({part})"),
        st.tuples(inner, st.sampled_from(("and", "or")), inner).map(lambda parts: f"({' '.join(parts)})"),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(where=filters)
def test_indexes_never_change_what_is_found(where: str) -> None:
    rows = tables()
    query = QueryParser(rows).parse(TABLES[RECORDING], {"$filter": where})
    condition = query.where
    assert condition is not None
    scanned: list[Any] = [row for row in rows[RECORDING] if condition.test(row)]
    assert sorted(row["msdyn_ocrecordingid"] for row in query.rows(rows)) == sorted(
        row["msdyn_ocrecordingid"] for row in scanned
    )


def test_indexes_follow_changes() -> None:
    rows = tables()
    query = QueryParser(rows).parse(TABLES[RECORDING], {"$filter": f"_msdyn_liveworkitemid_value eq {A}"})
    assert len(query.rows(rows)) == 1
    rows.change(RECORDING, C, {"_msdyn_liveworkitemid_value": A})
    assert len(query.rows(rows)) == 2
    rows[RECORDING].remove(A)
    assert [row["msdyn_ocrecordingid"] for row in query.rows(rows)] == [C]

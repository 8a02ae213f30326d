"""Pages of a query, by position.

Every page is a new evaluation of the whole query, cut at the position that the cookie names. So a row that
appears or vanishes meanwhile shifts the others across the boundary, as Microsoft Learn warns ("Page results
using OData").
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from lab.dynamics.queries import LARGEST_PAGE
from lab.dynamics.refusals import bad_query

COOKIE = re.compile(r'<cookie pagenumber="([1-9]\d{0,6})" pagingcookie="[^"]*" istracking="False" />')
PREFERENCE = re.compile(r"""\s*([\w.-]+)\s*(?:=\s*("[^"]*"|[^",;]*))?\s*(?:,|$)""")


def preferences(header: str | None) -> dict[str, str]:
    """Return the preferences of a `Prefer` header; those it does not understand are left out."""
    found = PREFERENCE.findall(header or "")
    return {name.lower(): value.strip().strip('"') for name, value in found}


def page_size(preference: str | None) -> int | None:
    """Return the page size that the client prefers, at most 5000."""
    if preference is None:
        return None
    if not preference.isascii() or not preference.isdigit() or int(preference) == 0:
        raise bad_query(f"Invalid value '{preference}' for the preference odata.maxpagesize.")
    return min(int(preference), LARGEST_PAGE)


def page_number(token: str | None) -> int:
    """Return which page a `$skiptoken` stands for."""
    if token is None:
        return 1
    match = COOKIE.fullmatch(token)
    if match is None:
        raise bad_query("Malformed XML in the Paging Cookie of $skiptoken.")
    return int(match.group(1))


def next_link(address: str, options: Mapping[str, str], page: int) -> str:
    """Return the address of the page after this one; the client has to use it verbatim."""
    cookie = f'<cookie pagenumber="{page + 1}" pagingcookie="{quote(f'<cookie page="{page}"/>')}" istracking="False" />'
    kept = [f"{name}={quote(value)}" for name, value in options.items() if name != "$skiptoken"]
    return f"{address}?{'&'.join([*kept, '$skiptoken=' + quote(cookie)])}"

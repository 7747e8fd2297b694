"""A bare session that reads pages: what fetching costs at the least. Knows nothing of Django."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import requests

from bench.books import FULL_PAGE, Place

Doc = dict[str, Any]
EVERYBODY = "FROM Customer WHERE Active IN (true, false)"


class Wire:
    def __init__(self, place: Place) -> None:
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {place.access_token}"
        self.session.headers["Content-Type"] = "application/text"
        self.url = f"{place.api_url}/company/{place.realm_id}/query?minorversion=75"
        self.year = f"FROM Invoice WHERE TxnDate >= '{place.year}-01-01' AND TxnDate <= '{place.year}-12-31'"

    def query(self, statement: str) -> Doc:
        answer = self.session.post(self.url, data=statement, timeout=60)
        answer.raise_for_status()
        found: Doc = json.loads(answer.content, parse_float=Decimal)["QueryResponse"]
        return found

    def page(self, what: str, start: int = 1) -> list[Doc]:
        found = self.query(f"SELECT * {what} ORDERBY Id STARTPOSITION {start} MAXRESULTS {FULL_PAGE}")
        return next((rows for rows in found.values() if isinstance(rows, list)), [])

    def pages(self, what: str) -> Iterator[list[Doc]]:
        total = self.query(f"SELECT COUNT(*) {what}")["totalCount"]
        for start in range(1, total + 1, FULL_PAGE):
            yield self.page(what, start)


def warm_up(place: Place) -> None:
    """Read all books once, so that no measurement waits for the sandbox to write its documents for the first time."""
    wire = Wire(place)
    for what in (EVERYBODY, wire.year, "FROM Payment"):
        for _ in wire.pages(what):
            pass

"""What QuickBooks says when it refuses: codes, HTTP statuses and envelopes as recorded."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from .clock import stamp_ms


class Kind(NamedTuple):
    """One row of Intuit's error table."""

    status: int
    message: str
    detail: str
    type: str = "ValidationFault"


OBJECT_NOT_FOUND = (
    "Object Not Found : Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
KINDS = {
    120: Kind(403, "Authorization Failure", "-11014", "AuthorizationFault"),
    500: Kind(400, "Unsupported Operation", "Operation is not supported."),
    610: Kind(400, "Object Not Found", OBJECT_NOT_FOUND),
    2010: Kind(400, "Request has invalid or unsupported property", "Property specified is unsupported or invalid"),
    2020: Kind(400, "Required param missing, need to supply the required value for the API", "Required parameter"),
    2030: Kind(400, "Invalid ID", "Id should be a valid number."),
    2040: Kind(400, "Invalid String. The String contains unsupported characters", "Invalid String"),
    2050: Kind(400, "String length is either shorter or longer than supported by specification", "Length"),
    2080: Kind(400, "Invalid Number", "Invalid number format"),
    2210: Kind(400, "Invalid Email Address format", "Email Address does not conform to the syntax rules of RFC 822."),
    2500: Kind(400, "Invalid Reference Id", "Invalid Reference Id"),
    3001: Kind(
        429,
        "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached.  Try again later",
        "SERVICE",
    ),
    3100: Kind(
        403,
        "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
        "The application is not authorized for this company",
        "AuthorizationFault",
    ),
    3200: Kind(
        401, "message=AuthenticationFailed; errorCode=003200; statusCode=401", "Token expired", "AUTHENTICATION"
    ),
    4000: Kind(400, "Error parsing query", "QueryParserError"),
    4001: Kind(400, "Invalid query", "QueryValidationError"),
    5010: Kind(
        400,
        "Stale Object Error",
        "Stale Object Error : You and the bookkeeper were working on this at the same time. "
        "The bookkeeper finished before you did, so your work was not saved.",
    ),
    6000: Kind(
        400,
        "A business validation error has occurred while processing your request",
        "Business Validation Error",
    ),
    6070: Kind(
        400,
        "Amount calculation incorrect in the request",
        "Amount calculation incorrect in the request: Amount is not equal to UnitPrice * Qty.",
    ),
    6140: Kind(400, "Duplicate Document Number Error", "Duplicate Document Number Error"),
    6190: Kind(
        400,
        "Invalid Company Status",
        "Subscription period has ended or canceled or there was a billing problem",
    ),
    6210: Kind(
        400,
        "Account Period Closed, Cannot Update Through Services API",
        "The account period has closed and the account books cannot be updated through the QBO Services API.",
    ),
    6240: Kind(400, "Duplicate Name Exists Error", "The name supplied already exists. : null"),
    6540: Kind(
        400,
        "Deposited Transaction cannot be changed",
        "If you want to modify or delete the deposited transaction you need to edit the deposit it appears on and "
        "remove it first.",
    ),
    10000: Kind(
        500,
        "An application error has occurred while processing your request",
        "System Failure Error",
        "SystemFault",
    ),
}


class Fault(Exception):
    """A refusal. ``code`` is what callers branch on; the words are localised in real life."""

    def __init__(self, code: int, detail: str | None = None, element: str | None = None) -> None:
        self.code = code
        self.kind = KINDS.get(code, KINDS[6000])
        self.detail = self.kind.detail if detail is None else detail
        self.element = element
        super().__init__(f"{code} {self.kind.message}: {self.detail}")

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return self.kind.status

    def body(self) -> dict[str, Any]:
        """The ``Fault`` object alone, as a batch item carries it."""
        error = {"Message": self.kind.message, "Detail": self.detail, "code": str(self.code)}
        if self.element is not None:
            error["element"] = self.element
        return {"Error": [error], "type": self.kind.type}

    def json(self) -> str:
        """The whole answer. A failed sign-in comes in a lower-case envelope of its own."""
        if self.code == 3200:
            return json.dumps(_authentication_envelope(self))
        return json.dumps({"Fault": self.body(), "time": stamp_ms(time.time())})


def _authentication_envelope(fault: Fault) -> dict[str, Any]:
    error = {"message": fault.kind.message, "detail": fault.detail, "code": str(fault.code), "element": None}
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": fault.kind.type},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": int(time.time() * 1000),
        "status": None,
        "cdcresponse": [],
    }


def missing(element: str) -> Fault:
    """2020, for one named parameter."""
    return Fault(2020, f"Required parameter {element} is missing in the request", element)


def business(why: str) -> Fault:
    """6000, the catch-all whose Detail says why."""
    return Fault(6000, f"Business Validation Error: {why}", "")


def no_such_reference(family: str, value: object) -> Fault:
    """2500, for an Id that points nowhere."""
    return Fault(2500, f"Invalid Reference Id : {family} element id {value} not found", "")

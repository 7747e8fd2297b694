"""What QuickBooks' faults mean: sorted by code, in every envelope and with every status."""

import json

import pytest

from integrations.errors import IntegrationError, NeedsReconnect, Rejected, Transient, without_secrets
from integrations.quickbooks import faults
from integrations.quickbooks.faults import error_for

XML = (
    '<?xml version="1.0"?><IntuitResponse time="2026-01-01T00:00:00Z" xmlns="http://schema.intuit.com/finance/v3">'
    '<Fault type="{type}"><Error code="{code}"><Message>{message}</Message><Detail>Why</Detail></Error></Fault>'
    "</IntuitResponse>"
)


def fault(code: str, message: str = "Message", detail: str = "Detail") -> bytes:
    error = {"Message": message, "Detail": detail, "code": code, "element": ""}
    return json.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "now"}).encode()


def lower_case(code: str, detail: str) -> bytes:
    error = {"message": "message=AuthenticationFailed", "detail": detail, "code": code, "element": None}
    return json.dumps({"warnings": None, "fault": {"error": [error], "type": "AUTHENTICATION"}}).encode()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("3200", NeedsReconnect),
        ("3100", NeedsReconnect),
        ("003100", NeedsReconnect),
        ("120", NeedsReconnect),
        ("270", NeedsReconnect),
        ("3001", Transient),
        ("003001", Transient),
        ("10000", Transient),
        ("10001", Transient),
        ("500", Rejected),
        ("610", Rejected),
        ("2010", Rejected),
        ("2020", Rejected),
        ("2099", Rejected),
        ("2500", Rejected),
        ("4000", Rejected),
        ("4001", Rejected),
        ("5010", Rejected),
        ("6000", Rejected),
        ("6070", Rejected),
        ("6140", Rejected),
        ("6190", Rejected),
        ("6200", Rejected),
        ("6210", Rejected),
        ("6240", Rejected),
        ("6540", Rejected),
        ("7777", Rejected),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_the_code_decides_whatever_the_status(code, kind, status):
    error = error_for(status, fault(code), {"intuit_tid": "1-abc"})
    assert type(error) is kind
    assert error.code == code.lstrip("0")
    assert (error.intuit_tid, error.status, error.detail) == ("1-abc", status, "Message: Detail")
    assert str(error).endswith(".")


def test_words_in_another_language_change_nothing():
    french = fault("6140", "Numéro de document en double", "TxnType=Facture")
    assert "invoice number" in str(error_for(400, french, {}))
    assert "Facture" in error_for(400, french, {}).in_full


@pytest.mark.parametrize("status", [200, 403, 429, 503])
def test_throttling_in_xml_is_throttling(status):
    body = XML.format(type="SERVICE", code="003001", message="ThrottleExceeded").encode()
    error = error_for(status, body, {})
    assert (type(error), error.code, error.retry_after) == (Transient, "3001", 60)


@pytest.mark.parametrize(("given", "seconds"), [("7", 7), ("999999", 3600), ("soon", 60), ("-5", 60), ("", 60)])
def test_a_wait_that_quickbooks_asks_for_is_kept(given, seconds):
    assert error_for(429, b"", {"Retry-After": given}).retry_after == seconds


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, NeedsReconnect), (403, Rejected), (404, Rejected), (429, Transient), (500, Transient), (502, Transient)]
    + [(503, Transient), (504, Transient), (302, Transient), (200, Transient)],
)
@pytest.mark.parametrize("body", [b"", b"<html><h1>Sorry</h1></html>", b"[]", b"null", b'{"Fault": 3}', b"\xff\xfe"])
def test_without_a_readable_fault_the_status_decides(status, kind, body):
    error = error_for(status, body, {"Intuit-Tid": "1-def"})
    assert type(error) is kind
    assert error.intuit_tid == "1-def"
    assert "<" not in error.in_full


def test_a_token_in_quickbooks_own_words_goes_no_further():
    error = error_for(401, lower_case("3200", "Token expired: AB01234567890abcdef"), {})
    assert isinstance(error, NeedsReconnect)
    assert faults.is_about_token(error)
    assert "AB01" not in error.in_full
    assert "Token expired: ***" in error.detail


def test_a_company_closed_to_us_is_not_about_the_token():
    assert not faults.is_about_token(error_for(403, fault("3100"), {}))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("the refresh token = xyz", "the refresh token = ***"),
        ("Names element id 75 not found", "Names element id 75 not found"),
        ("DocNumber=1042 is assigned to TxnType=Invoice", "DocNumber=1042 is assigned to TxnType=Invoice"),
        ("two\nlines   here", "two lines here"),
        ("a" * 40, "***"),
    ],
)
def test_secrets_are_left_out_and_the_rest_is_kept(text, kept):
    assert without_secrets(text) == kept


def test_every_error_says_what_happened_and_what_to_do():
    for code, (kind, sentence) in faults.FAULTS.items():
        assert issubclass(kind, IntegrationError)
        assert sentence.count(".") >= 1, code
        assert len(sentence) < 130, code

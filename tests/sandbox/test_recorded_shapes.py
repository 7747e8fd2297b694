"""Our answers against answers of real companies: the same properties, of the same JSON types.

Collected only where QUICKBOOKS_PAYLOADS names a folder of such recordings; they belong to others and are not kept here.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from quickbooks import QuickBooks

from sandbox import Company, Notice, Sandbox
from sandbox.quickbooks.clock import stamp

from .cast import customer, invoice, pay, sold
from .conftest import Wire

PAYLOADS = Path(os.environ.get("QUICKBOOKS_PAYLOADS", "."))
# What newer companies answer beside what the recordings hold, and what only some of the recordings hold.
NEWER = {"IsProject", "ClientEntityId", "BillWithParent", "DefaultTaxCodeRef", "totalCount", "element", "time"}
OPTIONAL = {"Lat", "Long", "V4IDPseudonym", "sparse", "CurrencyRef", "LineEx", "DepositToAccountRef", "ProjectRef"}
ADDRESS = {"BillAddr": {"Line1": "1 Elm St", "City": "Dover", "CountrySubDivisionCode": "CA", "PostalCode": "94326"}}


def recorded(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def kind(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, (str, dict, list)):
        return type(value).__name__
    return "number"


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where two documents differ in properties or types; lists are compared by their first elements."""
    if kind(ours) != kind(theirs):
        return [f"{path}: {kind(ours)}, recorded {kind(theirs)}"]
    if isinstance(ours, list):
        return differences(ours[0], theirs[0], f"{path}[0]") if ours and theirs else []
    if not isinstance(ours, dict):
        return []
    found = [f"{path}.{name}: missing" for name in theirs.keys() - ours.keys() - OPTIONAL]
    found += [f"{path}.{name}: not recorded" for name in ours.keys() - theirs.keys() - NEWER - OPTIONAL]
    for name in ours.keys() & theirs.keys():
        found += differences(ours[name], theirs[name], f"{path}.{name}")
    return found


def test_a_customer_made_from_a_name_alone(wire: Wire) -> None:
    made = wire.post("customer", {"DisplayName": "Doe5, Jane"}).json()
    assert differences(made, recorded("qbo_api__create_customer")) == []


def test_a_small_american_invoice(us: Company, wire: Wire) -> None:
    owner = customer(us, **ADDRESS)
    line = {
        "Amount": 100.0,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
    }
    made = wire.post("invoice", {"CustomerRef": {"value": owner["Id"]}, "Line": [line]}).json()
    assert differences(made, recorded("qbo_api__create_invoice_us")) == []
    body = {"Id": made["Invoice"]["Id"], "SyncToken": "0"}
    voided = wire.post("invoice", body, operation="void").json()
    assert differences(voided, recorded("qbo_api__void_invoice_after")) == []
    theirs = recorded("qbo_api__void_invoice_after")["Invoice"]
    for name in ("TotalAmt", "Balance", "PrivateNote", "TxnTaxDetail", "LinkedTxn", "SyncToken", "Line"):
        ours = json.loads(json.dumps(voided["Invoice"][name]).replace("Call-out", "Services"))
        assert ours == theirs[name]


def test_a_deleted_invoice(us: Company, wire: Wire) -> None:
    made = invoice(us, customer(us))
    gone = wire.post("invoice", {"Id": made["Id"], "SyncToken": "0"}, operation="delete").json()
    assert differences(gone, recorded("qbo_api__delete_invoice")) == []


def test_payments_applied_unapplied_and_void(us: Company) -> None:
    owner = customer(us)
    unapplied = pay(us, owner, 25)
    assert differences(unapplied, recorded("intuit-docs__payment_create_unapplied")["response"]["Payment"]) == []
    partly = pay(us, owner, 65, (invoice(us, owner), 55))
    theirs = recorded("intuit-docs__payment_partly_unapplied")["Payment"]
    assert differences(partly, theirs) == []
    assert differences(partly["Line"][0]["LineEx"], theirs["Line"][0]["LineEx"]) == []
    voided = us.void("Payment", pay(us, owner, 9, PaymentMethodRef={"value": "2"})["Id"])
    assert differences(voided, recorded("intuit-docs__payment_void")["response"]["Payment"]) == []


def test_a_sales_receipt_and_its_void(us: Company) -> None:
    made = us.create("SalesReceipt", {"Line": [sold("3", 1, 0)]})
    theirs = recorded("ExQuickBooks__salesreceipt_create")["SalesReceipt"]
    assert set(differences(made, theirs)) <= {".LinkedTxn: not recorded", ".TxnTaxDetail: not recorded"}
    voided = us.void("SalesReceipt", made["Id"])
    line = recorded("ExQuickBooks__salesreceipt_void")["SalesReceipt"]["Line"][0]
    assert differences(voided["Line"][0], line) == []
    assert voided["Line"][0]["SalesItemLineDetail"]["Qty"] == line["SalesItemLineDetail"]["Qty"] == 0


def test_pages_counts_and_nothing_at_all(us: Company, wire: Wire) -> None:
    assert wire.query("SELECT * FROM Customer").json().keys() == recorded("qbo_api__query_empty").keys()
    customer(us)
    page, theirs = wire.query("SELECT * FROM Customer").json(), recorded("qbo_api__query_customers_41")
    assert page["QueryResponse"].keys() == theirs["QueryResponse"].keys()
    counted = wire.query("SELECT COUNT(*) FROM Customer").json()
    assert differences(counted, recorded("qbo_api__query_count_customer")) == []


@pytest.mark.parametrize(
    ("entity", "name"),
    [
        ("Account", "quickbooks-ruby__accounts_query.converted"),
        ("PaymentMethod", "quickbooks-ruby__paymentmethods_query.converted"),
        ("TaxRate", "quickbooks-ruby__taxrates_query.converted"),
    ],
)
def test_short_lists(wire: Wire, entity: str, name: str) -> None:
    ours = wire.query(f"SELECT * FROM {entity}").json()["QueryResponse"][entity][0]  # noqa: S608
    assert differences(ours, recorded(name)["QueryResponse"][entity][0]) == []


def test_tax_codes_with_and_without_a_sync_token(wire: Wire) -> None:
    def by_id(answer: dict[str, Any], pk: str) -> Any:
        return next(one for one in answer["QueryResponse"]["TaxCode"] if one["Id"] == pk)

    ours, theirs = wire.query("SELECT * FROM TaxCode").json(), recorded("intuit-docs__taxcodes_us")
    assert differences(by_id(ours, "TAX"), by_id(theirs, "TAX")) == []
    assert differences(by_id(ours, "2"), by_id(theirs, "3")) == []


def test_preferences_hold_the_groups_of_a_real_company(wire: Wire) -> None:
    ours, theirs = (
        wire.get("preferences").json()["Preferences"],
        recorded("ExQuickBooks__preferences_us")["Preferences"],
    )
    assert ours.keys() == theirs.keys()
    for group in ("AccountingInfoPrefs", "SalesFormsPrefs", "TaxPrefs", "CurrencyPrefs"):
        assert theirs[group].keys() <= ours[group].keys()


def _same_name_twice(wire: Wire) -> Any:
    wire.post("customer", {"DisplayName": "Ada"})
    return wire.post("customer", {"DisplayName": "Ada"})


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("qbo_api__fault_2030_invalid_id", lambda wire: wire.get("customer/1.5")),
        ("ExQuickBooks__fault_610_not_found", lambda wire: wire.get("item/999")),
        ("qbo_api__fault_4001_invalid_query", lambda wire: wire.query("SELECT * FROM Custmoer")),
        ("ExQuickBooks__fault_4000_query_parse", lambda wire: wire.query("SELECT * FROM 'x'")),
        ("qbo_api__fault_500_unsupported_operation", lambda wire: wire.get("customer/1/5")),
        ("ExQuickBooks__fault_2020_required_param", lambda wire: wire.post("item", {})),
        ("qbo_api__fault_2010_unknown_property", lambda wire: wire.post("invoice", {"BadJson": 1})),
        ("qbo_api__fault_6240_duplicate_name", _same_name_twice),
    ],
)  # fmt: skip
def test_faults_have_the_recorded_words(wire: Wire, name: str, ask: Any) -> None:
    ours, theirs = ask(wire).json(), recorded(name)
    assert differences(ours, theirs) == []
    for field in ("Message", "code"):
        assert ours["Fault"]["Error"][0][field] == theirs["Fault"]["Error"][0][field]
    assert ours["Fault"]["type"] == theirs["Fault"]["type"]


def test_a_stale_object_has_the_recorded_words(us: Company, wire: Wire) -> None:
    made = customer(us)
    ours = wire.post("customer", {"Id": made["Id"], "SyncToken": "7", "sparse": True}).json()
    theirs = recorded("ExQuickBooks__fault_5010_stale")
    assert differences(ours, theirs) == []
    assert ours["Fault"]["Error"][0]["code"] == theirs["Fault"]["Error"][0]["code"] == "5010"


def test_an_expired_token_has_the_recorded_envelope(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.expire_access_tokens()
    ours, theirs = wire.get("customer/1").json(), recorded("qbo_api__fault_401_3200_token_expired")
    assert differences(ours, theirs) == []
    assert ours["fault"]["error"][0]["message"] == theirs["fault"]["error"][0]["message"]


def test_throttling_has_the_recorded_words(sandbox: Sandbox, wire: Wire) -> None:
    sandbox.faults.add(kind=429)
    ours, theirs = wire.get("preferences").json(), recorded("quickbooks-ruby__fault_3001_throttle_429.converted")
    assert ours["Fault"] == theirs["Fault"]


def test_batches_and_changes_have_the_recorded_envelopes(us: Company, wire: Wire) -> None:
    items = [{"bId": "1", "operation": "create", "Vendor": {"DisplayName": "Mill"}}]
    batch = wire.post("batch", {"BatchItemRequest": items}).json()
    theirs = recorded("qbo_api__batch_mixed")
    assert batch.keys() == theirs.keys()
    assert batch["BatchItemResponse"][0].keys() == theirs["BatchItemResponse"][0].keys()
    assert differences(batch["BatchItemResponse"][0], theirs["BatchItemResponse"][0]) == []
    made = invoice(us, customer(us))
    us.delete("Invoice", made["Id"])
    changes = wire.get("cdc", entities="Invoice", changedSince=stamp(time.time() - 60)).json()
    stub = changes["CDCResponse"][0]["QueryResponse"][0]["Invoice"][0]
    theirs = recorded("intuit-docs__cdc_with_deleted")["CDCResponse"][0]["QueryResponse"][1]["Estimate"][2]
    assert differences(stub, theirs) == []
    nothing = wire.get("cdc", entities="Payment", changedSince=stamp(time.time() - 60)).json()
    assert nothing["CDCResponse"] == recorded("intuit-docs__cdc_no_changes")["CDCResponse"]


def test_webhooks_in_both_shapes_with_the_recorded_headers(sandbox: Sandbox, us: Company) -> None:
    hooks, told = sandbox.webhooks, [Notice(us.realm_id, "Customer", "7", "created")]
    body, headers = hooks.sample(told)
    for name in (
        "intuit-blog__webhook_cloudevents_account_created",
        "intuit-sampleapp__webhook_cloudevents_customer_created",
    ):
        ours, theirs = json.loads(body), recorded(name)
        assert differences(ours, theirs) == []
        assert ours[0]["type"].split(".")[2:] == theirs[0]["type"].split(".")[2:]
        assert len(ours[0]["source"]) == len(theirs[0]["source"])
    assert headers.keys() == recorded("intuit-docs__webhook_legacy_headers").keys() - {
        "content-length",
        "host",
        "proxy-connection",
    }
    hooks.envelope = "legacy"
    body, _ = hooks.sample(told)
    for name in ("intuit-blog__webhook_legacy_account_created", "intuit-docs__webhook_legacy"):
        assert differences(json.loads(body), recorded(name)) == []


def test_sign_in_documents(sandbox: Sandbox, us: Company, qb: QuickBooks) -> None:
    discovery = qb.auth_client.get(sandbox.discovery_url).json()
    assert differences(discovery, recorded("QuickBooks-V3-DotNET-SDK__oauth_discovery_document")) == []
    tokens, theirs = sandbox.issue_tokens(us.realm_id), recorded("oauth-jsclient__oauth_bearer_token")
    assert theirs.keys() - tokens.keys() == {"id_token"}  # only with the openid scope
    assert tokens["x_refresh_token_expires_in"] == theirs["x_refresh_token_expires_in"]
    person = qb.auth_client.get_user_info().json()
    assert differences(person, recorded("QuickBooks-V3-DotNET-SDK__oauth_userinfo")) == []

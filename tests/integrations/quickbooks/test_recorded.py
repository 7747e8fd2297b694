"""Documents recorded from real QuickBooks companies are read without loss."""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.quickbooks.events import parse
from integrations.quickbooks.mapping import customer_from_qbo, invoice_from_qbo, payment_from_qbo
from integrations.quickbooks.mapping.catalogue import Catalogue

FOLDER = Path(os.environ["QUICKBOOKS_PAYLOADS"])


def documents(entity: str) -> Iterator[tuple[str, dict]]:
    """Every whole document of one entity in the folder, wherever it is nested."""
    for path in sorted(FOLDER.glob("*.json")):
        for doc in _within(json.loads(path.read_text(), parse_float=Decimal), entity):
            if "Id" in doc and doc.get("status") != "Deleted" and "MetaData" in doc:
                yield f"{path.stem}-{doc['Id']}", doc


def _within(value: object, entity: str) -> Iterator[dict]:
    if isinstance(value, list):
        for item in value:
            yield from _within(item, entity)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == entity:
                yield from (doc for doc in (inner if isinstance(inner, list) else [inner]) if isinstance(doc, dict))
            else:
                yield from _within(inner, entity)


def each(entity: str):
    found = list(documents(entity))
    assert found
    return pytest.mark.parametrize("doc", [doc for _, doc in found], ids=[name for name, _ in found])


@each("Customer")
def test_a_recorded_customer_keeps_its_name_email_and_number(doc):
    record = customer_from_qbo(doc, "US")
    assert record.name in {doc.get("DisplayName"), doc.get("FullyQualifiedName")} or not doc.get("Active", True)
    typed = (doc.get("PrimaryEmailAddr") or {}).get("Address", "")
    assert record.fields.email_typed == typed.strip()
    assert bool(record.fields.email) == bool(typed.strip())


@each("Invoice")
def test_a_recorded_invoice_adds_up_to_its_own_total(doc):
    fields = invoice_from_qbo(doc, Catalogue(), "USD").fields
    assert fields.total == Decimal(str(doc.get("TotalAmt", 0)))
    assert fields.subtotal - fields.discount + fields.shipping + fields.tax == fields.total
    assert fields.is_void == str(doc.get("PrivateNote", "")).startswith("Voided")


@each("Payment")
def test_a_recorded_payment_is_spread_without_a_rest(doc):
    record = payment_from_qbo(doc, Catalogue(), "USD")
    spent = sum(amount for _, amount, _ in record.shares)
    assert spent + record.fields.unapplied <= record.fields.amount + record.fields.credit
    assert sum(credit for _, _, credit in record.shares) == record.fields.credit


WEBHOOKS = [path for path in sorted(FOLDER.glob("*webhook*.json")) if "headers" not in path.stem]


@pytest.mark.parametrize("path", WEBHOOKS, ids=[path.stem for path in WEBHOOKS])
def test_a_recorded_webhook_is_read_whole(path):
    events = parse(path.read_bytes())
    assert events
    for event in events:
        assert event.realm_id.isdecimal() and event.entity_id.isdecimal() and event.happened_at
        assert event.operation == "created"
        assert (event.status, event.last_error) in {
            ("pending", ""),
            ("ignored", "Tallybook keeps no records of this kind."),
        }

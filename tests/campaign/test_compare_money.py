"""A campaign that could not fail would tell nothing: each kind of difference between the sides is found."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from campaign.compare_money import differences
from campaign.keeper import Bookkeeper
from integrations.models import QuickBooksConnection, QuickBooksLink
from invoicing.models import Invoice, Payment
from sandbox import Sandbox
from tests.factories import make_contact, make_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper() -> Iterator[Bookkeeper]:
    with Sandbox() as sandbox:
        yield Bookkeeper(sandbox.company("us"))


@pytest.fixture
def connection() -> QuickBooksConnection:
    return QuickBooksConnection.objects.create(realm_id="1", company_name="Cedar & Sons", connected_at=timezone.now())


@pytest.fixture
def bill() -> Invoice:
    return make_invoice(make_contact(), total="100")


def gateways(bill: Invoice, *tables: tuple[str, dict[str, Any]]) -> Any:
    """Stripe took 100.00 for the bill, and this became of it."""
    known = {"invoice": str(bill.pk)}
    charge = {"id": "ch_1", "payment_intent": "pi_1", "amount": 10000, "metadata": known}
    book = SimpleNamespace(all=lambda kind: [row for table, row in tables if table == kind])
    crezco = SimpleNamespace(book=SimpleNamespace(tables={"demand": {}}))
    return SimpleNamespace(charges=lambda: [charge], transfers=list, stripe=SimpleNamespace(book=book), crezco=crezco)


def booked(connection: QuickBooksConnection, amount: str = "100", reference: str = "pi_1", **fields: Any) -> Payment:
    payment = Payment.objects.create(
        source="stripe", reference=reference, amount=Decimal(amount), currency="USD", received_on=date.today(), **fields
    )
    known = {"connection": connection, "entity": "payment", "external_id": str(payment.pk)}
    QuickBooksLink.objects.create(payment=payment, document={}, synced_at=timezone.now(), **known)
    return payment


def found(of: Any, keeper: Bookkeeper) -> str:
    return "\n".join(differences(of, keeper, {}))


def test_where_all_agree_nothing_is_told(bill: Invoice, keeper: Bookkeeper, connection: QuickBooksConnection) -> None:
    booked(connection)
    assert found(gateways(bill), keeper) == ""


def test_a_charge_that_was_not_recorded_is_told(bill: Invoice, keeper: Bookkeeper) -> None:
    assert "charge ch_1 of 100 was not recorded" in found(gateways(bill), keeper)


def test_a_payment_without_a_charge_is_told(
    bill: Invoice, keeper: Bookkeeper, connection: QuickBooksConnection
) -> None:
    booked(connection)
    booked(connection, reference="pi_2")
    assert "none of Stripe's: pi_2" in found(gateways(bill), keeper)


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_money_that_went_back_unheard_is_told(
    bill: Invoice, keeper: Bookkeeper, connection: QuickBooksConnection, kind: str
) -> None:
    booked(connection)
    gone = (kind, {"id": "x_1", "charge": "ch_1", "amount": 4000, "status": "succeeded"})
    assert "charge ch_1 has 60 left at Stripe, 100.0000 here" in found(gateways(bill, gone), keeper)


def test_what_is_not_in_quickbooks_is_told(bill: Invoice, keeper: Bookkeeper, connection: QuickBooksConnection) -> None:
    payment = booked(connection)
    QuickBooksLink.objects.filter(payment=payment).delete()
    assert "is not in QuickBooks" in found(gateways(bill), keeper)


def test_too_much_that_nobody_was_told_of_is_told(
    bill: Invoice, keeper: Bookkeeper, connection: QuickBooksConnection
) -> None:
    booked(connection, unapplied=30)
    assert f"invoice {bill.pk} is not flagged" in found(gateways(bill), keeper)
    Invoice.objects.update(attention="Too much came in.")
    assert found(gateways(bill), keeper) == ""

"""What the timeline says of a payment that came in."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from crm.models import Activity
from invoicing.bulk import PaymentFields
from invoicing.models import Payment
from invoicing.payment_upserts import PaymentWrite, create_payments
from invoicing.signals import payment_recorded

pytestmark = pytest.mark.django_db


def told(amount: str, currency: str = "USD", **more: Any) -> str:
    values = {"exchange_rate": Decimal(1), "credit": Decimal(0), "unapplied": Decimal(0), "is_void": False, **more}
    fields = PaymentFields(
        customer_name="Ada", received_on=date(2026, 11, 8), currency=currency, amount=Decimal(amount),
        method="", memo="", deposit_account="", private_note="", **values,
    )  # fmt: skip
    payment = Payment(source="quickbooks", reference=f"{amount} {currency}")
    create_payments([PaymentWrite(payment, fields, None, {})], actor=None, origin="import")
    return Activity.objects.latest("pk").text


def test_an_amount_has_the_decimals_of_its_currency():
    assert told("3522.1700") == "Payment of 3,522.17 USD received on 8 Nov 2026"
    assert told("309.5") == "Payment of 309.50 USD received on 8 Nov 2026"
    assert told("130500", "JPY") == "Payment of 130,500 JPY received on 8 Nov 2026"
    assert told("1.25", "KWD") == "Payment of 1.250 KWD received on 8 Nov 2026"


def test_a_payment_of_no_money_is_called_the_credit_that_it_is():
    assert told("0", credit=Decimal("189.5")) == "Credit of 189.50 USD applied on 8 Nov 2026"


def test_a_payment_that_was_void_before_it_came_in_is_no_money_and_not_announced():
    heard = []
    payment_recorded.connect(listener := lambda **facts: heard.append(facts["payment"]))
    assert told("0", is_void=True) == "A payment of 8 Nov 2026 came in that was void already"
    assert told("5") == "Payment of 5.00 USD received on 8 Nov 2026"
    payment_recorded.disconnect(listener)
    assert [payment.amount for payment in heard] == [5]

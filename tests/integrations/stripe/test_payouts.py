"""What Stripe keeps of each payment and what it pays out is known, however late and by whomever it was told."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from integrations import tasks
from integrations.models import GatewayEvent, GatewayFee, Payout, PayoutLine
from invoicing.models import Invoice, Payment
from sandbox.stripe.stand_in import StripeSandbox
from tests.factories import make_contact, make_invoice
from tests.integrations.stripe.story import go_to_stripe, told

pytestmark = pytest.mark.django_db(transaction=True)


def pay(stripe: StripeSandbox, bill: Invoice) -> Payment:
    assert stripe.pay(go_to_stripe(bill)) is None
    told(stripe)
    return Payment.objects.get(allocations__invoice=bill)


def pay_out(stripe: StripeSandbox) -> list[dict[str, Any]]:
    stripe.settle_money()
    made = stripe.pay_out()
    told(stripe)
    return made


def charge_of(stripe: StripeSandbox, payment: Payment) -> str:
    return str(stripe.book.get("payment_intent", payment.reference)["latest_charge"])


def another_bill(total: str) -> Invoice:
    contact = make_contact("Ada", email=f"ada{total}@example.com")
    return make_invoice(contact, owner=Invoice.Owner.BOOKS, total=total)


def fee_at(stripe: StripeSandbox, payment: Payment) -> dict[str, Any]:
    charge = stripe.book.get("charge", charge_of(stripe, payment))
    return stripe.book.get("balance_transaction", charge["balance_transaction"])


def test_fee_and_net_are_kept_with_the_payment(stripe: StripeSandbox, bill: Invoice) -> None:
    payment = pay(stripe, bill)
    fee, there = GatewayFee.objects.get(), fee_at(stripe, payment)
    assert (fee.payment, fee.gateway, fee.reference, fee.currency) == (payment, "stripe", there["id"], "USD")
    assert fee.fee == Decimal(there["fee"]) / 100 > 0
    assert fee.fee + fee.net == payment.amount == 120
    assert fee.payout is None


def test_a_fee_in_another_currency_than_the_payment_is_kept_in_its_own(stripe: StripeSandbox, bill: Invoice) -> None:
    stripe.hold_fees()
    payment = pay(stripe, bill)
    stripe.release_fees()
    with stripe.book.changing():
        stripe.book.edit(fee_at(stripe, payment), currency="jpy", amount=18000, fee=600, net=17400)
    tasks.look_back_for_payouts()
    fee = GatewayFee.objects.get()
    assert (fee.currency, fee.fee, fee.net) == ("JPY", 600, 17400)


def test_a_fee_that_was_not_known_yet_is_asked_for_within_the_hour(stripe: StripeSandbox, bill: Invoice) -> None:
    stripe.hold_fees()
    payment = pay(stripe, bill)
    tasks.look_back_for_payouts()
    assert not GatewayFee.objects.exists()
    stripe.release_fees()
    tasks.look_back_for_payouts()
    tasks.look_back_for_payouts()
    assert GatewayFee.objects.get().payment == payment


def test_one_payment_that_stripe_does_not_know_keeps_no_other_waiting(stripe: StripeSandbox, bill: Invoice) -> None:
    payment = pay(stripe, bill)
    GatewayFee.objects.all().delete()
    left = {"source": "stripe", "currency": "USD", "amount": 1, "unapplied": 1, "received_on": timezone.localdate()}
    Payment.objects.create(reference="pi_of_an_account_that_was_left", customer_name="Ben", **left)
    tasks.look_back_for_payouts()
    assert GatewayFee.objects.get().payment == payment


def test_a_payout_is_kept_with_all_that_is_in_it(stripe: StripeSandbox, bill: Invoice) -> None:
    payment, other = pay(stripe, bill), pay(stripe, another_bill("50"))
    stripe.refund(charge_of(stripe, payment), 2000)
    stripe.dispute(charge_of(stripe, other))
    third = pay(stripe, another_bill("300"))
    told(stripe)
    (made,) = pay_out(stripe)
    payout = Payout.objects.get()
    assert (payout.reference, payout.status, payout.currency) == (made["id"], "paid", "USD")
    assert payout.amount == Decimal(made["amount"]) / 100
    lines = {(line.kind, line.payment): line for line in payout.lines.all()}
    kinds = {("payment", payment), ("payment", other), ("payment", third), ("refund", payment), ("dispute", other)}
    assert lines.keys() == kinds
    assert (lines["refund", payment].gross, lines["dispute", other].gross, lines["dispute", other].fee) == (
        -20,
        -50,
        15,
    )
    assert sum(line.net for line in lines.values()) == payout.amount
    assert {fee.payout for fee in GatewayFee.objects.all()} == {payout}


def test_told_twice_or_late_it_is_one_payout(stripe: StripeSandbox, bill: Invoice) -> None:
    pay(stripe, bill)
    stripe.webhooks.only = frozenset()
    stripe.settle_money()
    (made,) = stripe.pay_out()
    assert not Payout.objects.exists()
    for _ in range(2):
        tasks.look_back_for_payouts()
        tasks.take_gateway_events()
    assert Payout.objects.get().lines.count() == 1
    GatewayEvent.objects.create(gateway="stripe", external_id="evt_again", kind="payout.paid", object_id=made["id"])
    tasks.take_gateway_events()
    assert (Payout.objects.count(), PayoutLine.objects.count()) == (1, 1)


def test_a_payout_tells_a_fee_that_nobody_told_before(stripe: StripeSandbox, bill: Invoice) -> None:
    payment = pay(stripe, bill)
    GatewayFee.objects.all().delete()
    pay_out(stripe)
    fee = GatewayFee.objects.get()
    assert fee.payment == payment and fee.payout == Payout.objects.get()


def test_one_that_came_back_from_the_bank_says_so(stripe: StripeSandbox, bill: Invoice) -> None:
    pay(stripe, bill)
    (made,) = pay_out(stripe)
    with stripe.book.changing():
        stripe.book.edit(stripe.book.get("payout", made["id"]), status="failed")
    tasks.look_back_for_payouts()
    tasks.take_gateway_events()
    assert Payout.objects.get().status == "failed"


def test_one_that_stripe_is_still_adding_up_is_asked_for_again(stripe: StripeSandbox, bill: Invoice) -> None:
    pay(stripe, bill)
    stripe.webhooks.only = frozenset()
    stripe.settle_money()
    (made,) = stripe.pay_out()

    def is_at_it(word: str) -> None:
        with stripe.book.changing():
            stripe.book.edit(stripe.book.get("payout", made["id"]), reconciliation_status=word)
        GatewayEvent.objects.update(not_before=None)
        tasks.take_gateway_events()

    tasks.look_back_for_payouts()
    is_at_it("in_progress")
    assert not Payout.objects.exists()
    is_at_it("completed")
    assert Payout.objects.get().lines.count() == 1


def test_of_a_payout_made_by_hand_only_the_sum_is_known(stripe: StripeSandbox, bill: Invoice) -> None:
    pay(stripe, bill)
    (made,) = pay_out(stripe)
    Payout.objects.all().delete()
    with stripe.book.changing():
        stripe.book.edit(stripe.book.get("payout", made["id"]), automatic=False)
    tasks.look_back_for_payouts()
    tasks.take_gateway_events()
    payout = Payout.objects.get()
    assert not payout.is_told and not payout.lines.exists()


@pytest.mark.parametrize("trouble", ["500", "503", "429", "garbage", "cut_before"])
def test_trouble_at_stripe_loses_neither_payment_nor_payout(trouble: str, stripe: StripeSandbox, bill: Invoice) -> None:
    pay(stripe, bill)
    stripe.faults.add(trouble, times=4, match="GET /v1/")
    pay_out(stripe)
    stripe.faults.clear()
    GatewayEvent.objects.filter(status="pending").update(not_before=None)
    tasks.look_back_for_payouts()
    tasks.take_gateway_events()
    assert Payout.objects.get().lines.count() == 1

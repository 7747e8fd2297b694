"""Money goes back: asked for here or at Stripe, or taken by a bank; recorded once, and the invoice is owed again."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from crm.models import Activity
from integrations import tasks
from integrations.models import GatewayEvent
from integrations.stripe import refunds
from invoicing.models import Allocation, Invoice, Payment, Refund, RefundShare
from invoicing.refund_asking import CannotRefund, ask_refund
from sandbox.stripe.stand_in import StripeSandbox
from tests.factories import make_user
from tests.integrations.stripe.story import go_to_stripe, told

pytestmark = pytest.mark.django_db(transaction=True)
Status = Refund.Status
Obj = dict[str, Any]


@pytest.fixture
def paid(stripe: StripeSandbox, bill: Invoice) -> Payment:
    """The bill of 120, paid by card."""
    assert stripe.pay(go_to_stripe(bill)) is None
    told(stripe)
    return Payment.objects.get()


def charge_of(stripe: StripeSandbox, payment: Payment) -> str:
    return str(stripe.book.get("payment_intent", payment.reference)["latest_charge"])


def ask(payment: Payment, amount: str = "20", key: str = "", reason: str = "Came late") -> Refund:
    actor = make_user(f"{uuid.uuid4()}@example.com")
    return ask_refund(payment, key=key or str(uuid.uuid4()), amount=Decimal(amount), reason=reason, actor=actor)


def at_stripe(stripe: StripeSandbox) -> list[Obj]:
    return list(stripe.book.all("refund"))


def later() -> None:
    """The sweep meets what was put off."""
    Refund.objects.filter(status=Status.ASKED).update(not_before=None)
    GatewayEvent.objects.filter(status="pending").update(not_before=None)
    tasks.take_gateway_events()


def figures(bill: Invoice, payment: Payment) -> tuple[Decimal, ...]:
    """What the payment still is and what went back; what the invoice has of it and what is owed."""
    bill.refresh_from_db()
    payment.refresh_from_db()
    spread = sum(Allocation.objects.filter(payment=payment).values_list("amount", flat=True), Decimal(0))
    assert spread + payment.unapplied == payment.amount
    return payment.amount, payment.refunded, bill.paid, bill.balance


def test_a_part_goes_back_through_stripe_and_is_owed_again_with_chasing_on_hold(
    stripe: StripeSandbox, bill: Invoice, paid: Payment
) -> None:
    refund = ask(paid)
    assert (refund.status, refund.amount, refund.kind, refund.error) == (Status.DONE, 20, "refund", "")
    (there,) = at_stripe(stripe)
    assert (there["amount"], there["id"], there["metadata"]) == (2000, refund.reference, {"refund": str(refund.key)})
    assert figures(bill, paid) == (100, 20, 100, 20)
    assert bill.status == "open" and "20.00 USD was refunded" in bill.hold
    assert "20.00 USD was refunded: Came late" in Activity.objects.get(verb="payment.refunded").text
    told(stripe)  # by webhook too: nothing new
    assert figures(bill, paid) == (100, 20, 100, 20)
    assert Refund.objects.count() == RefundShare.objects.count() == 1


def test_all_of_it_goes_back_and_the_payment_is_void(stripe: StripeSandbox, bill: Invoice, paid: Payment) -> None:
    ask(paid, "20")
    ask(paid, "100")
    assert figures(bill, paid) == (0, 120, 0, 120)
    assert paid.is_void and bill.status == "open"
    assert not Allocation.objects.exists()
    assert [share.amount for share in RefundShare.objects.filter(invoice=bill)] == [20, 100]
    with pytest.raises(CannotRefund):
        ask(paid, "1")


@pytest.mark.parametrize("amount", ["120.01", "0", "-5", "1.005"])
def test_more_than_is_left_is_not_even_asked(stripe: StripeSandbox, paid: Payment, amount: str) -> None:
    with pytest.raises(CannotRefund, match="At most 120.00 USD"):
        ask(paid, amount)
    assert not Refund.objects.exists() and not at_stripe(stripe)


def test_the_same_form_twice_is_one_refund(stripe: StripeSandbox, bill: Invoice, paid: Payment) -> None:
    key = str(uuid.uuid4())
    assert ask(paid, key=key) == ask(paid, key=key)
    assert len(at_stripe(stripe)) == 1
    assert figures(bill, paid) == (100, 20, 100, 20)


@pytest.mark.parametrize("trouble", ["cut_before", "cut_after", "500", "500_after", "503", "429", "garbage"])
def test_a_lost_answer_gives_nothing_back_twice(
    stripe: StripeSandbox, bill: Invoice, paid: Payment, trouble: str
) -> None:
    stripe.faults.add(trouble, times=3, match="POST /v1/refunds")
    refund = ask(paid)
    for _ in range(5):
        later()
    refund.refresh_from_db()
    assert refund.status == Status.DONE
    assert len(at_stripe(stripe)) == 1
    told(stripe)
    assert figures(bill, paid) == (100, 20, 100, 20)


def test_what_is_asked_for_already_cannot_be_asked_for_again(
    stripe: StripeSandbox, bill: Invoice, paid: Payment
) -> None:
    stripe.faults.add("503", times=50)
    refund = ask(paid, "100")
    assert refund.status == Status.ASKED and refund.error
    assert figures(bill, paid) == (120, 0, 120, 0)
    with pytest.raises(CannotRefund, match="At most 20.00 USD"):
        ask(paid, "21")
    tasks.take_gateway_events()  # not before its time
    stripe.faults.clear()
    later()
    assert figures(bill, paid) == (20, 100, 20, 100)


def test_what_was_asked_for_ends_though_all_of_it_went_another_way_meanwhile(
    stripe: StripeSandbox, bill: Invoice, paid: Payment
) -> None:
    stripe.faults.add("503", times=50)
    refund = ask(paid)
    stripe.faults.clear()
    stripe.refund(charge_of(stripe, paid))
    told(stripe)
    assert figures(bill, paid) == (0, 120, 0, 120)
    later()
    refund.refresh_from_db()
    assert refund.status == Status.FAILED and "already been refunded" in refund.error
    assert figures(bill, paid) == (0, 120, 0, 120)


def test_a_worker_that_died_between_asking_and_recording_is_made_up_for(
    stripe: StripeSandbox, bill: Invoice, paid: Payment
) -> None:
    row = Refund.objects.create(payment=paid, source="stripe", amount="20", currency="USD")
    stripe.webhooks.drop = 1.0
    stripe.refund(charge_of(stripe, paid), 2000, metadata={"refund": str(row.key)})
    later()
    assert len(at_stripe(stripe)) == 1
    row.refresh_from_db()
    assert row.status == Status.DONE
    assert figures(bill, paid) == (100, 20, 100, 20)


def test_what_stripe_refuses_is_told_in_its_words(stripe: StripeSandbox, bill: Invoice, paid: Payment) -> None:
    stripe.webhooks.drop = 1.0
    stripe.refund(charge_of(stripe, paid), 11000)
    refund = ask(paid, "20")
    assert refund.status == Status.FAILED and "greater than unrefunded amount" in refund.error
    # And what was made there without our hearing of it is known now.
    assert figures(bill, paid) == (10, 110, 10, 110)


def test_a_refund_made_at_stripe_comes_by_webhook_once(stripe: StripeSandbox, bill: Invoice, paid: Payment) -> None:
    stripe.webhooks.double = 1.0
    stripe.refund(charge_of(stripe, paid), 2000, reason="duplicate")
    stripe.refund(charge_of(stripe, paid), 3000)
    told(stripe)
    tasks.take_gateway_events()
    assert figures(bill, paid) == (70, 50, 70, 50)
    assert sorted(Refund.objects.values_list("amount", "reason", "status")) == [
        (20, "Paid twice", "done"),
        (30, "", "done"),
    ]


def test_metadata_of_others_is_not_taken_for_a_key(stripe: StripeSandbox, bill: Invoice, paid: Payment) -> None:
    stripe.refund(charge_of(stripe, paid), 2000, metadata={"refund": "yes"})
    told(stripe)
    assert figures(bill, paid) == (100, 20, 100, 20)


def test_a_refund_told_of_before_the_payment_brings_both(stripe: StripeSandbox, bill: Invoice) -> None:
    stripe.webhooks.drop = 1.0
    url = go_to_stripe(bill)
    stripe.pay(url)
    told(stripe)
    stripe.webhooks.drop = 0.0
    intent = stripe.session(url)["payment_intent"]
    stripe.refund(stripe.book.get("payment_intent", intent)["latest_charge"], 2000)
    told(stripe)
    assert figures(bill, Payment.objects.get()) == (100, 20, 100, 20)


def test_a_payment_heard_of_late_brings_its_refund(stripe: StripeSandbox, bill: Invoice) -> None:
    stripe.webhooks.drop = 1.0
    url = go_to_stripe(bill)
    stripe.pay(url)
    intent = stripe.session(url)["payment_intent"]
    stripe.refund(stripe.book.get("payment_intent", intent)["latest_charge"])
    told(stripe)
    bill.pay_sessions.update(expires_at=timezone.now() - timedelta(seconds=1))
    tasks.take_gateway_events()
    tasks.take_gateway_events()
    assert figures(bill, Payment.objects.get()) == (0, 120, 0, 120)


def test_a_charge_of_somebody_else_is_left_alone(stripe: StripeSandbox, bill: Invoice, paid: Payment) -> None:
    Payment.objects.update(reference="pi_of_ours")
    bill.pay_sessions.all().delete()
    with stripe.book.changing():
        charge = stripe.book.find("charge", next(iter(stripe.book.tables["charge"])))
        stripe.book.edit(charge, payment_intent=None)
    stripe.refund(charge["id"], 2000)
    told(stripe)
    assert not Refund.objects.exists()
    assert not GatewayEvent.objects.exclude(status="done").exists()


def test_a_dispute_takes_the_money_and_losing_it_changes_nothing_more(
    stripe: StripeSandbox, bill: Invoice, paid: Payment
) -> None:
    dispute = stripe.dispute(charge_of(stripe, paid))
    told(stripe)
    assert figures(bill, paid) == (0, 120, 0, 120)
    assert paid.is_void and "taken back by the customer's bank" in bill.hold
    stripe.close_dispute(dispute["id"], won=False)
    told(stripe)
    assert figures(bill, paid) == (0, 120, 0, 120)
    assert Refund.objects.get().kind == "dispute" and Payment.objects.count() == 1


def test_a_dispute_that_is_won_brings_the_money_back_as_a_payment_of_its_own(
    stripe: StripeSandbox, bill: Invoice, paid: Payment
) -> None:
    dispute = stripe.dispute(charge_of(stripe, paid))
    told(stripe)
    stripe.webhooks.double = 1.0
    stripe.close_dispute(dispute["id"], won=True)
    told(stripe)
    tasks.take_gateway_events()
    assert figures(bill, paid) == (0, 120, 120, 0)
    assert bill.status == "paid"
    back = Payment.objects.exclude(pk=paid.pk).get()
    assert (back.source, back.reference, back.amount, back.method) == ("stripe", dispute["id"], 120, "Dispute won")
    assert Refund.objects.get().status == Status.RETURNED
    with pytest.raises(CannotRefund, match="Refund it where it was taken"):
        ask(back)


def test_a_dispute_heard_of_only_when_it_was_won_is_no_news(
    stripe: StripeSandbox, bill: Invoice, paid: Payment
) -> None:
    stripe.webhooks.drop = 1.0
    dispute = stripe.dispute(charge_of(stripe, paid))
    told(stripe)
    stripe.webhooks.drop = 0.0
    stripe.close_dispute(dispute["id"], won=True)
    told(stripe)
    assert figures(bill, paid) == (120, 0, 120, 0)
    assert not Refund.objects.exists()


def test_a_bank_that_takes_its_time_is_waited_for(stripe: StripeSandbox, bill: Invoice) -> None:
    url = go_to_stripe(bill)
    stripe.pay(url, "wait")
    stripe.bank_answers(stripe.session(url)["payment_intent"], paid=True)
    told(stripe)
    payment = Payment.objects.get()
    refund = ask(payment, "50")
    assert refund.status == Status.ASKED and refund.reference
    told(stripe)
    later()
    assert figures(bill, payment) == (120, 0, 120, 0)
    stripe.settle_refund(refund.reference)
    told(stripe)
    assert figures(bill, payment) == (70, 50, 70, 50)


def test_a_bank_that_sends_a_refund_back_has_changed_nothing(stripe: StripeSandbox, bill: Invoice) -> None:
    url = go_to_stripe(bill)
    stripe.pay(url, "wait")
    stripe.bank_answers(stripe.session(url)["payment_intent"], paid=True)
    told(stripe)
    payment = Payment.objects.get()
    refund = ask(payment, "50")
    stripe.settle_refund(refund.reference, succeeded=False)
    told(stripe)
    refund.refresh_from_db()
    assert refund.status == Status.FAILED and "nothing went back" in refund.error
    assert figures(bill, payment) == (120, 0, 120, 0)


def test_a_card_refund_that_comes_back_weeks_later_is_money_again(
    stripe: StripeSandbox, bill: Invoice, paid: Payment
) -> None:
    refund = ask(paid, "50")
    with stripe.book.changing():
        made = stripe.book.edit(stripe.book.get("refund", refund.reference), status="failed")
        stripe.book.emit("refund.failed", made, {"status": "succeeded"})
    told(stripe)
    assert figures(bill, paid) == (70, 50, 120, 0)
    refund.refresh_from_db()
    assert refund.status == Status.RETURNED
    assert Payment.objects.get(reference=refund.reference).amount == 50
    ask(paid, "70")
    assert figures(bill, paid) == (0, 120, 50, 70)


def test_what_was_too_much_goes_back_before_what_settled_the_invoice(stripe: StripeSandbox, bill: Invoice) -> None:
    url = go_to_stripe(bill)
    stripe.pay(url)
    Invoice.objects.update(balance="100")
    told(stripe)
    payment = Payment.objects.get()
    assert payment.unapplied == 20
    ask(payment, "20")
    assert figures(bill, payment) == (100, 20, 100, 0)
    assert bill.status == "paid" and not bill.hold
    ask(payment, "30")
    assert figures(bill, payment) == (70, 50, 70, 30)


def test_many_workers_who_hear_of_it_at_once_record_it_once(
    stripe: StripeSandbox, bill: Invoice, paid: Payment
) -> None:
    stripe.webhooks.drop = 1.0
    charge = charge_of(stripe, paid)
    for amount in (1000, 2000, 3000):
        stripe.refund(charge, amount)
    together = threading.Barrier(4)

    def worker() -> None:
        together.wait()
        try:
            refunds.take_charge(charge)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(worker) for _ in range(4)]:
            done.result()
    assert figures(bill, paid) == (60, 60, 60, 60)
    assert Refund.objects.count() == RefundShare.objects.count() == 3


def test_what_no_webhook_told_of_is_found_within_the_hour(stripe: StripeSandbox, bill: Invoice, paid: Payment) -> None:
    stripe.webhooks.drop = 1.0
    stripe.refund(charge_of(stripe, paid), 2000)
    for _ in range(2):
        tasks.look_back_for_refunds()
        tasks.take_gateway_events()
    assert figures(bill, paid) == (100, 20, 100, 20)
    dispute = stripe.dispute(charge_of(stripe, paid))
    tasks.look_back_for_refunds()
    tasks.take_gateway_events()
    assert figures(bill, paid) == (0, 120, 0, 120)
    stripe.close_dispute(dispute["id"], won=True)
    tasks.look_back_for_refunds()
    tasks.take_gateway_events()
    assert figures(bill, paid) == (0, 120, 100, 20)
    asked = len(stripe.requests)
    tasks.look_back_for_refunds()
    tasks.take_gateway_events()
    assert len(stripe.requests) == asked + 2
    assert not GatewayEvent.objects.exclude(status="done").exists()


def test_while_stripe_cannot_be_asked_nothing_is_looked_for(
    stripe: StripeSandbox, paid: Payment, settings: Any
) -> None:
    stripe.faults.add("503", times=50)
    tasks.look_back_for_refunds()
    settings.STRIPE_SECRET_KEY = ""
    tasks.look_back_for_refunds()
    assert not Refund.objects.exists()


def test_a_refund_made_at_stripe_that_waits_for_its_bank_is_not_asked_for_again(
    stripe: StripeSandbox, bill: Invoice
) -> None:
    url = go_to_stripe(bill)
    stripe.pay(url, "wait")
    stripe.bank_answers(stripe.session(url)["payment_intent"], paid=True)
    told(stripe)
    payment = Payment.objects.get()
    made = stripe.refund(charge_of(stripe, payment), 5000)
    told(stripe)
    later()
    later()
    assert [one["id"] for one in at_stripe(stripe)] == [made["id"]]
    assert Refund.objects.get().status == Status.ASKED
    stripe.webhooks.drop = 1.0
    stripe.settle_refund(made["id"])
    later()
    assert figures(bill, payment) == (70, 50, 70, 50)


@pytest.mark.parametrize("match", ["GET /v1/charges", "GET /v1/refunds"])
def test_a_key_that_is_refused_after_the_refund_was_made_does_not_make_it_failed(
    stripe: StripeSandbox, bill: Invoice, paid: Payment, match: str
) -> None:
    stripe.webhooks.drop = 1.0
    stripe.faults.add("401", times=1, match=match)
    refund = ask(paid)
    assert (refund.status, bool(refund.reference)) == (Status.ASKED, True)
    with pytest.raises(CannotRefund, match="At most 100.00 USD"):
        ask(paid, "101")
    later()
    assert len(at_stripe(stripe)) == 1
    assert figures(bill, paid) == (100, 20, 100, 20)


def test_a_key_that_is_refused_while_a_lost_refund_is_looked_for_does_not_make_it_failed(
    stripe: StripeSandbox, bill: Invoice, paid: Payment
) -> None:
    stripe.webhooks.drop = 1.0
    stripe.faults.add("500_after", times=1, match="POST /v1/refunds")
    refund = ask(paid)
    stripe.faults.add("401", times=1, match="GET /v1/refunds")
    later()
    refund.refresh_from_db()
    assert refund.status == Status.ASKED
    later()
    assert len(at_stripe(stripe)) == 1
    assert figures(bill, paid) == (100, 20, 100, 20)

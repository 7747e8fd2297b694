"""The stand-in for Stripe, as the real library meets it: checkout, refunds, disputes, keys that repeat nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import stripe

from sandbox.stripe.stand_in import StripeSandbox


@pytest.fixture
def there() -> Iterator[StripeSandbox]:
    with StripeSandbox() as running:
        yield running


@pytest.fixture
def api(there: StripeSandbox) -> Any:
    return client_of(there).v1


def client_of(there: StripeSandbox, key: str = "", retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(key or there.secret_key, base_addresses={"api": there.url}, max_network_retries=retries)


def session_of(api: Any, amount: int = 12000, currency: str = "usd", **more: Any) -> Any:
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Invoice 1042"}}
    params = {"mode": "payment", "line_items": [{"quantity": 1, "price_data": price}], **more}
    return api.checkout.sessions.create(params={"success_url": "http://localhost/paid/", **params})


@pytest.fixture
def charge(there: StripeSandbox, api: Any) -> Any:
    """120.00 paid by card, with metadata of the intent on it."""
    session = session_of(api, payment_intent_data={"metadata": {"invoice": "7"}})
    assert there.pay(session.url) is None
    intent = api.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent"]}).payment_intent
    return api.charges.retrieve(intent.latest_charge)


def told(there: StripeSandbox) -> list[str]:
    """The kinds of events so far, the oldest first."""
    return [one["type"] for one in there.book.all("event")]


# -- checkout ----------------------------------------------------------------------------------------------------


def test_a_session_is_open_until_it_is_paid_and_then_complete(there: StripeSandbox, api: Any) -> None:
    session = session_of(api, client_reference_id="7", metadata={"invoice": "7"})
    assert (session.status, session.payment_status, session.amount_total) == ("open", "unpaid", 12000)
    assert "Invoice 1042" in requests.get(session.url, timeout=5).text
    assert there.pay(session.url, "declined") == "Your card was declined."
    assert there.pay(session.url) is None
    paid = api.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent.latest_charge"]})
    assert (paid.status, paid.payment_status, paid.metadata["invoice"]) == ("complete", "paid", "7")
    assert (paid.payment_intent.amount_received, paid.payment_intent.latest_charge.status) == (12000, "succeeded")
    assert "checkout.session.completed" in told(there)


def test_a_session_that_was_ended_or_is_too_old_takes_no_money(there: StripeSandbox, api: Any) -> None:
    ended, old = session_of(api), session_of(api, expires_at=int(time.time()) + 3600)
    assert api.checkout.sessions.expire(ended.id).status == "expired"
    there.advance(hours=2)
    assert api.checkout.sessions.retrieve(old.id).status == "expired"
    for one in (ended, old):
        with pytest.raises(Exception, match="expired"):
            there.pay(one.id)
        with pytest.raises(stripe.InvalidRequestError):
            api.checkout.sessions.expire(one.id)


def test_a_bank_answers_later(there: StripeSandbox, api: Any) -> None:
    session = session_of(api)
    there.pay(session.url, "wait")
    waiting = api.checkout.sessions.retrieve(session.id)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    there.bank_answers(waiting.payment_intent, paid=True)
    assert api.checkout.sessions.retrieve(session.id).payment_status == "paid"
    assert "checkout.session.async_payment_succeeded" in told(there)


@pytest.mark.parametrize(
    ("amount", "currency", "words"), [(10, "usd", "at least"), (1055, "ugx", "UGX|divisible|hundred"), (0, "usd", ".")]
)
def test_amounts_that_stripe_does_not_take_are_refused(api: Any, amount: int, currency: str, words: str) -> None:
    with pytest.raises(stripe.InvalidRequestError, match=words):
        session_of(api, amount, currency)


# -- refunds -----------------------------------------------------------------------------------------------------


def test_refunds_add_up_to_the_charge_and_no_further(there: StripeSandbox, api: Any, charge: Any) -> None:
    first = api.refunds.create(params={"charge": charge.id, "amount": 2000, "metadata": {"refund": "a"}})
    assert (first.status, first.payment_intent, first.metadata["refund"]) == ("succeeded", charge.payment_intent, "a")
    after = api.charges.retrieve(charge.id)
    assert (after.amount_refunded, after.refunded, after.metadata["invoice"]) == (2000, False, "7")
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        api.refunds.create(params={"charge": charge.id, "amount": 10001})
    rest = api.refunds.create(params={"payment_intent": charge.payment_intent})
    assert rest.amount == 10000 and api.charges.retrieve(charge.id).refunded
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create(params={"charge": charge.id})
    assert refused.value.code == "charge_already_refunded"
    found = api.refunds.list(params={"charge": charge.id})
    assert [one.id for one in found] == [rest.id, first.id]
    assert told(there).count("charge.refunded") == 2 and "refund.updated" in told(there)


@pytest.mark.parametrize("params", [{}, {"charge": "ch_none"}, {"charge": "x", "payment_intent": "y"}])
def test_a_refund_of_nothing_in_particular_is_refused(api: Any, charge: Any, params: dict[str, str]) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        api.refunds.create(params=params)
    with pytest.raises(stripe.InvalidRequestError):
        api.refunds.create(params={"charge": charge.id, "amount": 0})


def test_a_refund_to_a_bank_waits_and_may_come_back(there: StripeSandbox, api: Any) -> None:
    session = session_of(api)
    there.pay(session.url, "wait")
    intent = api.checkout.sessions.retrieve(session.id).payment_intent
    there.bank_answers(intent, paid=True)
    charge = api.payment_intents.retrieve(intent).latest_charge
    first, second = (api.refunds.create(params={"payment_intent": intent, "amount": 3000}) for _ in range(2))
    assert first.status == second.status == "pending"
    there.settle_refund(first.id)
    there.settle_refund(second.id, succeeded=False)
    assert api.refunds.retrieve(first.id).status == "succeeded"
    failed = api.refunds.retrieve(second.id)
    assert (failed.status, bool(failed.failure_reason)) == ("failed", True)
    assert api.charges.retrieve(charge).amount_refunded == 3000
    assert "refund.failed" in told(there)


# -- disputes ----------------------------------------------------------------------------------------------------


def test_a_dispute_takes_the_money_at_once_and_forbids_refunds(there: StripeSandbox, api: Any, charge: Any) -> None:
    before = balance(api)
    api.refunds.create(params={"charge": charge.id, "amount": 2000})
    opened = there.dispute(charge.id, "product_not_received")
    dispute = api.disputes.retrieve(opened["id"])
    assert (dispute.amount, dispute.status, dispute.charge) == (10000, "needs_response", charge.id)
    assert [one.amount for one in dispute.balance_transactions] == [-10000]
    assert balance(api) == before - 12000 - 1500
    assert api.charges.retrieve(charge.id).disputed
    with pytest.raises(stripe.InvalidRequestError) as refused:
        api.refunds.create(params={"charge": charge.id, "amount": 1})
    assert refused.value.code == "charge_disputed"
    assert [one.id for one in api.disputes.list(params={"charge": charge.id})] == [dispute.id]


def test_a_dispute_that_is_won_brings_the_money_back_and_one_that_is_lost_does_not(
    there: StripeSandbox, api: Any, charge: Any
) -> None:
    dispute = there.dispute(charge.id)
    taken = balance(api)
    there.close_dispute(dispute["id"], won=True)
    won = api.disputes.retrieve(dispute["id"])
    assert (won.status, [one.amount for one in won.balance_transactions]) == ("won", [-12000, 12000])
    assert balance(api) == taken + 12000
    kinds = [kind for kind in told(there) if "dispute" in kind]
    assert kinds == [f"charge.dispute.{word}" for word in ("created", "funds_withdrawn", "funds_reinstated", "closed")]
    with pytest.raises(stripe.InvalidRequestError):
        api.disputes.close(dispute["id"])


def test_giving_in_loses_a_dispute(there: StripeSandbox, api: Any, charge: Any) -> None:
    dispute = there.dispute(charge.id)
    assert api.disputes.close(dispute["id"]).status == "lost"
    assert "charge.dispute.funds_reinstated" not in told(there)


def balance(api: Any) -> int:
    """All money of the account, whether it can be paid out already or not."""
    found = api.balance.retrieve()
    return sum(one.amount for part in (found.available, found.pending) for one in part)


# -- keys, and trouble -------------------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_refund_and_no_other(there: StripeSandbox, api: Any, charge: Any) -> None:
    params, options = {"charge": charge.id, "amount": 2000}, {"idempotency_key": "once"}
    first, again = (api.refunds.create(params=params, options=options) for _ in range(2))
    assert first.id == again.id
    assert api.charges.retrieve(charge.id).amount_refunded == 2000
    with pytest.raises(stripe.IdempotencyError):
        api.refunds.create(params={**params, "amount": 1000}, options=options)


@pytest.mark.parametrize(("trouble", "made"), [("500", 0), ("500_after", 1), ("cut_before", 0), ("cut_after", 1)])
def test_whether_it_was_done_when_the_answer_is_lost(
    there: StripeSandbox, api: Any, charge: Any, trouble: str, made: int
) -> None:
    there.faults.add(trouble, times=1, match="POST /v1/refunds")
    options = {"idempotency_key": "once"}
    with pytest.raises(stripe.APIError if trouble.startswith("500") else stripe.APIConnectionError):
        api.refunds.create(params={"charge": charge.id, "amount": 2000}, options=options)
    assert len(api.refunds.list().data) == made
    again = client_of(there).v1.refunds
    if trouble.startswith("500"):  # which is kept like any other answer
        with pytest.raises(stripe.APIError):
            again.create(params={"charge": charge.id, "amount": 2000}, options=options)
        assert len(api.refunds.list().data) == made
    else:
        again.create(params={"charge": charge.id, "amount": 2000}, options=options)
        assert len(api.refunds.list().data) == 1


def test_a_wrong_key_and_too_many_requests_have_errors_of_their_own(there: StripeSandbox, api: Any) -> None:
    with pytest.raises(stripe.AuthenticationError):
        client_of(there, "sk_test_other").v1.charges.list()
    there.faults.add("429", times=1)
    with pytest.raises(stripe.RateLimitError):
        api.charges.list()


# -- webhooks ----------------------------------------------------------------------------------------------------


def test_events_are_signed_so_that_the_library_believes_them_and_nobody_elses(
    there: StripeSandbox, charge: Any
) -> None:
    from sandbox.stripe.webhooks import News, headers_of

    event = next(iter(there.book.all("event")))
    body, headers = there.webhooks.sample([News(event)])
    known = stripe.Webhook.construct_event(body, headers["stripe-signature"], there.webhooks.secret)
    assert (known.id, known.type) == (event["id"], event["type"])
    for changed, secret in ((body + b" ", there.webhooks.secret), (body, "whsec_other")):
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(changed, headers["stripe-signature"], secret)
    old = headers_of(body, there.webhooks.secret, int(time.time()) - 301)["stripe-signature"]
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(body, old, there.webhooks.secret)

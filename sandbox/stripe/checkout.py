"""Checkout Sessions: made, looked at, and over."""

from __future__ import annotations

from typing import Any

from . import currencies, intents, params, prices, shapes
from .book import Book, Obj
from .clock import DAY, HOUR, MINUTE
from .errors import Refused, beyond_us, missing, unfit

DEBITS = {
    "gbp": "bacs_debit",
    "eur": "sepa_debit",
    "usd": "us_bank_account",
    "cad": "acss_debit",
    "aud": "au_becs_debit",
}  # banks that answer days later, by currency
BY_BANK = ("gbp", "eur")
METHODS = ("card", "pay_by_bank", *DEBITS.values())
KEPT = (  # shown again on the session, and of no consequence here
    "billing_address_collection branding_settings consent_collection custom_fields custom_text customer_update locale "
    "name_collection origin_context payment_method_collection payment_method_data payment_method_options "
    "phone_number_collection saved_payment_method_options submit_type tax_id_collection wallet_options "
    "shipping_address_collection adaptive_pricing integration_identifier payment_method_configuration permissions"
).split()
NOT_PLAYED = (
    "after_expiration allowed_payment_method_types automatic_tax customer_account discounts managed_payments "
    "excluded_payment_method_types invoice_creation optional_items return_url setup_intent_data shipping_options"
).split()
INTENT_DATA: params.Fields = {
    "capture_method": params.one_of("automatic", "automatic_async"),
    "description": params.text(),
    "metadata": params.metadata,
    "receipt_email": params.email,
    "setup_future_usage": params.one_of("off_session", "on_session"),
    "statement_descriptor": params.text(22),
    "statement_descriptor_suffix": params.text(22),
}
SUBSCRIPTION_DATA: params.Fields = {
    "billing_mode": params.kept,
    "description": params.text(500),
    "metadata": params.metadata,
    "trial_end": params.not_played,
    "trial_period_days": params.not_played,
}
CREATE: params.Fields = {
    **dict.fromkeys(KEPT, params.kept),
    **dict.fromkeys(NOT_PLAYED, params.not_played),
    "allow_promotion_codes": params.boolean,
    "cancel_url": params.url,
    "client_reference_id": params.text(200),
    "currency": params.text(),
    "customer": params.text(),
    "customer_creation": params.one_of("always", "if_required"),
    "customer_email": params.email,
    "expires_at": params.MOMENT,
    "line_items": params.list_of(params.hash_of(prices.LINE)),
    "metadata": params.metadata,
    "mode!": params.one_of("payment", "setup", "subscription"),
    "payment_intent_data": params.hash_of(INTENT_DATA),
    "payment_method_types": params.list_of(params.one_of(*METHODS)),
    "redirect_on_completion": params.one_of("always", "if_required", "never"),
    "subscription_data": params.hash_of(SUBSCRIPTION_DATA),
    "success_url": params.url,
    "ui_mode": params.one_of("hosted_page", "embedded_page", "elements", "form"),
}
SHOWN = ("cancel_url", "client_reference_id", "customer", "customer_creation", "customer_email", "success_url")


def create(book: Book, given: Obj, pages: str) -> Obj:
    """A session, with its page under the address ``pages``."""
    known = params.read(CREATE, given)
    _check(book, known)
    made = prices.lines(book, known["line_items"])
    currency = made[0]["currency"]
    asked = str(known.get("currency", currency)).lower()
    if asked != currency:
        words = f"The price specified only supports `{currency}`. This doesn't match the expected currency: `{asked}`."
        raise unfit(words, "currency")
    _check_mode(known["mode"], made)
    total = sum(line["amount_total"] for line in made)
    currencies.check_total(total, currency)
    shown = {name: known.get(name) for name in SHOWN}
    session = shapes.session(
        book,
        **shown,
        mode=known["mode"],
        amount_subtotal=total,
        amount_total=total,
        currency=currency,
        expires_at=known.get("expires_at") or book.clock.now() + DAY,
        metadata=known.get("metadata", {}),
        payment_method_types=_methods(known, currency),
        _line_items=made,
        _intent_data=known.get("payment_intent_data", {}),
        _subscription_data=known.get("subscription_data", {}),
    )
    session |= {name: known[name] for name in KEPT if name in known and name in session}
    session["customer_details"] = _details(book, session)
    if known["mode"] == "payment":
        session["customer_creation"] = known.get("customer_creation", "if_required")
    else:
        session["payment_method_collection"] = "always"
    session["url"] = f"{pages}/c/pay/{session['id']}"
    return book.put(session)


def _check(book: Book, known: Obj) -> None:
    if known["mode"] == "setup":
        raise beyond_us("the mode setup")
    if known.get("ui_mode", "hosted_page") != "hosted_page":
        raise beyond_us("pages inside another page")
    for name in ("line_items", "success_url"):
        if not known.get(name):
            raise missing(name)
    if "customer" in known:
        if "customer_email" in known:
            raise unfit("You may only specify one of these parameters: customer, customer_email.", "customer")
        book.get("customer", known["customer"], "customer")
    wrong = "subscription_data" if known["mode"] == "payment" else "payment_intent_data"
    if wrong in known:
        raise unfit(f"You can not pass `{wrong}` in `{known['mode']}` mode.", wrong)
    if known["mode"] == "subscription" and "customer_creation" in known:
        raise unfit("`customer_creation` can only be used in `payment` mode.", "customer_creation")
    _check_expiry(book, known.get("expires_at"))


def _check_expiry(book: Book, moment: int | None) -> None:
    if moment is None:
        return
    start = "The `expires_at` timestamp must be"
    if moment < book.clock.now() + 30 * MINUTE:
        raise unfit(f"{start} at least 30 minutes from Checkout Session creation.", "expires_at")
    if moment > book.clock.now() + 24 * HOUR:
        raise unfit(f"{start} less than 24 hours from Checkout Session creation.", "expires_at")


def _check_mode(mode: str, made: list[Obj]) -> None:
    recurring = [line for line in made if line["price"]["recurring"]]
    if mode == "payment" and recurring:
        raise unfit(
            "You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use "
            "only one-time prices.",
            "line_items",
        )
    if mode == "subscription" and not recurring:
        raise unfit(
            "You must provide at least one recurring price in `subscription` mode when using prices.", "line_items"
        )
    rhythms = {
        (line["price"]["recurring"]["interval"], line["price"]["recurring"]["interval_count"]) for line in recurring
    }
    if len(rhythms) > 1 or (recurring and len(recurring) < len(made)):
        raise Refused(
            "The sandbox plays subscriptions of one rhythm, without one-time items.", "line_items", kept=False
        )


def _methods(known: Obj, currency: str) -> list[str]:
    """Those asked for, or what the account's settings allow."""
    fitting = ["card", *([DEBITS[currency]] if currency in DEBITS else [])]
    if known["mode"] == "payment" and currency in BY_BANK:
        fitting.append("pay_by_bank")
    asked = known.get("payment_method_types")
    for method in asked or []:
        if method not in fitting:
            raise unfit(
                f"The payment method `{method}` cannot be used in `{known['mode']}` mode with the currency "
                f"`{currency}`.",
                "payment_method_types",
            )
    return asked or fitting


def _details(book: Book, session: Obj, email: str | None = None, name: str | None = None) -> Obj | None:
    customer = book.find("customer", session["customer"])
    email = email or session["customer_email"] or (customer or {}).get("email")
    if not email:
        return None
    known = {"address": None, "business_name": None, "email": email, "individual_name": None, "name": name}
    return known | {"phone": None, "tax_exempt": "none", "tax_ids": None}


# -- what becomes of it ------------------------------------------------------------------------------------------


def complete(book: Book, session: Obj, *, paid: bool, email: str | None, name: str | None, **known: Any) -> Obj:
    """The payer is through: paid, or the bank will tell later."""
    session = book.edit(
        session,
        status="complete",
        payment_status="paid" if paid else "unpaid",
        customer_details=_details(book, session, email, name),
        url=None,
        **known,
    )
    book.emit("checkout.session.completed", session)
    return session


def tell_later(book: Book, session: Obj, paid: bool) -> Obj:
    """The bank has told."""
    if paid:
        session = book.edit(session, payment_status="paid")
    book.emit(f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)
    return session


def expire(book: Book, session: Obj) -> Obj:
    """Nobody can pay here any more."""
    if session["status"] != "open":
        raise Refused(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`."
        )
    session = book.edit(session, status="expired", url=None)
    intent = book.find("payment_intent", session["payment_intent"])
    if intent:
        intents.cancel(book, intent, "expired")
    book.emit("checkout.session.expired", session)
    return session


def expire_old(book: Book) -> None:
    """What Stripe does to sessions whose time is over."""
    now = book.clock.now()
    for session in book.all("checkout.session", status="open"):
        if session["expires_at"] <= now:
            expire(book, session)

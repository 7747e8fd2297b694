"""The objects of a payment, with the fields of the API's current version and nothing in them yet."""

from __future__ import annotations

from typing import Any

from . import names
from .book import Book, Obj

NO_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def session(book: Book, **known: Any) -> Obj:
    """A Checkout Session that waits for its payer."""
    return {
        "id": names.new("cs"),
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": None,
        "client_reference_id": None,
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": book.clock.now(),
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": None,
        "customer_account": None,
        "customer_creation": None,
        "customer_details": None,
        "customer_email": None,
        "discounts": [],
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": None,
        "metadata": {},
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": None,
        "subscription": None,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "wallet_options": None,
        **known,
    }


def payment_intent(book: Book, amount: int, currency: str, **known: Any) -> Obj:
    """A PaymentIntent without a way to pay."""
    pk = names.new("pi")
    return {
        "id": pk,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{pk}_secret_{names.letters(25)}",
        "confirmation_method": "automatic",
        "created": book.clock.now(),
        "currency": currency,
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        **known,
    }


def charge(book: Book, intent: Obj, method: Obj, **known: Any) -> Obj:
    """An attempt to take the money of a PaymentIntent; cards and other ways have ids of their own kind."""
    is_card = method["type"] == "card"
    return {
        "id": names.new("ch" if is_card else "py"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "SANDBOX" if is_card else None,
        "captured": False,
        "created": book.clock.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": method["type"], method["type"]: dict(method[method["type"]])},
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
        **known,
    }


def payment_method(book: Book, kind: str, email: str | None, name: str | None) -> Obj:
    """A card that ends in 4242, or an account at a bank."""
    details: Obj = {}
    if kind == "card":
        details = {"brand": "visa", "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit"}
        details |= {"last4": "4242", "network": "visa", "wallet": None}
    elif kind != "pay_by_bank":
        details = {"last4": "6789"}
    return {
        "id": names.new("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {"address": NO_ADDRESS, "email": email, "name": name, "phone": None, "tax_id": None},
        kind: details,
        "created": book.clock.now(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": kind,
    }


def balance_transaction(book: Book, source: str, amount: int, fee: int, currency: str, **known: Any) -> Obj:
    """Money that came into the account or left it."""
    details = [{"amount": fee, "application": None, "currency": currency, "type": "stripe_fee"}] if fee else []
    for one in details:
        one["description"] = "Stripe processing fees" if amount > 0 else "Dispute fee"
    return {
        "id": names.new("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": book.clock.now(),
        "balance_type": "payments",
        "created": book.clock.now(),
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": details,
        "net": amount - fee,
        "source": source,
        "status": "available",
        "_payout": None,
        **known,
    }


def refund(book: Book, charge: Obj, amount: int, **known: Any) -> Obj:
    """Money on its way back to the payer."""
    kind = charge["payment_method_details"]["type"]
    details: Obj = {kind: {}, "type": kind}
    if kind == "card":
        details["card"] = {"reference_status": "pending", "reference_type": "acquirer_reference_number"}
        details["card"]["type"] = "refund"
    return {
        "id": names.new("re" if kind == "card" else "pyr"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": book.clock.now(),
        "currency": charge["currency"],
        "destination_details": details,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
        **known,
    }


def dispute(book: Book, charge: Obj, amount: int, reason: str) -> Obj:
    """A payer who asks the bank for the money."""
    return {
        "id": names.new("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": book.clock.now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": book.clock.now() + 9 * 86400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {"brand": "visa", "case_type": "chargeback", "network_reason_code": "10.4"},
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }


def payout(book: Book, amount: int, currency: str) -> Obj:
    """Money that goes to the business's bank account by itself."""
    return {
        "id": names.new("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": book.clock.now(),
        "automatic": True,
        "balance_transaction": None,
        "created": book.clock.now(),
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": names.new("ba"),
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit",
        "trace_id": None,
        "type": "bank_account",
    }


def customer(book: Book, **known: Any) -> Obj:
    """Somebody who pays again."""
    return {
        "id": names.new("cus"),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": book.clock.now(),
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": names.letters(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **known,
    }

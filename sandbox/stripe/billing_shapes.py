"""The objects of what is paid again and again: subscriptions, invoices, and what links an invoice to its payment."""

from __future__ import annotations

from typing import Any

from . import names
from .book import Book, Obj, as_list, public

NO_TAX = {"disabled_reason": None, "enabled": False, "liability": None}


def subscription(book: Book, customer: str, lines: list[Obj], ends: int, **known: Any) -> Obj:
    """A subscription to the lines of a session, paid up to ``ends``."""
    pk, now = names.new("sub"), book.clock.now()
    items = [_item(pk, line, now, ends) for line in lines]
    return {
        "id": pk,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": NO_TAX,
        "billing_cycle_anchor": now,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible", "updated_at": None},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "created": now,
        "currency": lines[0]["currency"],
        "customer": customer,
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": as_list(f"/v1/subscription_items?subscription={pk}", items),
        "latest_invoice": None,
        "livemode": False,
        "metadata": {},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": now,
        "status": "active",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
        **known,
    }


def _item(subscription: str, line: Obj, starts: int, ends: int) -> Obj:
    price, recurring = line["price"], line["price"]["recurring"]
    plan = {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": {},
        "meter": None,
        "nickname": None,
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
    return {
        "id": names.new("si"),
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": starts,
        "current_period_end": ends,
        "current_period_start": starts,
        "discounts": [],
        "metadata": {},
        "plan": plan,
        "price": price,
        "quantity": line["quantity"],
        "subscription": subscription,
        "tax_rates": [],
    }


def invoice(book: Book, subscription: Obj, reason: str) -> Obj:
    """A draft of what a period of a subscription costs."""
    pk, now = names.new("in"), book.clock.now()
    customer = book.get("customer", subscription["customer"])
    lines = [_line(book, pk, subscription, item) for item in subscription["items"]["data"]]
    total = sum(line["amount"] for line in lines)
    parent = {"metadata": dict(subscription["metadata"]), "subscription": subscription["id"]}
    first = subscription["items"]["data"][0]
    return {
        "id": pk,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Sandbox",
        "account_tax_ids": None,
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": total,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {**NO_TAX, "provider": None, "status": None},
        "automatically_finalizes_at": None,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": now,
        "currency": subscription["currency"],
        "custom_fields": None,
        "customer": customer["id"],
        "customer_account": None,
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "ending_balance": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": as_list(f"/v1/invoices/{pk}/lines", lines),
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": {"quote_details": None, "subscription_details": parent, "type": "subscription_details"},
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": first["current_period_start"],
        "period_start": first["current_period_start"],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "test_clock": None,
        "total": total,
        "total_discount_amounts": [],
        "total_excluding_tax": total,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": None,
        "_subscription": subscription["id"],
    }


def _line(book: Book, invoice: str, subscription: Obj, item: Obj) -> Obj:
    amount = item["price"]["unit_amount"] * item["quantity"]
    name = book.get("product", item["price"]["product"])["name"]
    recurring = item["price"]["recurring"]
    count, interval = recurring["interval_count"], recurring["interval"]
    rhythm = interval if count == 1 else f"{count} {interval}s"
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": subscription["id"],
        "subscription_item": item["id"],
    }
    return {
        "id": names.new("il"),
        "object": "line_item",
        "amount": amount,
        "currency": subscription["currency"],
        "description": f"{item['quantity']} × {name} (every {rhythm})",
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice,
        "livemode": False,
        "metadata": dict(subscription["metadata"]),
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        },
        "period": {"end": item["current_period_end"], "start": item["current_period_start"]},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": item["price"]["id"], "product": item["price"]["product"]},
            "type": "price_details",
            "unit_amount_decimal": item["price"]["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "subtotal": amount,
        "taxes": [],
    }


def invoice_payment(book: Book, invoice: Obj, intent: Obj) -> Obj:
    """That an invoice is paid by this PaymentIntent: since 2025 the only link between the two."""
    return {
        "id": names.new("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "created": book.clock.now(),
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
        "_intent": intent["id"],
    }


def portal_session(book: Book, customer: Obj, pages: str, **known: Any) -> Obj:
    """A way into the page on which a customer looks after a subscription."""
    pk = names.new("bps")
    return {
        "id": pk,
        "object": "billing_portal.session",
        "configuration": "bpc_1sandbox",
        "created": book.clock.now(),
        "customer": customer["id"],
        "customer_account": None,
        "flow": None,
        "livemode": False,
        "locale": None,
        "on_behalf_of": None,
        "return_url": None,
        "url": f"{pages}/p/session/{pk}",
        **known,
    }


def payments_of(book: Book, invoice: Obj) -> Obj:
    """The payments of an invoice, which are shown on request."""
    found = [public(one) for one in book.all("invoice_payment", invoice=invoice["id"])]
    return as_list(f"/v1/invoice_payments?invoice={invoice['id']}", found)

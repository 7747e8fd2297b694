"""What is bought: products and prices made on the fly from ``price_data``, and the lines of a session."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from . import currencies, names, params
from .book import Book, Obj
from .errors import Refused, missing, unfit

PRODUCT: params.Fields = {
    "name!": params.text(),
    "description": params.text(),
    "images": params.list_of(params.url),
    "metadata": params.metadata,
    "tax_code": params.not_played,
    "unit_label": params.text(),
}
RECURRING: params.Fields = {
    "interval!": params.one_of("day", "month", "week", "year"),
    "interval_count": params.integer(1, 1095),
}
PRICE_DATA: params.Fields = {
    "currency!": params.text(),
    "product": params.text(),
    "product_data": params.hash_of(PRODUCT),
    "recurring": params.hash_of(RECURRING),
    "tax_behavior": params.one_of("exclusive", "inclusive", "unspecified"),
    "unit_amount": params.integer(0),
    "unit_amount_decimal": params.text(),
}
LINE: params.Fields = {
    "adjustable_quantity": params.not_played,
    "metadata": params.metadata,
    "price": params.text(),
    "price_data": params.hash_of(PRICE_DATA),
    "quantity": params.integer(1, 999_999),
    "tax_rates": params.not_played,
}


def lines(book: Book, given: list[Obj]) -> list[Obj]:
    """The line items; all of one currency."""
    if len(given) > 100:
        raise unfit("Array must have at most 100 elements", "line_items")
    made = [_line(book, one, f"line_items[{number}]") for number, one in enumerate(given)]
    for line in made[1:]:
        if line["currency"] != made[0]["currency"]:
            raise unfit(
                f"The price specified only supports `{line['currency']}`. This doesn't match the expected currency: "
                f"`{made[0]['currency']}`.",
                "line_items",
            )
    return made


def _line(book: Book, given: Obj, name: str) -> Obj:
    if "price" in given and "price_data" in given:
        raise unfit("You may only specify one of these parameters: price, price_data.", f"{name}[price]")
    if "quantity" not in given:
        raise unfit(f"Quantity is required. Add `quantity` to `{name}`", f"{name}[quantity]")
    if "price_data" in given:
        price = price_of(book, given["price_data"], f"{name}[price_data]")
    elif "price" in given:
        price = book.get("price", given["price"], f"{name}[price]")
    else:
        raise missing(f"{name}[price]")
    amount = price["unit_amount"] * given["quantity"]
    return {
        "id": names.new("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": book.get("product", price["product"])["name"],
        "metadata": given.get("metadata", {}),
        "price": {name: value for name, value in price.items() if not name.startswith("_")},
        "quantity": given["quantity"],
    }


def price_of(book: Book, given: Obj, name: str) -> Obj:
    """A price from ``price_data``; it is not active, as nobody else may use it."""
    currency = currencies.known(given["currency"], f"{name}[currency]")
    amount = _unit_amount(given, name)
    currencies.check_unit(amount, currency, f"{name}[unit_amount]")
    product = _product_of(book, given, name)
    recurring = given.get("recurring")
    if recurring:
        recurring = {
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        } | recurring
    return book.put(
        {
            "id": names.new("price"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": book.clock.now(),
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": product["id"],
            "recurring": recurring,
            "tax_behavior": given.get("tax_behavior", "unspecified"),
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "recurring" if recurring else "one_time",
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
        }
    )


def _unit_amount(given: Obj, name: str) -> int:
    if "unit_amount" in given and "unit_amount_decimal" in given:
        raise unfit("You may only specify one of these parameters: unit_amount, unit_amount_decimal.", name)
    if "unit_amount" in given:
        return int(given["unit_amount"])
    if "unit_amount_decimal" not in given:
        raise missing(f"{name}[unit_amount]")
    try:
        amount = Decimal(given["unit_amount_decimal"])
    except InvalidOperation:
        raise unfit(f"Invalid decimal: {given['unit_amount_decimal']}", f"{name}[unit_amount_decimal]") from None
    if amount != int(amount):
        raise unfit("The sandbox knows whole minor units only.", f"{name}[unit_amount_decimal]")
    return int(amount)


def _product_of(book: Book, given: Obj, name: str) -> Obj:
    if "product" in given:
        return book.get("product", given["product"], f"{name}[product]")
    if "product_data" not in given:
        raise Refused("You must specify either `product` or `product_data` when creating a price.", name, kept=False)
    known: dict[str, Any] = given["product_data"]
    now = book.clock.now()
    return book.put(
        {
            "id": names.new("prod"),
            "object": "product",
            "active": False,
            "created": now,
            "default_price": None,
            "description": known.get("description"),
            "images": known.get("images", []),
            "livemode": False,
            "marketing_features": [],
            "metadata": known.get("metadata", {}),
            "name": known["name"],
            "package_dimensions": None,
            "shippable": None,
            "statement_descriptor": None,
            "tax_code": None,
            "type": "service",
            "unit_label": known.get("unit_label"),
            "updated": now,
            "url": None,
        }
    )

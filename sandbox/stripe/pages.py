"""What a payer sees: the page of a session, and the portal. Plain forms, readable at 360 pixels, no script."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from ..http import Request, Response
from ..pages import page
from . import billing, checkout, currencies, paying
from .book import Book, Obj
from .errors import Refused

WAYS = (
    ("card", "Card that is approved", "card"),
    ("declined", "Card that is declined", "card"),
    ("insufficient_funds", "Card without enough money", "card"),
    ("expired_card", "Card that has expired", "card"),
    ("pay_by_bank", "Pay by bank, approved at once", "pay_by_bank"),
    ("wait", "Direct debit: the bank answers days later", "debit"),
)


def answer(book: Book, request: Request) -> Response | None:
    """The answer to a payer; None when the address is no page of theirs."""
    for start, asked in (("/c/pay/", _checkout), ("/p/session/", _portal)):
        if request.path.startswith(start) and request.method in ("GET", "HEAD", "POST"):
            with book.changing():
                return asked(book, request, request.path.removeprefix(start))
    return None


def _nothing() -> Response:
    words = "<p>This page does not exist. The address may be incomplete.</p>"
    return Response.page(page("Something went wrong", words), 404)


# -- a session's page --------------------------------------------------------------------------------------------


def _checkout(book: Book, request: Request, pk: str) -> Response:
    checkout.expire_old(book)
    session = book.find("checkout.session", pk)
    if session is None:
        return _nothing()
    if session["status"] == "expired":
        return _over("This payment page has expired. Go back to the business and start again.")
    if request.method == "POST":
        return _pay(book, session, request.form)
    if session["status"] == "complete":
        return _over("You have paid already. There is nothing left to do.")
    return Response.page(_form(session, {}))


def _over(words: str) -> Response:
    return Response.page(page("You are all done here", f'<p class="note">{escape(words)}</p>'), 410)


def _pay(book: Book, session: Obj, form: dict[str, str]) -> Response:
    """Pay and go back to the business; who submits twice pays once."""
    email = session["customer_email"] or form.get("email", "").strip() or None
    customer = book.find("customer", session["customer"])
    if not (email or customer):
        return Response.page(_form(session, form, "Please give your email address."), 400)
    try:
        refusal = paying.pay(book, session, form.get("way", "card"), email, form.get("name", "").strip() or None)
    except ValueError as error:
        return Response.page(_form(session, form, f"That cannot be: {error}."), 400)
    if refusal:
        return Response.page(_form(session, form, f"{refusal} Please try another way to pay."), 402)
    return Response.redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))


def _form(session: Obj, form: dict[str, str], sorry: str = "") -> str:
    total = currencies.figure(session["amount_total"], session["currency"])
    rows = "".join(
        f"<tr><td>{escape(line['description'])}<br><small>Qty {line['quantity']}{_rhythm(line)}</small></td>"
        f'<td class="amount">{currencies.figure(line["amount_total"], line["currency"])}</td></tr>'
        for line in session["_line_items"]
    )
    word = "Subscribe" if session["mode"] == "subscription" else f"Pay {total}"
    back = session["cancel_url"]
    body = (
        "<p><small>Sandbox: this page stands in for checkout.stripe.com. No money moves.</small></p>"
        + (f'<p class="note bad" role="alert">{escape(sorry)}</p>' if sorry else "")
        + f'<table><tbody>{rows}<tr><th>Total</th><th class="amount">{total}</th></tr></tbody></table>'
        + f'<form method="post">{_who(session, form)}{_ways(session, form)}<button>{escape(word)}</button></form>'
        + (f'<p><a href="{escape(back)}">Back without paying</a></p>' if back else "")
    )
    return page(word, body)


def _rhythm(line: Obj) -> str:
    recurring = line["price"]["recurring"]
    if not recurring:
        return ""
    count = recurring["interval_count"]
    return f", every {recurring['interval']}" if count == 1 else f", every {count} {recurring['interval']}s"


def _who(session: Obj, form: dict[str, str]) -> str:
    fixed = session["customer_email"] or ((session["customer_details"] or {}).get("email"))
    email = f'value="{escape(fixed)}" readonly' if fixed else f'value="{escape(form.get("email", ""))}" required'
    return (
        f'<label>Email<input type="email" name="email" autocomplete="email" {email}></label>'
        f'<label>Name<input name="name" autocomplete="name" value="{escape(form.get("name", ""))}"></label>'
    )


def _ways(session: Obj, form: dict[str, str]) -> str:
    fitting = set(session["payment_method_types"])
    if checkout.DEBITS.get(session["currency"]) in fitting:
        fitting.add("debit")
    chosen = form.get("way", "card")
    choices = [(way, words) for way, words, kind in WAYS if kind in fitting]
    if chosen not in [way for way, _ in choices]:
        chosen = choices[0][0]
    inside = "".join(
        f'<label class="choice"><input type="radio" name="way" value="{way}"{" checked" if way == chosen else ""}> '
        f"{words}</label>"
        for way, words in choices
    )
    return f"<fieldset><legend>How to pay</legend>{inside}</fieldset>"


# -- the portal --------------------------------------------------------------------------------------------------


def _portal(book: Book, request: Request, pk: str) -> Response:
    billing.end_old(book)
    session = book.find("billing_portal.session", pk)
    if session is None:
        return _nothing()
    sorry = ""
    if request.method == "POST":
        try:
            _change(book, session, request.form)
            return Response.redirect(session["url"])
        except (Refused, ValueError) as error:
            sorry = f'<p class="note bad" role="alert">{escape(str(error))}</p>'
    found = [one for one in book.all("subscription", customer=session["customer"]) if one["status"] != "canceled"]
    rows = "".join(_subscription(book, one) for one in found) or "<p>There is no subscription.</p>"
    back = session["return_url"]
    link = f'<p><a href="{escape(back)}">Back to the business</a></p>' if back else ""
    return Response.page(page("Your subscriptions", sorry + rows + link))


def _change(book: Book, session: Obj, form: dict[str, str]) -> None:
    subscription = book.get("subscription", form.get("subscription", ""))
    if subscription["customer"] != session["customer"] or subscription["status"] == "canceled":
        raise ValueError("This subscription cannot be changed here.")
    if form.get("do") == "cancel" and not subscription["cancel_at"]:
        billing.cancel_later(book, subscription, by_portal=True)
    elif form.get("do") == "go-on" and subscription["cancel_at"]:
        billing.go_on(book, subscription)


def _subscription(book: Book, subscription: Obj) -> str:
    items = subscription["items"]["data"]
    names = ", ".join(book.get("product", item["price"]["product"])["name"] for item in items)
    total = sum(item["price"]["unit_amount"] * item["quantity"] for item in items)
    until = datetime.fromtimestamp(billing.period_end(subscription), UTC).strftime("%d %B %Y")
    is_ending = bool(subscription["cancel_at"])
    action, word = ("go-on", "Keep it") if is_ending else ("cancel", "Cancel subscription")
    return (
        f"<section><h2>{escape(names)}</h2><p>{currencies.figure(total, subscription['currency'])}, "
        f"{'ends on' if is_ending else 'next on'} {until}. {escape(subscription['status'].replace('_', ' '))}.</p>"
        f'<form method="post"><input type="hidden" name="subscription" value="{subscription["id"]}">'
        f'<input type="hidden" name="do" value="{action}"><button class="quiet">{word}</button></form></section>'
    )

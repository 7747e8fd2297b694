"""What a payer sees: the demand, the banks, and how it ended. Plain forms, readable at 360 pixels, no script."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from urllib.parse import urlsplit

from ..http import Request, Response
from ..pages import page
from .api import Account
from .book import Book, Obj
from .paying import BANKS, COMPLETED, PENDING, page_of, paid, pay

WAYS = (
    ("approve", "Approve it in the bank's app"),
    ("wait", "Approve it, but the bank takes its time"),
    ("decline", "Decline it in the bank's app"),
    ("cancel", "Turn back before the bank"),
)
NOTE = "<p><small>Sandbox: this page stands in for app.crezco.com. No money moves.</small></p>"


def answer(book: Book, account: Account, request: Request) -> Response | None:
    """The answer to a payer; None when the address is no page of theirs."""
    if not request.path.startswith("/payment/") or request.method not in ("GET", "HEAD", "POST"):
        return None
    token, _, payment = request.path.removeprefix("/payment/").partition("/")
    with book.changing():
        found = page_of(book, token)
        if found is None:
            return Response.page(page("Something went wrong", "<p>This page does not exist.</p>"), 404)
        demand, link = found
        if payment:
            return _status(book, account, demand, link, payment)
        done = paid(book, demand)
        if done and not account.open.pays_again:
            return _ended(account, link, done)
        if request.method == "POST":
            return _pay(book, account, demand, link, request.form)
        return Response.page(_form(demand, link, ""))


def _pay(book: Book, account: Account, demand: Obj, link: Obj, form: dict[str, str]) -> Response:
    try:
        payment = pay(book, demand, link, form.get("way", "approve"), form.get("bank", ""))
    except ValueError as error:
        return Response.page(_form(demand, link, f"That cannot be: {error}."), 400)
    return _ended(account, link, payment)


def _ended(account: Account, link: Obj, payment: Obj) -> Response:
    """Back to the business once it is decided; until then, the page of the payment's status."""
    code = payment["status"]["code"]
    target = link["_success"] if code == COMPLETED else link["_failure"]
    if code == PENDING or not target:
        # Relative to the host, so that it works wherever the stand-in is mounted.
        return Response.redirect(f"{urlsplit(account.pages).path}/payment/{link['_token']}/{payment['_token']}")
    return Response.redirect(target)


def _status(book: Book, account: Account, demand: Obj, link: Obj, token: str) -> Response:
    mine = book.all("payment", payDemandId=demand["payDemandId"], _token=token)
    if not mine:
        return Response.page(page("Something went wrong", "<p>This page does not exist.</p>"), 404)
    code = mine[0]["status"]["code"]
    words = {
        COMPLETED: "Your payment has arrived. There is nothing left to do.",
        PENDING: "Your bank has the payment and takes its time. There is nothing left to do.",
    }.get(code, f"The payment was not made: {code.lower()}.")
    back = link["_failure"] if code not in (COMPLETED, PENDING) else link["_success"]
    way = f'<p><a href="{escape(back)}">Back to {escape(demand["payeeName"])}</a></p>' if back else ""
    return Response.page(page("Your payment", f'{NOTE}<p class="note" role="status">{escape(words)}</p>{way}'))


def _form(demand: Obj, link: Obj, sorry: str) -> str:
    total = f"£{Decimal(link['_amount']):,.2f}"
    banks = "".join(
        f'<label class="choice"><input type="radio" name="bank" value="{escape(bank)}"{_ticked(bank == BANKS[0])}> '
        f"{escape(bank)}</label>"
        for bank in BANKS
    )
    ways = "".join(
        f'<label class="choice"><input type="radio" name="way" value="{way}"{_ticked(way == "approve")}> '
        f"{words}</label>"
        for way, words in WAYS
    )
    body = (
        NOTE
        + (f'<p class="note bad" role="alert">{escape(sorry)}</p>' if sorry else "")
        + f"<table><tbody><tr><td>To</td><td>{escape(demand['payeeName'])}</td></tr>"
        + f"<tr><td>Reference</td><td>{escape(link['_reference'])}</td></tr>"
        + f'<tr><th>Amount</th><th class="amount">{total}</th></tr></tbody></table>'
        + f'<form method="post"><fieldset><legend>Your bank</legend>{banks}</fieldset>'
        + f"<fieldset><legend>What you do there</legend>{ways}</fieldset><button>Pay {total}</button></form>"
        + (f'<p><a href="{escape(link["_failure"])}">Back without paying</a></p>' if link["_failure"] else "")
    )
    return page(f"Pay {demand['payeeName']}", body)


def _ticked(is_chosen: bool) -> str:
    return " checked" if is_chosen else ""

"""What a payer does on the page of a demand, and what the bank says to it."""

from __future__ import annotations

from .book import Book, Obj, moment, new_id, new_token

COMPLETED, PENDING = "Completed", "Pending"
# How a payer may end: what becomes of the payment.
WAYS = {"approve": COMPLETED, "wait": PENDING, "decline": "Declined", "cancel": "Cancelled"}
BANKS = ("Bank of Bramble", "Heron & Hazel", "Northern Otter", "Post and Penny")


def page_of(book: Book, token: str) -> tuple[Obj, Obj] | None:
    """The demand behind a page's address, and the link that leads there."""
    made = book.find("link", token)
    if made is not None:
        return book.get("demand", made["_demand"]), made
    for demand in book.all("demand", _token=token):
        whole = {"_amount": demand["amount"], "_reference": demand["reference"], "_success": "", "_failure": ""}
        return demand, {**whole, "_token": token}
    return None


def paid(book: Book, demand: Obj) -> Obj | None:
    """The payment that has settled a demand or may still."""
    mine = book.all("payment", payDemandId=demand["payDemandId"])
    return next((one for one in mine if one["status"]["code"] in (COMPLETED, PENDING)), None)


def pay(book: Book, demand: Obj, link: Obj, way: str, bank: str = BANKS[0]) -> Obj:
    """A payment of a demand: approved, left to the bank (``wait``), declined or cancelled."""
    if way not in WAYS:
        raise ValueError(f"there is no way to pay called {way!r}")
    if bank not in BANKS:
        raise ValueError("choose a bank")
    pk = new_id()
    payment = {
        "id": pk,
        "payDemandId": demand["payDemandId"],
        "currency": demand["currency"],
        "amount": link["_amount"],
        "reference": link["_reference"],
        "created": moment(),
        "status": {"code": PENDING, "created": moment()},
        "_bank": bank,
        "_token": new_token(),
    }
    payment = book.put("payment", pk, payment)
    book.emit("PaymentPending", payment)
    return payment if WAYS[way] == PENDING else _end(book, payment, WAYS[way])


def bank_answers(book: Book, payment: Obj, paid: bool) -> Obj:
    """A bank that took its time has decided."""
    if payment["status"]["code"] != PENDING:
        raise ValueError(f"{payment['id']} waits for nothing: it is {payment['status']['code']}")
    return _end(book, payment, COMPLETED if paid else "Failed")


def _end(book: Book, payment: Obj, code: str) -> Obj:
    payment = book.edit(payment, status={"code": code, "created": moment()})
    book.emit("PaymentCompleted" if code == COMPLETED else "PaymentFailed", payment)
    return payment

"""Where what the gateways took and gave back is not what stands here, or not in QuickBooks; each in a sentence."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from campaign.gateways import Gateways, Obj
from campaign.keeper import Bookkeeper
from integrations.models import QuickBooksLink
from invoicing.models import Invoice, Payment

ZERO = Decimal(0)


def differences(gateways: Gateways, keeper: Bookkeeper, noted: dict[str, int]) -> Iterator[str]:
    """``noted`` are the payments that staff noted, by their key: the invoice."""
    links = dict(QuickBooksLink.objects.filter(entity="payment").values_list("payment", "external_id"))
    undone = {pk for pk, known_as in links.items() if ("Payment", known_as) in keeper.undone}
    yield from _stripe(gateways, undone)
    yield from _crezco(gateways, undone)
    yield from _unbooked(links)
    yield from _void(keeper, links)
    yield from _unflagged(_paid_for(gateways) | {("staff", key): pk for key, pk in noted.items()}, keeper, links)


def _stripe(gateways: Gateways, undone: set[int]) -> Iterator[str]:
    """A dispute that was won is a payment of its own, where it was heard of before it ended."""
    ours = {one.reference: one for one in Payment.objects.filter(source="stripe")}
    refunds, disputes = _by_charge(gateways, "refund"), _by_charge(gateways, "dispute")
    for charge in gateways.charges():
        gone = [one for one in refunds[charge["id"]] if one["status"] == "succeeded"]
        gone += [one for one in disputes[charge["id"]] if one["status"] != "won"]
        left = _money(charge["amount"] - sum(one["amount"] for one in gone))
        names = [charge["payment_intent"], *(one["id"] for one in disputes[charge["id"]])]
        parts = [ours.pop(name) for name in names if name in ours]
        if not parts or parts[0].reference != names[0]:
            yield f"charge {charge['id']} of {left} was not recorded"
        elif not undone & {one.pk for one in parts}:
            here = sum((one.amount for one in parts), ZERO)
            if here != left:
                yield f"charge {charge['id']} has {left} left at Stripe, {here} here"
    yield from (f"payment {one.pk} of {one.amount} is none of Stripe's: {name}" for name, one in ours.items())


def _by_charge(gateways: Gateways, kind: str) -> dict[str, list[Obj]]:
    found: defaultdict[str, list[Obj]] = defaultdict(list)
    for one in gateways.stripe.book.all(kind):
        found[one["charge"]].append(one)
    return found


def _money(units: int) -> Decimal:
    return Decimal(units) / 100


def _crezco(gateways: Gateways, undone: set[int]) -> Iterator[str]:
    ours = {one.reference: one for one in Payment.objects.filter(source="crezco")}
    for transfer in gateways.transfers():
        payment = ours.pop(transfer["id"], None)
        if payment is None:
            yield f"transfer {transfer['id']} of {transfer['amount']} was not recorded"
        elif payment.amount != Decimal(str(transfer["amount"])) and payment.pk not in undone:
            yield f"transfer {transfer['id']} is {transfer['amount']} at Crezco, {payment.amount} here"
    yield from (f"payment {one.pk} of {one.amount} is none of Crezco's: {name}" for name, one in ours.items())


def _unbooked(links: dict[Any, str]) -> Iterator[str]:
    """Money that QuickBooks does not have; what was taken back before it was booked is none."""
    for payment in Payment.objects.exclude(pk__in=links).exclude(source="quickbooks"):
        if not payment.is_void:
            whose = f"by {payment.source} of contact {payment.contact_id}"
            yield f"payment {payment.pk} of {payment.amount} {whose} is not in QuickBooks"


def _void(keeper: Bookkeeper, links: dict[Any, str]) -> Iterator[str]:
    """What was refunded to nothing is void on both sides."""
    for payment in Payment.objects.filter(amount=0, refunded__gt=0, credit=0):
        if not payment.is_void:
            yield f"payment {payment.pk} was refunded to nothing, and is not void"
        record = keeper.books.store.tables["Payment"].get(links.get(payment.pk, ""))
        if record is not None and not str(record.document.get("PrivateNote", "")).startswith("Voided"):
            yield f"payment {payment.pk} was refunded to nothing, and is not void in QuickBooks"


def _paid_for(gateways: Gateways) -> dict[tuple[str, str], int]:
    """By source and reference of a payment: the invoice that it was meant for."""
    known = {("stripe", charge["payment_intent"]): int(charge["metadata"]["invoice"]) for charge in gateways.charges()}
    demands = gateways.crezco.book.tables["demand"]
    return known | {
        ("crezco", one["id"]): int(demands[one["payDemandId"]]["metadata"]["invoice"]) for one in gateways.transfers()
    }


def _unflagged(meant: dict[tuple[str, str], int], keeper: Bookkeeper, links: dict[Any, str]) -> Iterator[str]:
    """Money above what was owed, unless the bookkeeper moved it there: staff must be told on the invoice."""
    known_as = dict(QuickBooksLink.objects.filter(entity="invoice").values_list("invoice", "external_id"))
    flagged = set(Invoice.objects.exclude(attention="").values_list("pk", flat=True))
    for payment in Payment.objects.filter(unapplied__gt=0).exclude(source="quickbooks"):
        invoice = meant.get((payment.source, payment.reference))
        by_hand = {("Payment", links.get(payment.pk)), ("Invoice", known_as.get(invoice or 0))} & keeper.rearranged
        if invoice is not None and invoice not in flagged and not by_hand:
            yield f"payment {payment.pk} has {payment.unapplied} too much, and invoice {invoice} is not flagged"

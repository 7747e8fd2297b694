"""Whatever goes back of whatever payment: nothing is lost, nothing is counted twice, nothing falls below 0."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from integrations.quickbooks.lowering import body_of
from invoicing.models import Allocation, Invoice, Payment, Refund
from invoicing.refunding import record_refund
from invoicing.settlement import settle
from tests.factories import make_contact, make_invoice

CENTS = st.integers(1, 20_000).map(lambda units: Decimal(units) / 100)
# Of each invoice: what it got, and what of that was credit (in tenths).
SHARES = st.lists(st.tuples(CENTS, st.integers(0, 10)), max_size=4)
# Refunds by number: the same number twice is the same refund.
REFUNDS = st.lists(st.tuples(st.integers(1, 4), CENTS), min_size=1, max_size=6)


def make(shares: list[tuple[Decimal, int]], unapplied: Decimal, elsewhere: Decimal) -> tuple[Payment, list[Invoice]]:
    """A payment spread over invoices of 500, some of it credit, some on nothing, some on what is not held here."""
    ada = make_contact()
    credits = [(amount * tenths / 10).quantize(Decimal("0.01")) for amount, tenths in shares]
    money = sum((amount for amount, _ in shares), unapplied + elsewhere) - sum(credits, Decimal(0))
    payment = Payment.objects.create(
        contact=ada,
        source="stripe",
        reference="pi",
        received_on="2026-11-20",
        currency="USD",
        amount=money,
        credit=sum(credits, Decimal(0)),
        unapplied=unapplied,
    )
    invoices = []
    for (amount, _), credit in zip(shares, credits, strict=True):
        invoices.append(make_invoice(ada, total="500", balance=Decimal(500) - amount))
        Allocation.objects.create(payment=payment, invoice=invoices[-1], amount=amount, credit=credit)
    settle([invoice.pk for invoice in invoices], origin="test")
    return payment, invoices


class Properties(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(SHARES, CENTS, st.sampled_from([Decimal(0), Decimal("7.77")]), REFUNDS)
    def test_money_is_conserved_whatever_goes_back(
        self,
        shares: list[tuple[Decimal, int]],
        unapplied: Decimal,
        elsewhere: Decimal,
        refunds: list[tuple[int, Decimal]],
    ) -> None:
        payment, invoices = make(shares, unapplied, elsewhere)
        whole, credit = payment.amount, payment.credit
        counted: dict[int, Decimal] = {}
        for number, amount in refunds:
            record_refund(payment, source="stripe", reference=f"re_{number}", amount=amount, origin="test")
            counted.setdefault(number, amount)
        payment.refresh_from_db()
        gone = sum(counted.values(), Decimal(0))
        assert payment.refunded == gone and Refund.objects.count() == len(counted)
        assert payment.amount == max(Decimal(0), whole - gone)
        assert payment.is_void == (not payment.amount and not credit)
        rows = list(Allocation.objects.filter(payment=payment))
        spread = sum((row.amount for row in rows), payment.unapplied)
        assert spread == payment.amount + credit or elsewhere
        assert payment.amount + credit - elsewhere <= spread <= payment.amount + credit
        assert sum((row.credit for row in rows), Decimal(0)) == credit
        for invoice in invoices:
            invoice.refresh_from_db()
            has = sum((row.amount for row in rows if row.invoice_id == invoice.pk), Decimal(0))
            assert invoice.balance == 500 - has and invoice.paid + invoice.credited == has
            lost = sum(invoice.refund_shares.values_list("amount", flat=True), Decimal(0))
            assert bool(invoice.hold) == bool(lost)

    @settings(max_examples=60, deadline=None)
    @given(SHARES, CENTS, REFUNDS, st.integers(0, 3))
    def test_what_the_books_have_lowered_already_is_lowered_only_to_what_is_left(
        self, shares: list[tuple[Decimal, int]], unapplied: Decimal, refunds: list[tuple[int, Decimal]], seen: int
    ) -> None:
        """The gateway has the whole; of the first ``seen`` refunds the books told before the gateway did."""
        payment, _ = make([(amount, 0) for amount, _ in shares], unapplied, Decimal(0))
        left = payment.amount
        facts = []
        for number, amount in enumerate((amount for _, amount in refunds), start=1):
            facts.append((f"re_{number}", min(amount, left)))
            left -= facts[-1][1]
        facts = [(reference, amount) for reference, amount in facts if amount]
        told = sum((amount for _, amount in facts[:seen]), Decimal(0))
        record_refund(payment, source="books", reference="by hand", amount=told, origin="test") if told else None
        for reference, amount in facts:
            record_refund(payment, source="stripe", reference=reference, amount=amount, left=left, origin="test")
        payment.refresh_from_db()
        assert payment.amount == left


LINES = st.lists(st.tuples(st.integers(1, 5), CENTS), max_size=5)


@settings(max_examples=300, deadline=None)
@given(LINES, CENTS, st.integers(0, 100), st.dictionaries(st.integers(1, 5).map(str), CENTS, max_size=5))
def test_what_is_sent_to_the_books_adds_up_and_raises_nothing(
    lines: list[tuple[int, Decimal]], unapplied: Decimal, percent: int, here: dict[str, Decimal]
) -> None:
    total = sum((amount for _, amount in lines), unapplied)
    left = (total * percent / 100).quantize(Decimal("0.01"))
    document = {
        "Id": "9",
        "TotalAmt": total,
        "UnappliedAmt": unapplied,
        "Line": [
            {"Amount": amount, "LinkedTxn": [{"TxnId": str(pk), "TxnType": "Invoice"}]}
            for pk, amount in dict(lines).items()
        ],
    }
    document["TotalAmt"] = total = sum((line["Amount"] for line in document["Line"]), unapplied)
    left = min(left, total)
    body = body_of(document, left, here)
    applied = sum((line["Amount"] for line in body["Line"]), Decimal(0))
    assert body["TotalAmt"] == left and applied <= left
    assert applied == min(left, total - unapplied)
    before = {line["LinkedTxn"][0]["TxnId"]: line["Amount"] for line in document["Line"]}
    for line in body["Line"]:
        assert 0 < line["Amount"] <= before[line["LinkedTxn"][0]["TxnId"]]

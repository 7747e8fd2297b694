"""A page of payment documents becomes payments and their allocations."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from integrations import inbox
from integrations.models import OutboxEntry, QuickBooksLink
from integrations.quickbooks.echoes import SOURCE, held
from integrations.quickbooks.importing import Context, Outcome, Tally
from integrations.quickbooks.links import known, link_for, move_on, remember, worth_a_look
from integrations.quickbooks.mapping import PaymentRecord, payment_from_qbo
from integrations.quickbooks.mapping.catalogue import Catalogue
from integrations.quickbooks.mapping.values import ZERO, Doc
from invoicing.models import Payment
from invoicing.payment_upserts import PaymentWrite, Shares, create_payments, stored_shares, update_payments


def take_over(docs: Sequence[Doc], context: Context, catalogue: Catalogue) -> Tally:
    """Write one page of payments with what each invoice held here got of them; previews only count.

    A payment may belong to invoices of a year that was not imported: their part is allocated once they are here.
    """
    tally = Tally("payment")
    docs = docs if context.is_preview else worth_a_look(docs, context, tally)
    page = _Page(docs, context, catalogue, tally)
    new, old = page.split()
    if context.is_preview:
        tally.count(Outcome.CREATED, len(new))
        page.foresee(old, tally)
        return tally
    remember([*page.create(new, tally), *page.update(old, tally)])
    return tally


def take_back(external_ids: Collection[str], context: Context, catalogue: Catalogue) -> Tally:
    """Payments that QuickBooks has no more give back what they had settled; they stay here as void."""
    connection, tally = context.connection, Tally("payment")
    links = QuickBooksLink.objects.filter(
        connection=connection, entity="payment", external_id__in=list(external_ids), payment__is_void=False
    )
    known_ones = [(link, payment_from_qbo(link.document, catalogue, connection.home_currency)) for link in links]
    for link, record in known_ones:
        before = {"document": link.document, "after": ""}
        tally.note(Outcome.UPDATED, record, reason="It was deleted in QuickBooks.", before=before)
    if not context.is_preview:
        stored = Payment.objects.prefetch_related("allocations").in_bulk([link.payment_id for link, _ in known_ones])
        update_payments(
            [_voided(stored[link.payment_id or 0], record) for link, record in known_ones],
            actor=context.actor,
            origin=context.origin,
        )
        # Also those that were void, or undone, before: nothing of them is waited for any more.
        gone = QuickBooksLink.objects.filter(
            connection=connection, entity="payment", external_id__in=list(external_ids)
        )
        gone.update(state=QuickBooksLink.State.GONE, fingerprint="", synced_at=context.now)
    return tally


def _voided(payment: Payment, record: PaymentRecord) -> PaymentWrite:
    nothing = replace(record.fields, amount=ZERO, credit=ZERO, unapplied=ZERO, is_void=True)
    fields = replace(nothing, method=payment.method, memo=payment.memo)
    return PaymentWrite(payment, fields, payment.contact_id, {})


class _Page:
    def __init__(self, docs: Sequence[Doc], context: Context, catalogue: Catalogue, tally: Tally) -> None:
        self.context = context
        connection = context.connection
        self.documents = {str(doc.get("Id")): doc for doc in docs}
        read = tally.read(docs, lambda doc: payment_from_qbo(doc, catalogue, connection.home_currency))
        self.records = list(read.values())
        self.links = known(connection, "payment", self.documents)
        customers = known(connection, "customer", {record.customer_id for record in self.records})
        self.contacts = {customer_id: link.contact_id for customer_id, link in customers.items()}
        invoice_ids = {invoice_id for record in self.records for invoice_id, _, _ in record.shares}
        invoices = known(connection, "invoice", invoice_ids)
        self.invoices = {external_id: link.invoice_id for external_id, link in invoices.items()}
        self.lowering: set[int] = set()

    def split(self) -> tuple[list[PaymentRecord], list[tuple[PaymentRecord, Payment]]]:
        """New records, and those held already with their payment as stored."""
        pks = {external_id: link.payment_id for external_id, link in self.links.items()}
        ours = held(Payment.objects.filter(pk__in=[pk for pk in pks.values() if pk]))
        entries = OutboxEntry.objects.lowering().filter(payment__in=ours) if ours else OutboxEntry.objects.none()
        self.lowering = set(entries.values_list("payment", flat=True))
        stored = Payment.objects.prefetch_related("allocations").in_bulk([pk for pk in pks.values() if pk])
        new, old = [], []
        for record in self.records:
            pk = pks.get(record.external_id)
            if pk:
                old.append((record, stored[pk]))
            else:
                new.append(record)
        return new, old

    def shares(self, record: PaymentRecord) -> Shares:
        shares: dict[int, tuple[Decimal, Decimal]] = {}
        for invoice_id, amount, credit in record.shares:
            pk = self.invoices.get(invoice_id)
            if pk:
                shares[pk] = (amount, credit)
        return shares

    def write_for(self, record: PaymentRecord, payment: Payment) -> PaymentWrite:
        fields = record.fields
        if payment.source != SOURCE:  # how it was paid is known better here; its number there is our own
            fields = replace(fields, method=payment.method or fields.method, memo=payment.memo)
        shares = self.shares(record)
        if self._is_unheard(record, payment):
            kept = {name: getattr(payment, name) for name in ("amount", "credit", "unapplied", "is_void")}
            fields, shares = replace(fields, **kept), stored_shares(payment)
        return PaymentWrite(payment, fields, self.contacts.get(record.customer_id), shares)

    def _is_unheard(self, record: PaymentRecord, payment: Payment) -> bool:
        """Whether these books have yet to hear of a refund: what is left here is right, and they say more."""
        return payment.pk in self.lowering and record.fields.amount > payment.amount

    def _end_lowering(self, old: Sequence[tuple[PaymentRecord, Payment]]) -> None:
        """The books say what is left, or less, whoever lowered it: nothing waits, and their invoices are read again."""
        heard = [
            (record, payment)
            for record, payment in old
            if payment.pk in self.lowering and not self._is_unheard(record, payment)
        ]
        entries = OutboxEntry.objects.lowering().filter(payment__in=[payment.pk for _, payment in heard])
        entries.update(status=OutboxEntry.Status.DONE, ended_at=self.context.now, last_error="")
        for invoice_id in {invoice_id for record, _ in heard for invoice_id, _, _ in record.shares}:
            inbox.look_at(self.context.connection.realm_id, "invoice", invoice_id, why="refunded")

    def create(self, records: Sequence[PaymentRecord], tally: Tally) -> list[QuickBooksLink]:
        realm = self.context.connection.realm_id
        writes = [
            self.write_for(record, Payment(source=SOURCE, reference=f"{realm}:{record.external_id}"))
            for record in records
        ]
        create_payments(writes, actor=self.context.actor, origin=self.context.origin)
        for record in records:
            tally.note(Outcome.CREATED, record)
        return self.link(zip(records, (write.payment for write in writes), strict=True))

    def update(self, old: Sequence[tuple[PaymentRecord, Payment]], tally: Tally) -> list[QuickBooksLink]:
        """Those whose document or allocations differ; the rest is only counted."""
        self._end_lowering(old)
        touched = [(record, payment) for record, payment in old if self._differs(record, payment)]
        writes = [self.write_for(record, payment) for record, payment in touched]
        earlier = self._earlier([record.external_id for record, _ in touched])
        changes = update_payments(writes, actor=self.context.actor, origin=self.context.origin)
        for record, payment in old:
            if payment.pk in changes:
                before = {"document": earlier[record.external_id], "after": record.fingerprint}
                tally.note(Outcome.UPDATED, record, before=before, changes=changes[payment.pk])
            else:
                tally.note(Outcome.UNCHANGED, record)
        same = {record.external_id for record, _ in old} - {record.external_id for record, _ in touched}
        move_on(self.context.connection, "payment", [self.documents[external_id] for external_id in sorted(same)])
        return self.link(touched)

    def foresee(self, old: Sequence[tuple[PaymentRecord, Payment]], tally: Tally) -> None:
        differs = sum(self._differs(record, payment) for record, payment in old)
        tally.count(Outcome.UPDATED, differs)
        tally.count(Outcome.UNCHANGED, len(old) - differs)

    def link(self, rows: Iterable[tuple[PaymentRecord, Payment]]) -> list[QuickBooksLink]:
        connection, now = self.context.connection, self.context.now
        return [
            link_for(connection, "payment", record, self.documents[record.external_id], now, payment_id=payment.pk)
            for record, payment in rows
        ]

    def _differs(self, record: PaymentRecord, payment: Payment) -> bool:
        link = self.links[record.external_id]
        same = link.fingerprint == record.fingerprint and link.state == QuickBooksLink.State.LINKED
        return not same or stored_shares(payment) != self.shares(record)

    def _earlier(self, external_ids: Sequence[str]) -> dict[str, Doc]:
        links = QuickBooksLink.objects.filter(
            connection=self.context.connection, entity="payment", external_id__in=external_ids
        )
        return dict(links.values_list("external_id", "document"))

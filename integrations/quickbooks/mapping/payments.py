"""Payments and what they were spent on."""

from dataclasses import dataclass
from decimal import Decimal

from integrations.quickbooks.mapping.catalogue import Catalogue
from integrations.quickbooks.mapping.invoices import VOID_NOTE
from integrations.quickbooks.mapping.values import (
    ZERO,
    Doc,
    currency,
    day,
    decimal,
    decimal_or_none,
    fingerprint,
    ref,
    ref_name,
)
from invoicing.bulk import PaymentFields


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """One payment; ``shares`` are (invoice id, amount, of which credit), once per invoice."""

    external_id: str
    sync_token: str
    customer_id: str
    fields: PaymentFields
    shares: tuple[tuple[str, Decimal, Decimal], ...]
    fingerprint: str

    @property
    def name(self) -> str:
        return self.fields.memo or f"Payment {self.external_id}"


def payment_from_qbo(doc: Doc, catalogue: Catalogue, home_currency: str) -> PaymentRecord:
    amount, unapplied = decimal(doc.get("TotalAmt")), decimal(doc.get("UnappliedAmt"))
    applied = applied_in(doc)
    # Intuit: invoice lines - credit lines + unapplied = total. What the money does not explain is credit.
    credit = max(ZERO, sum(applied.values(), ZERO) + unapplied - amount)
    fields = PaymentFields(
        customer_name=ref_name(doc, "CustomerRef")[:500],
        received_on=day(doc["TxnDate"]),
        currency=currency(doc, home_currency),
        exchange_rate=decimal_or_none(doc.get("ExchangeRate")) or Decimal(1),
        amount=amount,
        credit=credit,
        unapplied=unapplied,
        method=_named(doc, "PaymentMethodRef", "paymentmethod", catalogue)[:100],
        memo=str(doc.get("PaymentRefNum") or "")[:100],
        deposit_account=_named(doc, "DepositToAccountRef", "account", catalogue)[:200],
        private_note=str(doc.get("PrivateNote") or ""),
        is_void=not amount and not applied and VOID_NOTE.match(str(doc.get("PrivateNote") or "")) is not None,
    )
    shares = _shares(applied, credit)
    return PaymentRecord(
        external_id=str(doc["Id"]),
        sync_token=str(doc.get("SyncToken") or ""),
        customer_id=ref(doc, "CustomerRef"),
        fields=fields,
        shares=shares,
        fingerprint=fingerprint(fields, shares, ref(doc, "CustomerRef")),
    )


def _named(doc: Doc, field: str, entity: str, catalogue: Catalogue) -> str:
    return ref_name(doc, field) or catalogue.find(entity, ref(doc, field)).name


def applied_in(doc: Doc) -> dict[str, Decimal]:
    """What each invoice got, by its id."""
    applied: dict[str, Decimal] = {}
    for line in doc.get("Line") or []:
        for linked in line.get("LinkedTxn") or []:
            if linked.get("TxnType") == "Invoice":
                invoice_id = str(linked["TxnId"])
                applied[invoice_id] = applied.get(invoice_id, ZERO) + decimal(line.get("Amount"))
    return {invoice_id: amount for invoice_id, amount in applied.items() if amount > 0}


def _shares(applied: dict[str, Decimal], credit: Decimal) -> tuple[tuple[str, Decimal, Decimal], ...]:
    """QuickBooks does not say which invoice the credit went to: it is used up in the order of the lines."""
    shares = []
    for invoice_id, amount in applied.items():
        part = min(credit, amount)
        credit -= part
        shares.append((invoice_id, amount, part))
    return tuple(shares)

"""The plain way: the library's own objects, and one ``update_or_create()`` a row, as most integrations are written.

The library is as its authors ship it; only its address points at the sandbox. No audit trail, no list of what was
done, no document kept: fewer rows than the other two write. Which id became which row is kept in memory, which
spares it a look-up per reference.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.objects import Customer
from quickbooks.objects import Invoice as TheirInvoice
from quickbooks.objects import Payment as TheirPayment

from bench.books import FULL_PAGE, Place
from crm.models import Contact
from integrations.models import QuickBooksConnection, QuickBooksLink
from invoicing.models import Allocation, Invoice, InvoiceLine, Payment


def bring_in(connection: QuickBooksConnection, place: Place) -> None:
    qb, rows = client(place), Rows(connection)
    for customer in everything(Customer, "Active IN (true, false)", qb):
        rows.take_customer(customer)
    year = f"TxnDate >= '{place.year}-01-01' AND TxnDate <= '{place.year}-12-31'"
    for invoice in everything(TheirInvoice, year, qb):
        rows.take_invoice(invoice)
    for payment in everything(TheirPayment, "", qb):
        rows.take_payment(payment)


def client(place: Place) -> QuickBooks:
    QuickBooks.api_url_v3 = place.api_url
    auth = AuthClient(
        place.client_id,
        place.client_secret,
        "http://localhost/unused",
        place.discovery_url,
        access_token=place.access_token,
        refresh_token=place.refresh_token,
    )
    return QuickBooks(auth_client=auth, company_id=place.realm_id, minorversion=75)


def everything(entity: Any, where: str, qb: QuickBooks) -> Iterator[Any]:
    start = 1
    while page := entity.where(where, order_by="Id", start_position=start, max_results=FULL_PAGE, qb=qb):
        yield from page
        start += len(page)


@dataclass
class Rows:
    connection: QuickBooksConnection
    contact_of: dict[str, int] = field(default_factory=dict)
    invoice_of: dict[str, int] = field(default_factory=dict)

    def take_customer(self, customer: Any) -> None:
        street, email = customer.BillAddr, customer.PrimaryEmailAddr.Address
        contact, _ = Contact.objects.update_or_create(
            **self._key("quickbooks_links", "customer", customer),
            defaults={
                "owner": Contact.Owner.BOOKS,
                "name": customer.DisplayName,
                "first_name": customer.GivenName,
                "last_name": customer.FamilyName,
                "company": customer.CompanyName,
                "email": email.lower(),
                "email_typed": email,
                "phone_typed": customer.PrimaryPhone.FreeFormNumber,
                "street": street.Line1,
                "city": street.City,
                "region": street.CountrySubDivisionCode,
            },
        )
        self._link("customer", customer, contact=contact)
        self.contact_of[customer.Id] = contact.pk

    def take_invoice(self, document: Any) -> None:
        total, balance = exact(document.TotalAmt), exact(document.Balance)
        invoice, _ = Invoice.objects.update_or_create(
            **self._key("quickbooks_link", "invoice", document),
            defaults={
                "owner": Invoice.Owner.BOOKS,
                "status": Invoice.Status.OPEN if balance else Invoice.Status.PAID,
                "contact_id": self.contact_of[document.CustomerRef.value],
                "number": document.DocNumber,
                "issued_on": date.fromisoformat(document.TxnDate),
                "due_on": date.fromisoformat(document.DueDate),
                "currency": document.CurrencyRef.value,
                "customer_name": document.CustomerRef.name,
                "bill_to": f"{document.BillAddr.Line1}\n{document.BillAddr.City}",
                "ship_to": f"{document.ShipAddr.Line1}\n{document.ShipAddr.City}",
                "tax": exact(document.TxnTaxDetail.TotalTax),
                "total": total,
                "paid": total - balance,
                "balance": balance,
            },
        )
        for line in document.Line:
            if line.DetailType == "SalesItemLineDetail":
                take_line(line, invoice)
        self._link("invoice", document, invoice=invoice)
        self.invoice_of[document.Id] = invoice.pk

    def take_payment(self, document: Any) -> None:
        payment, _ = Payment.objects.update_or_create(
            source="quickbooks",
            reference=f"{self.connection.realm_id}:{document.Id}",
            defaults={
                "contact_id": self.contact_of[document.CustomerRef.value],
                "customer_name": document.CustomerRef.name,
                "received_on": date.fromisoformat(document.TxnDate),
                "currency": document.CurrencyRef.value,
                "amount": exact(document.TotalAmt),
                "unapplied": exact(document.UnappliedAmt),
            },
        )
        for line in document.Line:
            for linked in line.LinkedTxn:
                Allocation.objects.update_or_create(
                    payment=payment,
                    invoice_id=self.invoice_of[linked.TxnId],
                    defaults={"amount": exact(line.Amount)},
                )
        self._link("payment", document, payment=payment)

    def _key(self, name: str, entity: str, document: Any) -> dict[str, Any]:
        """How a row is found again: by the id that its link holds."""
        found = {"connection": self.connection, "entity": entity, "external_id": document.Id}
        return {f"{name}__{column}": value for column, value in found.items()}

    def _link(self, entity: str, document: Any, **row: Any) -> None:
        QuickBooksLink.objects.update_or_create(
            connection=self.connection,
            entity=entity,
            external_id=document.Id,
            defaults={"sync_token": document.SyncToken, "synced_at": timezone.now(), **row},
        )


def take_line(line: Any, invoice: Invoice) -> None:
    detail = line.SalesItemLineDetail
    InvoiceLine.objects.update_or_create(
        invoice=invoice,
        position=line.LineNum,
        defaults={
            "kind": InvoiceLine.Kind.ITEM,
            "name": detail.ItemRef.name,
            "quantity": exact(detail.Qty),
            "rate": exact(detail.UnitPrice),
            "amount": exact(line.Amount),
            "tax_name": detail.TaxCodeRef.value,
        },
    )


def exact(number: Any) -> Decimal:
    return Decimal(str(number))

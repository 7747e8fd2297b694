"""The plain way: the library's own objects, and one ``update_or_create()`` a row, as most integrations are written.

The library is as its authors ship it; only its address points at the sandbox. No audit trail, no list of what was
done, no document kept: fewer rows than the other two write.
"""

from collections.abc import Iterator
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

Kind = InvoiceLine.Kind


def bring_in(connection: QuickBooksConnection, place: Place) -> None:
    qb = client(place)
    for customer in everything(Customer, "Active IN (true, false)", qb):
        take_customer(customer, connection)
    year = f"TxnDate >= '{place.year}-01-01' AND TxnDate <= '{place.year}-12-31'"
    for invoice in everything(TheirInvoice, year, qb):
        take_invoice(invoice, connection)
    for payment in everything(TheirPayment, "", qb):
        take_payment(payment, connection)


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


def take_customer(customer: Any, connection: QuickBooksConnection) -> None:
    street, email = customer.BillAddr, customer.PrimaryEmailAddr.Address
    contact, _ = Contact.objects.update_or_create(
        **key(connection, "customer", customer),
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
    link(connection, "customer", customer, contact=contact)


def take_invoice(invoice: Any, connection: QuickBooksConnection) -> None:
    total, balance = exact(invoice.TotalAmt), exact(invoice.Balance)
    row, _ = Invoice.objects.update_or_create(
        **key(connection, "invoice", invoice),
        defaults={
            "owner": Invoice.Owner.BOOKS,
            "status": Invoice.Status.OPEN if balance else Invoice.Status.PAID,
            "contact": contact_of(invoice, connection),
            "number": invoice.DocNumber,
            "issued_on": date.fromisoformat(invoice.TxnDate),
            "due_on": date.fromisoformat(invoice.DueDate),
            "currency": invoice.CurrencyRef.value,
            "customer_name": invoice.CustomerRef.name,
            "bill_to": f"{invoice.BillAddr.Line1}\n{invoice.BillAddr.City}",
            "ship_to": f"{invoice.ShipAddr.Line1}\n{invoice.ShipAddr.City}",
            "tax": exact(invoice.TxnTaxDetail.TotalTax),
            "total": total,
            "paid": total - balance,
            "balance": balance,
        },
    )
    for line in invoice.Line:
        if line.DetailType == "SalesItemLineDetail":
            take_line(line, row)
    link(connection, "invoice", invoice, invoice=row)


def take_line(line: Any, invoice: Invoice) -> None:
    detail = line.SalesItemLineDetail
    InvoiceLine.objects.update_or_create(
        invoice=invoice,
        position=line.LineNum,
        defaults={
            "kind": Kind.ITEM,
            "name": detail.ItemRef.name,
            "quantity": exact(detail.Qty),
            "rate": exact(detail.UnitPrice),
            "amount": exact(line.Amount),
            "tax_name": detail.TaxCodeRef.value,
        },
    )


def take_payment(payment: Any, connection: QuickBooksConnection) -> None:
    row, _ = Payment.objects.update_or_create(
        source="quickbooks",
        reference=f"{connection.realm_id}:{payment.Id}",
        defaults={
            "contact": contact_of(payment, connection),
            "customer_name": payment.CustomerRef.name,
            "received_on": date.fromisoformat(payment.TxnDate),
            "currency": payment.CurrencyRef.value,
            "amount": exact(payment.TotalAmt),
            "unapplied": exact(payment.UnappliedAmt),
        },
    )
    for line in payment.Line:
        for linked in line.LinkedTxn:
            invoice = Invoice.objects.get(
                quickbooks_link__connection=connection,
                quickbooks_link__entity="invoice",
                quickbooks_link__external_id=linked.TxnId,
            )
            Allocation.objects.update_or_create(payment=row, invoice=invoice, defaults={"amount": exact(line.Amount)})
    link(connection, "payment", payment, payment=row)


def contact_of(document: Any, connection: QuickBooksConnection) -> Contact:
    return Contact.objects.get(
        quickbooks_links__connection=connection,
        quickbooks_links__entity="customer",
        quickbooks_links__external_id=document.CustomerRef.value,
    )


def key(connection: QuickBooksConnection, entity: str, document: Any) -> dict[str, Any]:
    """How a row is found again: by the id that its link holds."""
    name = "quickbooks_links" if entity == "customer" else "quickbooks_link"
    return {f"{name}__connection": connection, f"{name}__entity": entity, f"{name}__external_id": document.Id}


def link(connection: QuickBooksConnection, entity: str, document: Any, **row: Any) -> None:
    QuickBooksLink.objects.update_or_create(
        connection=connection,
        entity=entity,
        external_id=document.Id,
        defaults={"sync_token": document.SyncToken, "synced_at": timezone.now(), **row},
    )


def exact(number: Any) -> Decimal:
    return Decimal(str(number))

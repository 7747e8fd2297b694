"""Documents of the benchmark's books as rows, by the shortest way: what a database is asked to hold, and no more."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crm.models import Activity, Contact
from integrations.models import ImportItem, ImportRun, QuickBooksConnection, QuickBooksLink
from invoicing.models import Allocation, Invoice, InvoiceLine, Payment

Doc = dict[str, Any]
DIGEST = "0123456789abcdef" * 2  # as wide as a fingerprint


@dataclass
class Rows:
    """Inserts page after page, and keeps in mind which id became which row."""

    connection: QuickBooksConnection
    contacts_run: ImportRun
    invoices_run: ImportRun
    now: datetime
    contact_of: dict[str, int] = field(default_factory=dict)
    invoice_of: dict[str, int] = field(default_factory=dict)
    payment_ids: list[str] = field(default_factory=list)

    def customers(self, docs: Sequence[Doc]) -> None:
        contacts = Contact.objects.bulk_create([contact(doc) for doc in docs])
        self.contact_of |= {doc["Id"]: row.pk for doc, row in zip(docs, contacts, strict=True)}
        Activity.objects.bulk_create(
            self._activity("contact", row.pk, "created", row.pk, "Came in from QuickBooks") for row in contacts
        )
        self._links(self._link("customer", doc, contact_id=row.pk) for doc, row in zip(docs, contacts, strict=True))
        self._items(self.contacts_run, "customer", [(doc["Id"], doc["DisplayName"]) for doc in docs])

    def invoices(self, docs: Sequence[Doc]) -> None:
        invoices = Invoice.objects.bulk_create([self._invoice(doc) for doc in docs])
        self.invoice_of |= {doc["Id"]: row.pk for doc, row in zip(docs, invoices, strict=True)}
        self.payment_ids += [linked["TxnId"] for doc in docs for linked in doc["LinkedTxn"]]
        InvoiceLine.objects.bulk_create(
            line(row.pk, part)
            for doc, row in zip(docs, invoices, strict=True)
            for part in doc["Line"]
            if "SalesItemLineDetail" in part
        )
        Activity.objects.bulk_create(
            self._activity("invoice", row.pk, "created", row.contact_id, f"Invoice {row.number} added")
            for row in invoices
        )
        self._links(
            self._link("invoice", doc, invoice_id=row.pk, customer_id=doc["CustomerRef"]["value"])
            for doc, row in zip(docs, invoices, strict=True)
        )
        names = [(doc["Id"], f"{doc['DocNumber']} · {doc['CustomerRef']['name']}") for doc in docs]
        self._items(self.invoices_run, "invoice", names)

    def payments(self, docs: Sequence[Doc]) -> None:
        payments = Payment.objects.bulk_create([self._payment(doc) for doc in docs])
        Allocation.objects.bulk_create(
            Allocation(payment_id=row.pk, invoice_id=self.invoice_of[linked["TxnId"]], amount=part["Amount"])
            for doc, row in zip(docs, payments, strict=True)
            for part in doc["Line"]
            for linked in part["LinkedTxn"]
        )
        Activity.objects.bulk_create(
            self._activity(
                "payment", row.pk, "recorded", row.contact_id, f"Payment of {row.amount} {row.currency} received"
            )
            for row in payments
        )
        self._links(
            self._link("payment", doc, payment_id=row.pk, customer_id=doc["CustomerRef"]["value"])
            for doc, row in zip(docs, payments, strict=True)
        )
        self._items(self.invoices_run, "payment", [(doc["Id"], f"Payment {doc['Id']}") for doc in docs])

    def _links(self, links: Any) -> None:
        QuickBooksLink.objects.bulk_create(links)

    def _link(self, entity: str, doc: Doc, **ours: Any) -> QuickBooksLink:
        return QuickBooksLink(
            connection_id=self.connection.pk,
            entity=entity,
            external_id=doc["Id"],
            sync_token=doc["SyncToken"],
            fingerprint=DIGEST,
            document=doc,
            synced_at=self.now,
            **ours,
        )

    def _activity(self, subject: str, pk: int, what: str, contact_id: int | None, text: str) -> Activity:
        return Activity(
            subject_type=subject,
            subject_id=pk,
            contact_id=contact_id,
            origin="import",
            verb=f"{subject}.{what}",
            text=text,
            at=self.now,
        )

    def _items(self, run: ImportRun, entity: str, names: Sequence[tuple[str, str]]) -> None:
        ImportItem.objects.bulk_create(
            ImportItem(run_id=run.pk, entity=entity, external_id=pk, name=name, outcome=ImportItem.Outcome.CREATED)
            for pk, name in names
        )

    def _invoice(self, doc: Doc) -> Invoice:
        total, balance = Decimal(doc["TotalAmt"]), Decimal(doc["Balance"])
        tax = Decimal(doc["TxnTaxDetail"]["TotalTax"])
        customer = doc["CustomerRef"]["name"]
        return Invoice(
            owner="books",
            status="open" if balance else "paid",
            contact_id=self.contact_of[doc["CustomerRef"]["value"]],
            number=doc["DocNumber"],
            issued_on=date.fromisoformat(doc["TxnDate"]),
            due_on=date.fromisoformat(doc["DueDate"]),
            currency=doc["CurrencyRef"]["value"],
            customer_name=customer,
            bill_to=address(doc["BillAddr"]),
            ship_to=address(doc["ShipAddr"]),
            tax_mode="exclusive" if tax else "none",
            subtotal=total - tax,
            tax=tax,
            taxes=[
                {
                    "name": part["TaxLineDetail"]["TaxRateRef"]["value"],
                    "percent": str(part["TaxLineDetail"]["TaxPercent"]),
                    "net": str(part["TaxLineDetail"]["NetAmountTaxable"]),
                    "amount": str(part["Amount"]),
                }
                for part in doc["TxnTaxDetail"].get("TaxLine", [])
            ],
            total=total,
            paid=total - balance,
            balance=balance,
            search_text=f"{doc['DocNumber']}\n{customer}\n{total}".lower(),
        )

    def _payment(self, doc: Doc) -> Payment:
        return Payment(
            contact_id=self.contact_of[doc["CustomerRef"]["value"]],
            customer_name=doc["CustomerRef"]["name"],
            source="quickbooks",
            reference=f"{self.connection.realm_id}:{doc['Id']}",
            received_on=date.fromisoformat(doc["TxnDate"]),
            currency=doc["CurrencyRef"]["value"],
            amount=doc["TotalAmt"],
            unapplied=doc["UnappliedAmt"],
            method="Check",
            deposit_account="Undeposited Funds",
        )


def contact(doc: Doc) -> Contact:
    """A contact's columns; the number is turned into E.164 by cutting, as all of these are of one form."""
    name, email, phone = doc["DisplayName"], doc["PrimaryEmailAddr"]["Address"], doc["PrimaryPhone"]["FreeFormNumber"]
    digits = f"{phone[1:4]}{phone[6:9]}{phone[10:]}"
    street = doc["BillAddr"]
    return Contact(
        owner="books",
        name=name,
        first_name=doc["GivenName"],
        last_name=doc["FamilyName"],
        email=email,
        email_typed=email,
        phone=f"+1{digits}",
        phone_typed=phone,
        street=street["Line1"],
        city=street["City"],
        region=street["CountrySubDivisionCode"],
        sort_name=name.lower(),
        search_text=f"{name}\n\n{doc['GivenName']}\n{doc['FamilyName']}\n{email}\n{email}\n+1{digits}\n{digits}".lower(),
    )


def line(invoice_id: int, doc: Doc) -> InvoiceLine:
    detail = doc["SalesItemLineDetail"]
    name = detail["ItemRef"]["name"]
    return InvoiceLine(
        invoice_id=invoice_id,
        position=doc["LineNum"],
        code=f"SKU-{name[:3].upper()}",
        name=name,
        quantity=detail["Qty"],
        rate=detail["UnitPrice"],
        amount=doc["Amount"],
        tax_name=detail["TaxCodeRef"]["value"],
    )


def address(doc: Doc) -> str:
    return f"{doc['Line1']}\n{doc['City']} {doc['CountrySubDivisionCode']}"

"""Plain functions that make rows for tests. The cast: Ada (paid up), Ben (late), Cleo (opted out)."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from crm.models import Business, Contact, User
from integrations.models import QuickBooksConnection
from invoicing.models import Allocation, Invoice, InvoiceLine, Payment
from sandbox import Sandbox

PASSWORD = "correct horse battery staple"  # noqa: S105


def business_day() -> date:
    """Today as the pages count it: in the business's own zone, which is not always today in UTC."""
    return timezone.localdate(timezone=(Business.objects.first() or Business()).zone)


def make_user(email: str = "jo@example.com", **fields: Any) -> User:
    """A member of staff: an admin unless another role is given."""
    fields = {"name": "Jo Bloggs", "role": User.Role.ADMIN, **fields}
    return User.objects.create_user(email, fields.pop("password", PASSWORD), **fields)


def make_agent(email: str = "sam@example.com", **fields: Any) -> User:
    return make_user(email, **{"name": "Sam Agent", "role": User.Role.AGENT, **fields})


def make_contact(name: str = "Ada Lovelace", **fields: Any) -> Contact:
    """A contact as services leave it: what was typed stands beside what it is recognised by."""
    fields.setdefault("email_typed", fields.get("email", ""))
    fields.setdefault("phone_typed", fields.get("phone", ""))
    return Contact.objects.create(name=name, **fields)


def make_connection(sandbox: Sandbox, company: str = "us", **fields: Any) -> QuickBooksConnection:
    """A company of the sandbox, connected with living tokens."""
    books = sandbox.company(company)
    tokens = sandbox.issue_tokens(books.realm_id)
    now = timezone.now()
    fields = {
        "company_name": books.name,
        "country": books.country,
        "home_currency": books.home,
        "access_token": tokens["access_token"],
        "refresh_token": tokens["refresh_token"],
        "access_expires_at": now + timedelta(seconds=tokens["expires_in"]),
        "refresh_expires_at": now + timedelta(seconds=tokens["x_refresh_token_expires_in"]),
        "connected_at": now,
        **fields,
    }
    return QuickBooksConnection.objects.create(realm_id=books.realm_id, **fields)


def make_invoice(contact: Contact | None = None, *, lines: Sequence[dict[str, Any]] = (), **fields: Any) -> Invoice:
    """An open invoice of the books over 120.00 USD, due in 30 days; text and whole numbers do for amounts.

    Its balance is its total unless it is given. Without a contact it is in conflict.
    """
    today = business_day()
    number = Invoice.objects.count() + 1001
    fields = {
        "owner": Invoice.Owner.BOOKS,
        "status": Invoice.Status.OPEN,
        "contact": contact,
        "number": str(number),
        "issued_on": today,
        "due_on": today + timedelta(days=30),
        "currency": "USD",
        "customer_name": contact.name if contact else "Grace Hopper",
        "total": "120.00",
        **fields,
    }
    settled = {Invoice.Status.PAID, Invoice.Status.SETTLED, Invoice.Status.VOID}
    fields.setdefault("balance", 0 if fields["status"] in settled else fields["total"])
    fields.setdefault("subtotal", fields["total"])
    fields = {name: _exact(name, value) for name, value in fields.items()}
    invoice = Invoice.objects.create(**fields)
    InvoiceLine.objects.bulk_create(
        InvoiceLine(invoice=invoice, position=position, **line) for position, line in enumerate(lines, start=1)
    )
    return invoice


def make_payment(contact: Contact | None = None, *, of: dict[Invoice, Any] | None = None, **fields: Any) -> Payment:
    """Money received, and what each invoice in ``of`` got of it. Balances and statuses are the caller's."""
    fields = {
        "contact": contact,
        "source": "quickbooks",
        "reference": f"payment-{Payment.objects.count() + 1}",
        "received_on": business_day(),
        "currency": "USD",
        "amount": sum((Decimal(amount) for amount in (of or {}).values()), Decimal(0)),
        "method": "Check",
        **fields,
    }
    credit = Decimal(fields.get("credit", 0))
    payment = Payment.objects.create(**fields)
    for invoice, amount in (of or {}).items():
        part = min(credit, Decimal(amount))
        credit -= part
        Allocation.objects.create(payment=payment, invoice=invoice, amount=amount, credit=part)
    return payment


AMOUNTS = {"subtotal", "discount", "shipping", "tax", "total", "deposit", "paid", "credited", "balance"}


def _exact(name: str, value: Any) -> Any:
    return Decimal(value) if name in AMOUNTS else value

"""An invoice with a link, in the database that DATABASE_URL names: ``python -m bench.page`` prints its address."""

from datetime import date, timedelta
from decimal import Decimal

import django

LINES = 12


def main() -> None:
    django.setup()
    # Models can be imported only now.
    from crm.models import Business, Contact
    from invoicing.links import link_for
    from invoicing.models import Invoice, InvoiceLine

    Business.objects.update_or_create(pk=1, defaults={"name": "Harbour Light Electrical", "phone": "+44 117 496 0123"})
    invoice = Invoice.objects.create(
        owner=Invoice.Owner.BOOKS,
        status=Invoice.Status.OPEN,
        contact=Contact.objects.create(name="Ada Lovelace"),
        number="1042",
        issued_on=date.today(),
        due_on=date.today() + timedelta(days=30),
        currency="USD",
        customer_name="Ada Lovelace",
        subtotal=Decimal(120),
        total=Decimal(120),
        paid=Decimal(40),
        balance=Decimal(80),
    )
    line = {"invoice": invoice, "quantity": Decimal(2), "rate": Decimal(5), "amount": Decimal(10)}
    InvoiceLine.objects.bulk_create(
        InvoiceLine(position=day, description=f"Work of day {day}, in all rooms", **line) for day in range(1, LINES + 1)
    )
    print(f"/i/{link_for(invoice).token}/")


if __name__ == "__main__":
    main()

"""Who pays in QuickBooks: there a payment belongs to one customer, and settles invoices of that one and of its jobs."""

from collections.abc import Collection

from integrations.models import QuickBooksConnection, QuickBooksLink

DEEPEST = 5  # levels of jobs that QuickBooks allows, the customer's own included


def payer_of(connection: QuickBooksConnection, contact_id: int | None, customers: Collection[str]) -> str:
    """The customer that may pay for all of these: the only one, or the contact's customer that stands above them all.

    "" where there is none, as for two customers that were merged into one contact here.
    """
    if len(customers) == 1:
        return next(iter(customers))
    lines = [_line(connection, customer) for customer in customers]
    above_all = [one for one in lines[0] if all(one in line for line in lines)] if lines else []
    links = QuickBooksLink.objects.filter(
        connection=connection,
        entity="customer",
        external_id__in=above_all,
        contact=contact_id,
        state=QuickBooksLink.State.LINKED,
    )
    ours = set(links.values_list("external_id", flat=True))
    return next((one for one in above_all if one in ours), "")


def _line(connection: QuickBooksConnection, customer: str) -> list[str]:
    """The customer and those above it, as they were taken over."""
    line: list[str] = []
    links = QuickBooksLink.objects.filter(connection=connection, entity="customer")
    while customer and customer not in line and len(line) < DEEPEST:
        line.append(customer)
        document = links.filter(external_id=customer).values_list("document", flat=True).first() or {}
        customer = str((document.get("ParentRef") or {}).get("value") or "")
    return line

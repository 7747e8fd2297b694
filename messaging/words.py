"""What the placeholders of a message stand for, and the text as it is sent."""

from django.utils.formats import date_format

from crm.models import Business, Contact
from invoicing.links import url_of
from invoicing.models import Invoice
from invoicing.money import format_money
from invoicing.statement_links import statement_url
from messaging import opt_out
from messaging.placeholders import LINK, PLACEHOLDERS, STATEMENT, check, fill, has_link, has_statement
from messaging.segments import plainer

LONGEST = 1600  # what text services take in one go


def values_for(invoice: Invoice, *, link: str, statement: str) -> dict[str, str]:
    """Each placeholder's value for this invoice and its contact; "" where there is none."""
    contact = invoice.contact or Contact(name=invoice.customer_name)
    return {
        "contact-firstname": contact.first_name or _first_of(contact),
        "contact-lastname": contact.last_name,
        "contact-company": contact.company,
        "invoice-number": invoice.number,
        "invoice-due": format_money(invoice.balance, invoice.currency),
        "invoice-total": format_money(invoice.total, invoice.currency),
        "invoice-duedate": date_format(invoice.due_on, "j F Y"),
        LINK: link,
        STATEMENT: statement,
        "business-name": Business.load().name,
    }


def message_for(invoice: Invoice, body: str, *, link: str = "", statement: str = "") -> str:
    """``body`` with everything filled in, the link at its end if it stands nowhere. Raises UnknownPlaceholder.

    Links that are not given are the customer's own, and made where there are none.
    """
    check(body)
    body = body.strip()
    if not has_link(body):
        body = f"{body}\n{PLACEHOLDERS[LINK].written}".strip()
    if has_statement(body) and not statement and invoice.contact is not None:
        statement = statement_url(invoice.contact)
    return fill(body, values_for(invoice, link=link or url_of(invoice), statement=statement))


def text_for(invoice: Invoice, body: str, *, with_opt_out: bool, link: str = "", statement: str = "") -> str:
    """The same for a text: plain quotes and dashes, which cost less, and how to stop them where that is due."""
    text = plainer(message_for(invoice, body, link=link, statement=statement))
    return f"{text}\n{opt_out.LINE}" if with_opt_out else text


def subject_for(invoice: Invoice, subject: str) -> str:
    """The subject of an email in one line, with everything filled in."""
    check(subject)
    return " ".join(fill(subject, values_for(invoice, link="", statement="")).split())[:200]


def _first_of(contact: Contact) -> str:
    """The first word of a person's name; a company has no first name."""
    if contact.company and contact.company == contact.name:
        return ""
    return contact.name.split()[0] if contact.name.strip() else ""

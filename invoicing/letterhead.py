"""The sheet that PDFs of invoices share: paper, letterhead and footer, and the way to the customer's page."""

import logging
from typing import Any

import qrcode
from qrcode.image.svg import SvgPathImage

from crm.models import Business
from invoicing.gateways import get_gateways
from invoicing.links import living_url
from invoicing.models import Invoice
from invoicing.typesetting import words

logger = logging.getLogger(__name__)

Status = Invoice.Status
# Where paper is US Letter, as Unicode's CLDR has it; A4 everywhere else.
_LETTER = frozenset("BZ CA CL CO CR GT MX NI PA PH PR SV US VE".split())
# Of one ideograph, the shape that readers there expect.
_IDEOGRAPHS = {"JP": "JP", "KR": "KR", "TW": "TC", "HK": "HK", "MO": "HK"}
_STAMPS = {Status.PAID: "good", Status.SETTLED: "plain", Status.VOID: "bad", Status.DRAFT: "plain"}


def frame(invoice: Invoice, business: Business, title: str) -> dict[str, Any]:
    """Paper, letterhead and footer, and the way to the customer's page."""
    return {
        "paper": "us-letter" if business.country in _LETTER else "a4",
        "ideographs": _IDEOGRAPHS.get(business.country, "SC"),
        "title": words(title, breaks=0),
        "author": words(business.name, breaks=0),
        "business": {"name": words(business.name), "lines": [words(line) for line in _address(business)]},
        "logo": _logo(business),
        "number": words(invoice.number, breaks=20),
        "stamp": _stamp(invoice),
        "footer": words(f"{business.name}, {named(invoice)}{_remark(invoice)}", most=200),
        **_way_to_pay(invoice),
    }


def _remark(invoice: Invoice) -> str:
    """On every page, so that no page of a void invoice can stand alone as a good one."""
    return f" ({invoice.get_status_display().lower()})" if invoice.status in {Status.VOID, Status.DRAFT} else ""


def named(invoice: Invoice) -> str:
    return str(invoice)[0].lower() + str(invoice)[1:]


def _address(business: Business) -> list[str]:
    town = " ".join(part for part in (business.city, business.region, business.postal_code) if part)
    reach = ", ".join(part for part in (business.phone, business.email) if part)
    return [part for part in (*business.street.splitlines(), town, reach) if part.strip()]


def _logo(business: Business) -> list[int] | None:
    """The picture's bytes; an invoice goes out without it rather than not at all."""
    if not business.logo:
        return None
    try:
        with business.logo.open("rb") as picture:
            return list(picture.read())
    except OSError:
        logger.warning("The logo %s cannot be read; PDFs are made without it", business.logo.name)
        return None


def _stamp(invoice: Invoice) -> dict[str, str] | None:
    status = Status(invoice.status)
    return {"word": status.label, "tone": _STAMPS[status]} if status in _STAMPS else None


def _way_to_pay(invoice: Invoice) -> dict[str, Any]:
    """The link as text wherever the customer's page has one, and as a code where something is owed."""
    url = "" if invoice.removed_at or invoice.status in {Status.VOID, Status.DRAFT} else living_url(invoice)
    if not url:
        return {"link": "", "link_shown": "", "link_words": "", "qr": None, "qr_words": ""}
    shown = {"link": url, "link_shown": words(url.split("://")[-1]), "link_words": "This invoice as it is today:"}
    if not invoice.is_owed():
        return {**shown, "qr": None, "qr_words": ""}
    may_pay = bool(get_gateways(invoice.currency))
    code = qrcode.make(url, image_factory=SvgPathImage, border=0).to_string(encoding="unicode")
    return {
        **shown,
        "link_words": "Pay online, or see it as it is today:" if may_pay else shown["link_words"],
        "qr": code,
        "qr_words": "Scan to pay" if may_pay else "Scan to see it online",
    }

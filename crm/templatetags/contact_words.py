"""How a contact's number and website are written in pages."""

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from crm import phone
from crm.models import Contact

register = template.Library()


@register.filter
def readable_phone(contact: Contact, country: str) -> str:
    """The number as people of ``country`` write it; one that is not recognised by stays as it was typed."""
    return phone.readable(contact.phone, country) if contact.phone else contact.phone_typed


@register.filter
@stringfilter
def readable_number(address: str, country: str) -> str:
    """A number of nobody known, as people of ``country`` write it; an email or a short code stays as it is."""
    return phone.readable(address, country)


@register.filter
@stringfilter
def breaks_at_sign(address: str) -> SafeString:
    """An email address that a narrow page breaks before its @ rather than anywhere."""
    return format_html_join(mark_safe("<wbr>@"), "{}", ((part,) for part in address.split("@")))  # noqa: S308 - ours


@register.filter
@stringfilter
def website_href(typed: str) -> str:
    """An address that a link may lead to: http(s) alone, never a script; "" for what is none."""
    address = typed.strip()
    if address.lower().startswith(("http://", "https://")):
        return address
    looks_like_host = "." in address.split("/")[0] and ":" not in address and " " not in address
    return f"https://{address}" if looks_like_host else ""

"""Customers."""

from dataclasses import dataclass

from crm.bulk import ContactFields
from crm.emails import addresses_in
from crm.phone import to_e164
from integrations.quickbooks.mapping.values import Doc, fingerprint, ref, street, whole_address

DELETED = " (deleted)"


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """One customer. ``emails`` are all addresses of its one field: the first is stored, all are recognised."""

    external_id: str
    sync_token: str
    parent_id: str
    active: bool
    fields: ContactFields
    emails: tuple[str, ...]
    fingerprint: str

    @property
    def name(self) -> str:
        return self.fields.name


def customer_from_qbo(doc: Doc, country: str) -> CustomerRecord:
    """``country`` (ISO code) is the company's: numbers without a country code are read as its own.

    The number compared is ``Mobile``, else ``PrimaryPhone``.
    """
    active = doc.get("Active") is not False
    email_typed = str((doc.get("PrimaryEmailAddr") or {}).get("Address") or "").strip()
    emails = tuple(addresses_in(email_typed))
    phones = [str((doc.get(key) or {}).get("FreeFormNumber") or "").strip() for key in PHONES]
    typed = [phone for phone in phones if phone]
    bill = doc.get("BillAddr") or {}
    fields = ContactFields(
        name=_name(doc, active)[:500],
        first_name=str(doc.get("GivenName") or "")[:100],
        last_name=str(doc.get("FamilyName") or "")[:100],
        company=str(doc.get("CompanyName") or "")[:500],
        email=emails[0] if emails else "",
        email_typed=email_typed[:500],
        phone=to_e164(typed[0], country) if typed else "",
        phone_typed=typed[0][:60] if typed else "",
        other_phone=typed[1][:60] if len(typed) > 1 else "",
        website=str((doc.get("WebAddr") or {}).get("URI") or "")[:1000],
        street=street(bill),
        city=str(bill.get("City") or "")[:255],
        region=str(bill.get("CountrySubDivisionCode") or "")[:255],
        postal_code=str(bill.get("PostalCode") or "")[:30],
        country=str(bill.get("Country") or "")[:255],
        ship_to=whole_address(doc.get("ShipAddr")),
    )
    parent_id = ref(doc, "ParentRef")
    return CustomerRecord(
        external_id=str(doc["Id"]),
        sync_token=str(doc.get("SyncToken") or ""),
        parent_id=parent_id,
        active=active,
        fields=fields,
        emails=emails,
        fingerprint=fingerprint(fields, parent_id, active),
    )


PHONES = ("Mobile", "PrimaryPhone", "AlternatePhone")


def _name(doc: Doc, active: bool) -> str:
    """The display name; QuickBooks marks the name of an inactive customer, which is no part of it."""
    name = str(doc.get("DisplayName") or doc.get("FullyQualifiedName") or "").strip()
    if not active:
        name = name.removesuffix(DELETED).strip()
    person = " ".join(str(doc[part]) for part in ("GivenName", "FamilyName") if doc.get(part))
    return name or person or str(doc.get("CompanyName") or "") or f"Customer {doc['Id']}"

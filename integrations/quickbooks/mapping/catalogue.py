"""The names that documents only point to."""

from dataclasses import dataclass, field
from decimal import Decimal

from integrations.quickbooks.mapping.values import Doc, decimal, decimal_or_none


@dataclass(frozen=True, slots=True)
class Entry:
    """One item, tax code, tax rate, term, payment method or account."""

    name: str
    code: str = ""
    percent: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Entries by entity and id; what is not in it has no name, and nothing fails for that."""

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)

    def find(self, entity: str, external_id: str) -> Entry:
        return self.entries.get((entity, external_id), NOTHING)


NOTHING = Entry("")


def entry_from_qbo(entity: str, doc: Doc, rates: dict[str, Decimal]) -> Entry:
    """``rates`` are percentages by id of TaxRate: a tax code charges the sum of its sales rates."""
    name = str(doc.get("Name") or doc.get("FullyQualifiedName") or "")[:500]
    if entity == "item":
        return Entry(name, code=str(doc.get("Sku") or "")[:100])
    if entity == "taxrate":
        return Entry(name, percent=decimal_or_none(doc.get("RateValue")))
    if entity == "taxcode":
        details = (doc.get("SalesTaxRateList") or {}).get("TaxRateDetail") or []
        known = [rates.get(str((detail.get("TaxRateRef") or {}).get("value"))) for detail in details]
        if not known or None in known:
            return Entry(name)
        return Entry(name, percent=sum((decimal(rate) for rate in known), Decimal(0)))
    return Entry(name)

"""Harbour Lane Studio: pounds, VAT both ways, customers abroad in euros, dollars, yen and dinars."""

from __future__ import annotations

from typing import Any

from ..company import Company
from ..store import Document
from .teller import Teller, amount_off, bundle, lump, percent_off, remark, shipping, sold

QUAY = {"Line1": "9 Quay Street", "City": "Bristol", "PostalCode": "BS1 4DJ", "Country": "United Kingdom"}
DESIGN, HOSTING, GUIDE, AUDIT, TRAINING, PHOTOS, WEBSITE = "1", "2", "3", "4", "5", "6", "7"
S, R, Z, E, RC = "1", "2", "3", "4", "5"
GROSS = {"GlobalTaxCalculation": "TaxInclusive"}
NET = {"GlobalTaxCalculation": "TaxExcluded"}
NO_VAT = {"GlobalTaxCalculation": "NotApplicable"}
PLAIN = (
    ("Amelia Thornbury", "020 7946 0101", "amelia@thornbury.example.co.uk"),
    ("Bashir Okonkwo", "+44 20 7946 0102", "Bashir.Okonkwo@Example.co.uk"),
    ("Carys Pritchard", "(01632) 960103", "carys@example.co.uk"),
    ("Dougal Innes", "01632-960104", "DOUGAL@EXAMPLE.CO.UK"),
    ("Eilidh & Rory Munro", "07700 900105", "eilidh@example.co.uk, rory@example.co.uk"),
    ("Freya's Florist", "+44 (0)1632 960106", "hello@freya.example.co.uk"),
    ("Gareth Vaughan-Lloyd", "0044 1632 960107", "gareth@example.co.uk"),
    ("Hanif Brothers Ltd", "01632 960108 x4", "accounts@hanif.example.co.uk"),
    ("Isla Penhaligon", "07700900109", "isla@example.co.uk"),
    ('Jasper "Jaz" Whitlock', "01632.960110", "jaz@example.co.uk"),
    ("Łukasz Żółć", "07700 900111", "lukasz@example.co.uk"),
    ("Смирнова Анна", "07700 900112", "anna@example.co.uk"),
)
ABROAD = (
    ("Atelier Mireille", "EUR", "+33 1 99 00 01 13", "contact@mireille.example.fr"),
    ("Brauhaus Eichelberg GmbH", "EUR", "+49 30 23125 114", "rechnung@eichelberg.example.de"),
    ("Sunset Surf Co.", "USD", "+1 310 555 0115", "ap@sunsetsurf.example.com"),
    ("株式会社みなと", "JPY", "+81 3-5550-0116", "keiri@minato.example.jp"),
    ("Al Noor Trading", "KWD", "+965 2220 0117", "finance@alnoor.example.com"),
)


def fill(company: Company) -> None:
    """Customers first, then two and a half years of work."""
    teller = Studio(company)
    _customers(teller)
    _groups(teller)
    _odd(teller)
    _shared(teller)
    company.create("Vendor", {"DisplayName": "Whitby Paper Mill"}, at=teller.moment(990))
    _old_work(teller)
    _special_work(teller)
    _abroad(teller)
    _open_work(teller)
    _credits(teller)


class Studio(Teller):
    """A teller who numbers the forms: this company gives its numbers by hand, now and then none."""

    last = 2000

    def invoice(self, name: str, ago: int, *lines: Document, **fields: Any) -> Document:
        """An invoice with the next number, unless ``DocNumber`` says otherwise."""
        self.last += 1
        number = fields.pop("DocNumber", f"HL-{self.last}")
        return super().invoice(name, ago, *lines, **({"DocNumber": number} if number else {}), **fields)


def _customers(teller: Teller) -> None:
    for index, (name, phone, email) in enumerate(PLAIN):
        teller.customer(name, 980 - index * 21, phone=phone, email=email, BillAddr=QUAY)
    for name, currency, phone, email in ABROAD:
        teller.customer(name, 700, phone=phone, email=email, currency=currency)


def _groups(teller: Teller) -> None:
    teller.customer("Moorland Hotels", 900, phone="01632 960120", email="ledger@moorland.example.co.uk",
                    CompanyName="Moorland Hotels plc", SalesTermRef={"value": "3"})  # fmt: skip
    for name in ("The Old Mill", "The Crag", "The Lighthouse"):
        teller.customer(name, 880, parent="Moorland Hotels", BillWithParent=True)
    teller.customer("The Crag spa", 500, parent="The Crag")


def _odd(teller: Teller) -> None:
    teller.customer("Kit Marlowe", 800, phone="01632 960130")
    teller.customer("Lowri Beddoe", 790, email="lowri@example.co.uk")
    teller.customer("Market stall")
    teller.customer("Studio 🎨 Pop-up", 780, email="popup@example.co.uk")
    teller.customer(("Friends of the Harbour Lane Conservation Area " * 11)[:500], 770, email="friends@example.co.uk")
    teller.customer("O’Neill’s", 765, phone="01632 960131", email="bar@oneill.example.co.uk")
    teller.customer("Noor", 760, mobile="07700 900132")
    teller.customer("Gone Fishing", 755, phone="01632 960133", email="gone@example.co.uk")
    teller.customer("Former Friend", 750, email="former@example.co.uk")
    teller.customer("Wound Up Ltd", 745, phone="01632 960134")
    for name in ("Gone Fishing", "Former Friend", "Wound Up Ltd"):
        teller.retire(name)


def _shared(teller: Teller) -> None:
    """Three who share one phone, and one who has the phone of A with the email of B."""
    for name in ("Ashby House", "Ashby, Celia", "Ashby, Rupert"):
        teller.customer(name, 610, phone="01632 960140")
    teller.customer("Petra Lindqvist", 600, phone="07700 900141", email="petra@example.co.uk")
    teller.customer("Quentin Marsh", 595, phone="07700 900142", email="quentin@example.co.uk")
    teller.customer("P. Lindqvist", 12, phone="+44 7700 900141", email="Quentin@Example.co.uk")


def _old_work(teller: Teller) -> None:
    names = [name for name, _, _ in PLAIN]
    for index in range(26):
        ago = 860 - index * 29
        mode = GROSS if index % 3 == 1 else NET
        lines = [sold(DESIGN, 1 + index % 4 * 0.5, 650, S), sold(HOSTING, 3 + index % 9, 24, S)]
        invoice = teller.invoice(names[index % len(names)], ago, *lines, **mode)
        teller.settle(invoice, ago - 10 - index % 15, PaymentMethodRef={"value": "6"})


def _special_work(teller: Teller) -> None:
    """Several rates on one form, gross and net prices, discounts, bundles, and forms without VAT."""
    mixed = [sold(DESIGN, 1, 650, S), sold(AUDIT, 1, 300, R), sold(GUIDE, 10, 18.5, Z), sold(TRAINING, 1, 420, E)]
    teller.invoice("Amelia Thornbury", 21, *mixed, **NET)
    teller.invoice("Bashir Okonkwo", 19, *mixed, **GROSS)
    teller.invoice("Carys Pritchard", 17, *mixed[:3], percent_off(12.5), **NET)
    teller.invoice("Dougal Innes", 14, sold(GUIDE, 3, 3.33, S), sold(GUIDE, 7, 0.99, S), percent_off(20), **GROSS)
    teller.invoice("Isla Penhaligon", 13, bundle(WEBSITE), remark("Launch in spring."), **NET)
    teller.invoice("Freya's Florist", 11, lump(PHOTOS, 275.33, S), amount_off(25.33), shipping(12, S), **NET)
    teller.invoice("Hanif Brothers Ltd", 10, sold(DESIGN, 2, 650, RC), **NET)
    teller.invoice("Kit Marlowe", 8, sold(TRAINING, 1, 420, E), **NO_VAT)
    teller.invoice("Gareth Vaughan-Lloyd", 6, sold(PHOTOS, 3, 275.333333, S), **NET)
    teller.invoice("Lowri Beddoe", 90, sold(HOSTING, 1, 0, S), PrivateNote="Given for the raffle", **NET)
    mistake = teller.invoice("Isla Penhaligon", 140, sold(DESIGN, 1, 650, S), **NET)
    teller.company.void("Invoice", mistake["Id"], at=teller.moment(139))
    teller.receipt(
        "Market stall", 16, sold(GUIDE, 4, 18.5, Z), DocNumber="SR-1", PaymentMethodRef={"value": "1"}, **NET
    )
    teller.receipt(None, 4, sold(PHOTOS, 1, 330, S), DocNumber="SR-2", **GROSS)


def _abroad(teller: Teller) -> None:
    euros = teller.invoice("Atelier Mireille", 40, sold(DESIGN, 2, 780, Z), ExchangeRate=0.8571, **NET)
    teller.pay("Atelier Mireille", 9, 1560, (euros, 1560), ExchangeRate=0.8612)
    teller.invoice("Brauhaus Eichelberg GmbH", 55, sold(DESIGN, 1.5, 780, Z), sold(HOSTING, 12, 29, Z), **NET)
    teller.invoice("Sunset Surf Co.", 29, sold(PHOTOS, 1, 360, E), **NET)
    teller.invoice("株式会社みなと", 22, lump(DESIGN, 120000, Z), sold(GUIDE, 3, 3500, Z), ExchangeRate=0.0053, **NET)
    teller.invoice("Al Noor Trading", 15, lump(TRAINING, 125.125, E), **NET)


def _open_work(teller: Teller) -> None:
    names = ("Eilidh & Rory Munro", "Łukasz Żółć", "Смирнова Анна", 'Jasper "Jaz" Whitlock')
    for index, ago in enumerate((1, 3, 5, 38, 44, 70, 101, 160)):
        mode = GROSS if index % 2 else NET
        teller.invoice(names[index % 4], ago, sold(DESIGN, 1 + index * 0.5, 650, S), **mode)
    part = teller.invoice("Petra Lindqvist", 52, sold(DESIGN, 3, 650, S), **NET)
    teller.pay("Petra Lindqvist", 23, 1000, (part, 1000), PaymentMethodRef={"value": "3"})
    houses = [teller.invoice(name, 66, sold(PHOTOS, 2, 275, S), **NET) for name in ("The Old Mill", "The Crag")]
    spa = teller.invoice("The Crag spa", 64, sold(AUDIT, 1, 300, R), **NET)
    parts = [(one, one["TotalAmt"]) for one in houses] + [(spa, 200.0)]
    total = round(sum(amount for _, amount in parts), 2)
    teller.pay("Moorland Hotels", 20, total, *parts, PaymentRefNum="BACS 0923")
    teller.pay("Quentin Marsh", 2, 150, PrivateNote="On account")
    teller.invoice("The Lighthouse", 7, sold(DESIGN, 1, 650, S), DocNumber="", **NET)


def _credits(teller: Teller) -> None:
    invoice = teller.invoice("Ashby House", 105, sold(DESIGN, 1, 650, S), **NET)
    memo = teller.credit("Ashby House", 85, sold(HOSTING, 5, 24, S), DocNumber="CN-1", **NET)
    teller.pay("Ashby House", 84, 0, (invoice, 144.0), credits=((memo, 144.0),))
    teller.settle({**invoice, "Balance": 636.0}, 50)
    teller.credit("Carys Pritchard", 26, lump(GUIDE, 37, Z), DocNumber="CN-2", **GROSS)

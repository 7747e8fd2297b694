"""Cedar & Sons Plumbing: dollars, sales tax, jobs under general contractors, and the mess of real address books."""

from __future__ import annotations

from ..company import Company
from .teller import Teller, amount_off, bundle, lump, percent_off, remark, shipping, sold, tax

STREET = {"Line1": "48 Alder Street", "City": "Palo Alto", "CountrySubDivisionCode": "CA", "PostalCode": "94301"}
DESERT = {"Line1": "7 Saguaro Way", "City": "Tucson", "CountrySubDivisionCode": "AZ", "PostalCode": "85701"}
CALL_OUT, HOURS, TAP, HEATER, PIPE, CHECK, FITTED = "1", "2", "3", "4", "5", "6", "7"
PLAIN = (
    ("Ines Calderon", "(650) 555-0101", "ines.calderon@example.com"),
    ("Walter Oduya", "650.555.0102", "Walter.Oduya@Example.COM"),
    ("Mei-Lin Hsu", "+1 650 555 0103", "meilin@example.org"),
    ("Tobias Renner", "6505550104", "tobias.renner@example.net"),
    ("Grace Abernathy", "1-650-555-0105", "grace@example.com"),
    ("Omar Haddad", "650 555 0106 ext. 12", "omar.haddad@example.com"),
    ("Fiona MacLeish", "(650)555-0107", "FIONA@EXAMPLE.COM"),
    ("Kenji Watanabe", "650/555-0108", "kenji@example.com, office@watanabe.example.com"),
    ("Rosa & Luis Quintero", "+16505550109", "rosa@example.com; luis@example.com"),
    ("D'Angelo Bakery", "650-555-0110 (shop)", "orders@dangelo.example.com"),
    ("Percy \\ Crane", "650 555-0111", "percy@example.com"),
    ("Smith, Jordan", "6505550112", "jordan.smith@example.com"),
)


def fill(company: Company) -> None:
    """Customers first, then three years of work."""
    teller = Teller(company)
    _plain(teller)
    _jobs(teller)
    _odd(teller)
    _shared(teller)
    company.create("Vendor", {"DisplayName": "Pacific Pipe Supply"}, at=teller.moment(990))
    _old_work(teller)
    _special_work(teller)
    _open_work(teller)
    _settled_by_credit(teller)


def _plain(teller: Teller) -> None:
    for index, (name, phone, email) in enumerate(PLAIN):
        given, _, family = name.partition(" ")
        fields = {"GivenName": given, "FamilyName": family} if "&" not in name and "," not in name else {}
        teller.customer(name, 1000 - index * 20, phone=phone, email=email, BillAddr=STREET, **fields)


def _jobs(teller: Teller) -> None:
    teller.customer(
        "Redwood Builders", 960, phone="(408) 555-0120", email="accounts@redwood.example.com",
        CompanyName="Redwood Builders Inc.", BillAddr=STREET, SalesTermRef={"value": "4"},
    )  # fmt: skip
    teller.customer("Lot 4, Hillcrest", 940, parent="Redwood Builders", BillWithParent=True)
    teller.customer("Lot 9, Hillcrest", 930, parent="Redwood Builders", email="site9@redwood.example.com")
    teller.customer("Lot 9 guest house", 700, parent="Lot 9, Hillcrest")
    teller.customer("Saguaro Homes", 800, phone="(520) 555-0121", BillAddr=DESERT, ShipAddr=DESERT)
    teller.customer("Unit 12", 790, parent="Saguaro Homes")


def _odd(teller: Teller) -> None:
    """No email, no phone, neither, a name as long as allowed, accents, gone customers."""
    teller.customer("Harlan Pike", 880, phone="650-555-0130")
    teller.customer("Beatrix Lowell", 870, email="beatrix.lowell@example.com")
    teller.customer("Walk-in")
    teller.customer("José Ñandú", 860, mobile="650-555-0131", email="jose@example.com")
    teller.customer("Chloë Brontë-Façade", 850, phone="650-555-0132", email="chloe@example.com")
    teller.customer("Löwenstein & Søn", 845, phone="650-555-0133", email="post@lowenstein.example.com")
    teller.customer(
        ("The Association of Owners of the Very Long Terrace " * 10)[:500], 840, email="terrace@example.com"
    )
    teller.customer("O’Hara’s Grill", 835, phone="650-555-0134", email="kitchen@ohara.example.com")
    teller.customer("Tax Free Church", 830, phone="650-555-0135", Taxable=False)
    teller.customer("Only Given", 820, GivenName="Only", alternate="650-555-0136")
    teller.customer("Moved Away", 815, phone="650-555-0137", email="moved@example.com")
    teller.customer("Closed Shop", 812, email="closed@example.com")
    teller.customer("Old Partner", 810, phone="650-555-0138")
    for name in ("Moved Away", "Closed Shop", "Old Partner"):
        teller.retire(name)


def _shared(teller: Teller) -> None:
    """Three who share one phone, and one who has the phone of A with the email of B."""
    for name in ("Nolan Family", "Nolan, Patricia", "Nolan, Sean"):
        teller.customer(name, 600, phone="(650) 555-0140")
    teller.customer("Avery Stone", 590, phone="650-555-0141", email="avery@example.com")
    teller.customer("Blake Rivers", 585, phone="650-555-0142", email="blake@example.com")
    teller.customer("A. Stone (new)", 20, phone="(650) 555-0141", email="Blake@Example.com")


def _old_work(teller: Teller) -> None:
    """Two and a half years of small jobs, paid in time."""
    names = [name for name, _, _ in PLAIN]
    for index in range(34):
        ago = 930 - index * 24
        name = names[index % len(names)]
        hours = 1 + index % 5 * 0.5
        invoice = teller.invoice(
            name,
            ago,
            sold(CALL_OUT, 1, 95),
            sold(HOURS, hours, 120),
            sold(TAP, 1 + index % 3, 189.5, "TAX"),
            **tax("1"),
        )
        teller.settle(invoice, ago - 12 - index % 9, PaymentMethodRef={"value": str(1 + index % 6)})


def _special_work(teller: Teller) -> None:
    """Every kind of line and tax."""
    teller.settle(teller.invoice("Ines Calderon", 400, sold(HEATER, 1, 1249, "TAX"), percent_off(10), **tax("1")), 380)
    after = {"ApplyTaxAfterDiscount": True, **tax("1")}
    teller.settle(teller.invoice("Walter Oduya", 390, sold(HEATER, 1, 1249, "TAX"), percent_off(10), **after), 371)
    teller.invoice("Mei-Lin Hsu", 18, lump(CHECK, 240), amount_off(40), remark("Thank you for coming back."))
    teller.invoice(
        "Tobias Renner", 25, bundle(FITTED, 2), **tax("1"), BillEmail={"Address": "tobias.renner@example.net"}
    )
    teller.invoice("Unit 12", 33, sold(PIPE, 40, 3.2575, "TAX"), shipping(18), **tax("2"))
    teller.invoice("Saguaro Homes", 12, sold(HEATER, 2, 1249, "TAX"), sold(HOURS, 6, 120), **tax("2"))
    teller.invoice("Grace Abernathy", 9, {"Amount": 1, "DetailType": "SalesItemLineDetail", "Description": "See photos",
                   "SalesItemLineDetail": {}}, sold(CALL_OUT, 1, 95))  # fmt: skip
    teller.invoice("Tax Free Church", 45, sold(CHECK, 1, 240), sold(TAP, 2, 189.5), PrivateNote="Exempt, see letter")
    teller.invoice("Beatrix Lowell", 60, sold(CALL_OUT, 1, 95), sold(CALL_OUT, 1, 0, text="Second visit, no charge"))
    teller.invoice("Harlan Pike", 200, sold(CALL_OUT, 1, 0, text="Warranty, no charge"))
    mistake = teller.invoice("Omar Haddad", 150, sold(HOURS, 3, 120), PrivateNote="Entered twice")
    teller.company.void("Invoice", mistake["Id"], at=teller.moment(149))
    teller.receipt("Walk-in", 28, sold(TAP, 1, 189.5, "TAX"), PaymentMethodRef={"value": "1"}, **tax("1"))
    teller.receipt(None, 5, sold(CALL_OUT, 1, 95), PaymentMethodRef={"value": "3"}, PaymentRefNum="4417")


def _open_work(teller: Teller) -> None:
    """What the office looks at today: due soon, overdue, part-paid, and money that waits for an invoice."""
    for index, ago in enumerate((2, 4, 7, 35, 48, 62, 95, 130)):
        name = ("Fiona MacLeish", "Kenji Watanabe", "D'Angelo Bakery", "Smith, Jordan")[index % 4]
        teller.invoice(name, ago, sold(CALL_OUT, 1, 95), sold(HOURS, 2 + index, 120), EmailStatus="NotSet")
    part = teller.invoice("Rosa & Luis Quintero", 50, sold(HEATER, 1, 1249, "TAX"), sold(HOURS, 4, 120), **tax("1"))
    teller.pay("Rosa & Luis Quintero", 20, 900, (part, 900), PaymentMethodRef={"value": "2"}, PaymentRefNum="1187")
    first = teller.invoice("Lot 4, Hillcrest", 80, sold(HOURS, 16, 120))
    second = teller.invoice("Lot 9, Hillcrest", 75, sold(HOURS, 9, 120), sold(PIPE, 120, 3.2575, "TAX"), **tax("1"))
    third = teller.invoice("Lot 9 guest house", 70, sold(CHECK, 1, 240))
    parts = [(first, 1920.0), (second, second["TotalAmt"]), (third, 100.0)]
    total = round(sum(amount for _, amount in parts), 2)
    teller.pay("Redwood Builders", 15, total, *parts, PaymentMethodRef={"value": "6"}, PaymentRefNum="WIRE 20117")
    teller.pay("Avery Stone", 3, 250, PrivateNote="Deposit for the bathroom")
    gone = teller.pay("Harlan Pike", 40, 95, PrivateNote="Bounced", PaymentMethodRef={"value": "2"})
    teller.company.void("Payment", gone["Id"], at=teller.moment(38))


def _settled_by_credit(teller: Teller) -> None:
    """A credit memo on an invoice, through a payment of nothing; another one still open."""
    invoice = teller.invoice("Chloë Brontë-Façade", 110, sold(TAP, 2, 189.5), sold(HOURS, 1, 120))
    memo = teller.credit("Chloë Brontë-Façade", 90, sold(TAP, 1, 189.5))
    teller.pay("Chloë Brontë-Façade", 89, 0, (invoice, 189.5), credits=((memo, 189.5),))
    teller.settle({**invoice, "Balance": 309.5}, 60)
    teller.credit("José Ñandú", 30, lump(CHECK, 60))

"""Invoices and receipts as PDFs: read back, and compared with the customer's page."""

import html
import re
import subprocess
import sys
import threading
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from crm.models import Business
from invoicing.links import link_for, replace_link, url_of
from invoicing.models import Invoice, InvoiceLine, InvoiceView, PublicLink
from invoicing.pdf import MOST_ROWS, invoice_pdf, receipt_pdf
from tests.factories import make_agent, make_contact, make_invoice, make_payment, make_user

pytestmark = pytest.mark.django_db

A4, LETTER = (595, 842), (612, 792)
HOSTILE = [
    '#eval("1")',
    '#panic("no") #read("/etc/passwd") #image("x")',
    "*bold* _low_ $x^2$ `raw` @ref <label> // gone /* gone */ = Title",
    "quotes \" and ' and \\ back\\slashes \\u{41} \\",
    '"}],"rows":[] } #let data = none',
    "<script>alert(1)</script> &amp; ${7*7} {{ 7*7 }} {% now %}",
    "control \0\x01\x07\x1b\x7f\x9f and \u202eturned\u202c \u2066round\u2069",
    "lines\r\nof\rmany\u2028kinds\u2029and\vothers\fend",
    "w" * 5000,
    "e" + "\u0301" * 5000,
    "\n" * 5000,
    " ",
]


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def anybody() -> Client:
    return Client()


def address(invoice: Invoice) -> str:
    return f"/i/{link_for(invoice).token}/"


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


def read(pdf: bytes) -> str:
    """Its words, however they are spread over lines and pages."""
    return " ".join(" ".join(page.extract_text() for page in reader(pdf).pages).replace("\xa0", " ").split())


def shown(client: Client, path: str) -> str:
    page = re.sub(r"<(head|script|style).*?</\1>|<wbr>", "", client.get(path).text, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ").split())


def figures(words: str) -> set[str]:
    return set(re.findall(r"-?(?:[$£€¥]|[A-Z]{3} )[\d,]+(?:\.\d+)?", words))


def full(**fields: Any) -> Invoice:
    """With a discount, shipping, two taxes, and a part of it paid."""
    lines = [
        {
            "name": "Rewiring",
            "code": "RW",
            "description": "Ground floor",
            "quantity": Decimal(3),
            "rate": Decimal("150"),
        },
        {"description": "Call-out", "quantity": Decimal("0.5"), "rate": Decimal("50"), "discount_percent": Decimal(10)},
    ]
    amounts = ({"amount": "450", "tax_name": "VAT", "tax_percent": Decimal(20)}, {"amount": "22.50", "tax_name": "NON"})
    taxes = [
        {"name": "City tax", "percent": "2", "net": "450", "amount": "9"},
        {"name": "State tax", "percent": "6.25", "net": "450", "amount": "28.13"},
    ]
    fields = {
        "number": "INV-1042",
        "currency": "GBP",
        "subtotal": "472.50",
        "discount": "22.50",
        "discount_percent": Decimal(5),
        "shipping": "12",
        "tax_mode": "exclusive",
        "tax": "37.13",
        "taxes": taxes,
        "total": "499.13",
        "paid": "100",
        "credited": "40",
        "balance": "359.13",
        "bill_to": "Ada Lovelace\n12 St James's Square\nLondon",
        "terms": "Net 30",
        "customer_note": "Thank you.\nCall before you come.",
        **fields,
    }
    both = [line | amount for line, amount in zip(lines, amounts, strict=True)]
    return make_invoice(make_contact(), lines=both, **fields)


def test_it_says_what_the_page_says_figure_by_figure(anybody: Client) -> None:
    Business.objects.update_or_create(pk=1, defaults={"country": "GB", "name": "Harbour Light", "city": "Bristol"})
    invoice = full()
    page, pdf = shown(anybody, address(invoice)), read(anybody.get(f"{address(invoice)}invoice.pdf").content)
    assert figures(page) and figures(page) <= figures(pdf)
    for told in (
        *("Subtotal £472.50", "Discount 5% -£22.50", "Shipping £12.00", "City tax 2% on £450.00 £9.00"),
        *("State tax 6.25% on £450.00 £28.13", "Total £499.13", "Paid -£100.00", "Credit applied -£40.00"),
        "Amount due £359.13",
    ):
        assert told in page and told in pdf
    assert "Harbour Light Bristol" in pdf and "INV-1042" in pdf and "Net 30" in pdf
    assert "BILL TO Ada Lovelace 12 St James's Square London" in pdf
    assert "Thank you. Call before you come." in pdf and "NON" not in pdf
    assert f"Due {invoice.due_on:%-d %B %Y}" in pdf and f"Issued {invoice.issued_on:%-d %B %Y}" in pdf


@pytest.mark.parametrize(
    ("currency", "total", "told"),
    [("JPY", "12000", "¥12,000"), ("KWD", "1.25", "KWD 1.250"), ("EUR", "99.9", "€99.90"), ("USD", "-5", "-$5.00")],
)
def test_money_is_written_as_its_currency_wants(currency: str, total: str, told: str) -> None:
    invoice = make_invoice(make_contact(), currency=currency, total=total, balance="0", status="settled")
    assert f"Total {told} " in read(invoice_pdf(invoice))


def test_prices_that_include_tax_say_so_and_what_they_are_without() -> None:
    Business.objects.update_or_create(pk=1, defaults={"country": "GB"})
    line = {"description": "Lamp", "amount": "100", "amount_with_tax": "120", "tax_name": "VAT 20%"}
    fields = {"tax_mode": "inclusive", "tax": "20", "subtotal": "100", "currency": "GBP"}
    pdf = read(invoice_pdf(make_invoice(make_contact(), lines=[line], **fields)))
    assert "Lamp £100.00 without VAT VAT 20% £120.00" in pdf
    assert "Subtotal without VAT £100.00 Includes VAT £20.00 Total £120.00" in pdf
    assert "All amounts are in USD and include VAT." not in pdf and "All amounts are in GBP and include VAT." in pdf


@pytest.mark.parametrize(("country", "size"), [("US", LETTER), ("CA", LETTER), ("GB", A4), ("JP", A4), ("", A4)])
def test_the_paper_is_that_of_the_business_country(country: str, size: tuple[int, int]) -> None:
    Business.objects.update_or_create(pk=1, defaults={"country": country})
    box = reader(invoice_pdf(make_invoice(make_contact()))).pages[0].mediabox
    assert (round(box.width), round(box.height)) == size


def test_many_lines_go_over_pages_each_with_its_head_and_number() -> None:
    lines = [{"description": f"Work of day {day}", "amount": day, "quantity": Decimal(day)} for day in range(1, 61)]
    pages = [page.extract_text() for page in reader(invoice_pdf(make_invoice(make_contact(), lines=lines))).pages]
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "DESCRIPTION QUANTITY RATE AMOUNT" in page or "Work of day" not in page
    whole = " ".join(pages)
    assert all(f"Work of day {day}\n" in whole or f"Work of day {day} " in whole for day in range(1, 61))


def test_a_document_of_endless_lines_says_how_many_it_leaves_out() -> None:
    invoice = make_invoice(make_contact(), lines=[{"description": "Screw", "amount": 1}] * (MOST_ROWS + 20))
    assert "And 20 more lines that are not printed here; the totals hold all of them." in read(invoice_pdf(invoice))


def test_a_word_longer_than_its_column_is_broken_and_copied_out_whole() -> None:
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    invoice = make_invoice(make_contact(word), bill_to="12 Quay Street", ship_to="elsewhere", number="A" * 40)
    pages = " ".join(page.extract_text() for page in reader(invoice_pdf(invoice)).pages)
    assert word not in pages and word in pages.replace("\n", "")
    assert "A" * 40 not in pages.split("BILL TO")[0] and "\N{ZERO WIDTH SPACE}" not in pages


def test_figures_too_wide_for_columns_stand_below_the_description() -> None:
    line = {"description": "Bricks", "quantity": Decimal("123456789.125"), "rate": Decimal("98765432.5"), "amount": "1"}
    pdf = read(invoice_pdf(make_invoice(make_contact(), lines=[line])))
    assert "QUANTITY" not in pdf and "Bricks 123,456,789.125 × 98,765,432.5 $1.00" in pdf


def test_owed_leads_to_the_page_with_a_code_and_as_text(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_anything"
    invoice = make_invoice(make_contact())
    assert "Scan" not in read(invoice_pdf(invoice)) and not PublicLink.objects.exists()
    url = url_of(invoice)
    pdf = invoice_pdf(invoice)
    assert url.split("://")[1] in read(pdf) and "Scan to pay" in read(pdf)
    targets = [note.get_object()["/A"]["/URI"] for note in reader(pdf).pages[0]["/Annots"]]
    assert set(targets) == {url}


def test_where_nobody_takes_money_online_the_code_promises_no_paying(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    invoice = make_invoice(make_contact())
    link_for(invoice)
    assert "Scan to see it online" in read(invoice_pdf(invoice)) and "pay" not in read(invoice_pdf(invoice)).lower()


def test_paid_is_stamped_with_its_day_and_asks_for_nothing() -> None:
    invoice = make_invoice(make_contact(), total="120", paid="120", status="paid")
    make_payment(invoice.contact, of={invoice: "120"}, received_on=date(2026, 5, 3))
    link_for(invoice)
    pdf = read(invoice_pdf(invoice))
    assert "PAID" in pdf and "Paid $120.00 On 3 May 2026. Thank you." in pdf and "Scan" not in pdf


def test_void_and_draft_are_stamped_on_every_page_and_lead_nowhere() -> None:
    lines = [{"description": f"Day {day}", "amount": 1} for day in range(60)]
    for status in ("void", "draft"):
        invoice = make_invoice(make_contact(), status=status, balance="0", lines=lines)
        link_for(invoice)
        pages = [page.extract_text() for page in reader(invoice_pdf(invoice)).pages]
        assert status.upper() in pages[0] and all(f"({status})" in page for page in pages)
        assert "/i/" not in "".join(pages) and "Scan" not in "".join(pages)


def test_a_receipt_says_what_came_when_how_and_what_is_left(anybody: Client) -> None:
    invoice = make_invoice(
        make_contact(), number="7", total="120", paid="70", credited="10", deposit="15", balance="25"
    )
    make_payment(invoice.contact, of={invoice: "70"}, received_on=date(2026, 5, 3), method="Check", memo="No. 88")
    make_payment(invoice.contact, of={invoice: "10"}, received_on=date(2026, 5, 4), credit="10", amount="0")
    make_payment(invoice.contact, of={invoice: "5"}, is_void=True, memo="bounced")
    pdf = read(anybody.get(f"{address(invoice)}receipt.pdf").content)
    assert "Receipt for invoice 7" in pdf and "RECEIVED FROM Ada Lovelace" in pdf
    assert "3 May 2026 Check No. 88 $70.00 4 May 2026 Credit $10.00" in pdf
    assert f"{invoice.issued_on:%-d %B %Y} Deposit $15.00" in pdf and "bounced" not in pdf
    assert "Paid $70.00 And a deposit of $15.00. $25.00 is left to pay" in pdf
    told = "Total $120.00 Deposit -$15.00 Paid -$70.00 Credit applied -$10.00 Amount due $25.00"
    assert told in pdf and told in shown(anybody, address(invoice))


def test_a_receipt_of_all_says_that_nothing_is_left() -> None:
    invoice = make_invoice(make_contact(), total="120", paid="120", status="paid")
    make_payment(invoice.contact, of={invoice: "120"})
    assert "Nothing is left to pay. Thank you." in read(receipt_pdf(invoice))


def test_scripts_of_the_world_are_set_in_fonts_that_have_them() -> None:
    words = "日本語 한국어 محمد שלום Київ Ελλάδα ไทย हिन्दी தமிழ் ქართული 💡"
    pdf = invoice_pdf(make_invoice(make_contact(words), lines=[{"description": words, "amount": "1"}]))
    fonts = {str(font.get_object()["/BaseFont"]) for font in reader(pdf).pages[0]["/Resources"]["/Font"].values()}
    for family in ("CJK", "Arabic", "Hebrew", "Thai", "Devanagari", "Tamil", "Georgian", "NotoEmoji"):
        assert any(family in font for font in fonts), family
    assert "Київ Ελλάδα" in read(pdf) and "日本語 한국어" in read(pdf)


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_that_somebody_typed_is_code_or_markup(words: str) -> None:
    typed = words.replace("\0", "")  # no database takes it
    fields = {"customer_note": typed, "bill_to": typed, "ship_to": typed + "x", "terms": typed[:100]}
    lines = [{"name": typed[:500], "description": typed, "tax_name": typed[:100], "amount": "120"}]
    Business.objects.update_or_create(pk=1, defaults={"name": typed[:200], "street": typed, "city": typed[:100]})
    contact = make_contact(typed[:200])
    invoice = make_invoice(contact, number=typed[:40], lines=lines, paid="20", tax_mode="exclusive", **fields)
    make_payment(contact, of={invoice: "20"}, method=typed[:100], memo=typed[:100])
    for pdf in (invoice_pdf(invoice), receipt_pdf(invoice)):
        assert "Amount due $120.00" in read(pdf)
    if typed.isascii() and typed.isprintable() and len(typed) < 100:
        assert re.sub(r"\s", "", typed) in re.sub(r"\s", "", read(invoice_pdf(invoice)))


@hypothesis_settings(max_examples=40, deadline=None)
@given(
    words=st.text(max_size=400), number=st.text(max_size=40), name=st.text(st.characters(codec="utf-8"), max_size=60)
)
@example(words="", number="", name="")
@example(words="\ud800 \udfff", number="\0", name="​")
def test_any_text_can_be_typeset(words: str, number: str, name: str) -> None:
    business = Business.load()
    business.name = business.street = name
    invoice = Invoice(pk=1, number=number, customer_name=words, bill_to=words, ship_to=name, customer_note=words)
    fields = {"issued_on": date(2026, 5, 3), "due_on": date(2026, 6, 3), "currency": "USD", "total": 5, "balance": 5}
    for field, value in {**fields, "status": "open", "terms": name, "changed_at": timezone.now()}.items():
        setattr(invoice, field, value)
    invoice._prefetched_objects_cache = {"lines": [InvoiceLine(name=name, description=words, amount=5)]}
    pages = reader(invoice_pdf(invoice)).pages
    assert "Amount due" in " ".join(page.extract_text() for page in pages)


def test_the_metadata_name_the_invoice_and_no_place_of_this_machine() -> None:
    Business.objects.update_or_create(pk=1, defaults={"name": "Harbour Light"})
    invoice = make_invoice(make_contact(), number="1042")
    pdf = invoice_pdf(invoice)
    metadata = reader(pdf).metadata
    assert metadata and metadata.title == "Invoice 1042 from Harbour Light" and metadata.author == "Harbour Light"
    for place in (str(django_settings.BASE_DIR), str(Path.home()), "/tmp", ".typ", "site-packages"):
        assert place.encode() not in pdf
    assert invoice_pdf(Invoice.objects.get(pk=invoice.pk)) == pdf


def test_the_logo_stands_on_it_and_a_lost_file_keeps_no_invoice_back(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    drawn = BytesIO()
    Image.new("RGBA", (600, 80), (18, 96, 63, 255)).save(drawn, "PNG")
    business = Business.load()
    business.logo.save("logo.png", ContentFile(drawn.getvalue()))
    invoice = make_invoice(make_contact())
    assert reader(invoice_pdf(invoice)).pages[0].images
    Path(business.logo.path).unlink()
    pdf = invoice_pdf(invoice)
    assert not reader(pdf).pages[0].images and "Amount due $120.00" in read(pdf)


def test_several_at_once_do_not_get_into_each_others_way() -> None:
    found: list[bytes] = []
    rows = [make_invoice(make_contact(f"Customer {number}"), number=str(number)) for number in range(4)]
    datas = [invoice_pdf(row) for row in rows]
    from invoicing.typesetting import typeset  # the same template and fonts, without a database in the threads

    frame = {"paper": "a4", "ideographs": "SC", "title": "t", "author": "a", "business": {"name": "b", "lines": []}}
    frame |= {"logo": None, "number": "1", "stamp": None, "footer": "f", "link": "", "qr": None, "parties": []}
    frame |= {"facts": [], "panel": {"label": "", "amount": "", "words": "", "tone": "good"}, "payments": []}
    frame |= {"left_out": "", "totals": [], "closing": ""}
    work = [
        threading.Thread(target=lambda: found.append(typeset("receipt.typ", frame, at=timezone.now())))
        for _ in range(8)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(60)
    assert len(found) == 8 and len(set(datas)) == 4


def test_the_page_offers_both_once_something_is_paid(anybody: Client) -> None:
    invoice = make_invoice(make_contact(), number="INV/20 26-ü")
    page = anybody.get(address(invoice)).text
    assert f'href="{address(invoice)}invoice.pdf"' in page and "receipt.pdf" not in page
    assert anybody.get(f"{address(invoice)}receipt.pdf").status_code == 404
    Invoice.objects.update(paid="20", balance="100")
    assert f'href="{address(invoice)}receipt.pdf"' in anybody.get(address(invoice)).text
    answer = anybody.get(f"{address(invoice)}invoice.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="invoice-INV-20-26.pdf"'
    receipt = anybody.get(f"{address(invoice)}receipt.pdf")
    assert receipt["Content-Disposition"] == 'attachment; filename="receipt-INV-20-26.pdf"'


def test_nobody_keeps_or_lists_it_and_a_get_changes_nothing(anybody: Client) -> None:
    invoice = make_invoice(make_contact())
    before = Invoice.objects.values().get()
    answer = anybody.get(f"{address(invoice)}invoice.pdf")
    assert answer["Referrer-Policy"] == "no-referrer" and answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"] and "default-src 'none'" in answer["Content-Security-Policy"]
    assert not answer.cookies and answer["X-Content-Type-Options"] == "nosniff"
    assert Invoice.objects.values().get() == before and not InvoiceView.objects.exists()
    assert anybody.post(f"{address(invoice)}invoice.pdf").status_code == 405


def test_void_removed_replaced_and_unknown_are_the_page_that_says_nothing(anybody: Client) -> None:
    void = make_invoice(make_contact(), status="void", balance="0", paid="5")
    removed = make_invoice(make_contact("Ben"), removed_at=timezone.now(), paid="5")
    replaced = make_invoice(make_contact("Cleo"), paid="5")
    old = address(replaced)
    replace_link(replaced, actor=make_user())
    nothing = anybody.get("/i/nobody-made-this-token/")
    for path in (address(void), address(removed), old, "/i/nobody-made-this-token/"):
        for name in ("invoice.pdf", "receipt.pdf"):
            answer = anybody.get(f"{path}{name}")
            assert (answer.status_code, answer.content) == (404, nothing.content)


def test_typesetting_is_counted_for_who_has_a_link_too(anybody: Client) -> None:
    path = address(make_invoice(make_contact()))
    statuses = [anybody.get(f"{path}invoice.pdf").status_code for _ in range(22)]
    assert statuses[0] == 200 and statuses[-1] == 429
    assert anybody.get(path).status_code == 200


def test_staff_get_it_from_the_invoice_page(client: Client) -> None:
    invoice = make_invoice(make_contact(), number="12", due_on=timezone.localdate() - timedelta(days=3))
    client.force_login(make_agent())
    page = f"/invoices/{invoice.pk}/"
    assert f'href="{page}invoice.pdf"' in client.get(page).text and "receipt.pdf" not in client.get(page).text
    answer = client.get(f"{page}invoice.pdf")
    assert answer["Content-Disposition"] == 'attachment; filename="invoice-12.pdf"' and "$120.00" in read(
        answer.content
    )
    assert client.get(f"{page}receipt.pdf").status_code == 404
    assert not PublicLink.objects.exists()
    Invoice.objects.update(paid="20")
    assert f'href="{page}receipt.pdf"' in client.get(page).text
    assert "Receipt for invoice 12" in read(client.get(f"{page}receipt.pdf").content)
    assert client.get(f"/invoices/{2**63}/invoice.pdf").status_code == 404


def test_a_process_forked_after_typesetting_says_so_instead_of_waiting_for_ever() -> None:
    script = (
        "import os, sys; from invoicing import typesetting\n"
        "typesetting._fonts()\n"
        "if os.fork():\n"
        "    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "try:\n"
        "    typesetting.typeset('receipt.typ', {}, at=None)\n"
        "except RuntimeError as error:\n"
        "    os._exit(7 if 'forked' in str(error) else 1)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=django_settings.BASE_DIR, timeout=60).returncode == 7

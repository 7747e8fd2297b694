"""Invoices in a real browser: by keyboard, on a phone, filters that answer at once, and nothing axe objects to."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm.models import Business, Contact, User
from invoicing.models import Invoice
from tests.factories import business_day, make_contact, make_invoice, make_payment

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[..., User]
Check = Callable[[Page], None]


@pytest.fixture
def ada() -> Contact:
    return make_contact("Ada Lovelace", company="Analytical Engines Ltd")


@pytest.fixture
def invoices(page: Page, live_server: Any, signed_in: SignIn, ada: Contact) -> Page:
    """The list: one overdue, one paid, one of a customer in conflict, one of 500 letters in yen."""
    business = Business.load()
    business.country, business.currency = "GB", "GBP"
    business.save()
    today = business_day()
    full_invoice(ada)
    make_invoice(ada, number="1043", status="paid", currency="GBP", issued_on=today - timedelta(days=2))
    make_invoice(None, number="1044", customer_name="Ann Clash", currency="EUR", issued_on=today - timedelta(days=3))
    long = make_contact("Wolfeschlegelsteinhausen" * 20)
    make_invoice(long, number="L" * 40, currency="JPY", total="12000000", issued_on=today - timedelta(days=4))
    signed_in("agent")
    page.goto(f"{live_server.url}/invoices/")
    return page


def full_invoice(ada: Contact) -> Invoice:
    """Every section has something to show."""
    line = {"kind": "item", "code": "ROCK-1", "name": "Rock Fountain", "description": "Granite " * 20, "quantity": 2}
    line |= {"rate": Decimal("46.5833333"), "amount": Decimal("93.17"), "tax_name": "20.0% S", "discount_percent": 5}
    taxes = [{"name": "20.0% S", "percent": "20", "net": "93.17", "amount": "18.63"}]
    invoice = make_invoice(
        ada, number="1042", currency="GBP", total="111.80", balance="61.80", paid="50", subtotal="93.17", tax="18.63",
        tax_mode="exclusive", taxes=taxes, lines=[line, {"kind": "text", "description": "As agreed", "amount": 0}],
        customer_note="Thank you", due_on=business_day() - timedelta(days=12),
    )  # fmt: skip
    make_payment(ada, of={invoice: "50"}, currency="GBP", memo="CHK 881")
    return invoice


def row(page: Page, number: str) -> Any:
    return page.locator(".row-link").filter(has_text=number)


def expect_invoice(page: Page, number: str) -> None:
    expect(page.get_by_role("heading", name=f"Invoice {number}")).to_be_visible()
    page.wait_for_load_state("networkidle")  # its panels are fetched: leaving now would be an error in the console


def test_a_click_anywhere_on_the_row_opens_the_invoice(invoices: Page) -> None:
    for cell in range(7):
        row(invoices, "1042").locator("td").nth(cell).click(force=True)  # the link lies over the cells
        expect_invoice(invoices, "1042")
        invoices.go_back()


def test_the_keyboard_alone_finds_and_opens_an_invoice(invoices: Page) -> None:
    invoices.keyboard.press("j")
    expect(row(invoices, "1042").get_by_role("link")).to_be_focused()
    invoices.keyboard.press("j")
    expect(row(invoices, "1043").get_by_role("link")).to_be_focused()
    invoices.keyboard.press("/")
    invoices.keyboard.type("1044")
    expect(invoices.locator(".row-link")).to_have_count(1)
    expect(invoices.get_by_role("searchbox")).to_be_focused()
    expect(invoices).to_have_url(re.compile("q=1044"))
    asked: list[str] = []
    invoices.on("request", lambda request: asked.append(request.url))
    invoices.keyboard.press("Escape")
    invoices.keyboard.press("j")
    expect(row(invoices, "1044").get_by_role("link")).to_be_focused()
    invoices.wait_for_timeout(400)  # longer than the list waits before it asks anew
    assert not asked, "leaving the search box does not ask again and take the row from under the finger"
    invoices.keyboard.press("Enter")
    expect_invoice(invoices, "1044")


def test_filters_answer_at_once_stand_in_the_url_and_survive_going_back(invoices: Page) -> None:
    invoices.get_by_label("Status").select_option("overdue")
    expect(invoices.locator(".row-link")).to_have_count(1)
    expect(invoices).to_have_url(re.compile(r"/invoices/\?(sort=-issued&)?status=overdue(&sort=-issued)?$"))
    expect(invoices.locator("#rows-status")).to_contain_text("1 GBP invoice found")
    invoices.reload()
    expect(invoices.get_by_label("Status")).to_have_value("overdue")
    row(invoices, "1042").click()
    expect_invoice(invoices, "1042")
    invoices.go_back()
    expect(invoices.locator(".row-link")).to_have_count(1)
    invoices.get_by_role("link", name="Clear all filters").click()
    expect(invoices.locator(".row-link")).to_have_count(4)
    expect(invoices).to_have_url(re.compile(r"/invoices/$"))


def test_a_sort_keeps_the_filters_and_the_place_of_the_focus(invoices: Page) -> None:
    invoices.get_by_label("Currency").select_option("GBP")
    expect(invoices.locator(".row-link")).to_have_count(2)
    total = invoices.get_by_role("link", name="Total")
    total.focus()
    invoices.keyboard.press("Enter")
    expect(invoices.get_by_role("columnheader", name="Total")).to_have_attribute("aria-sort", "descending")
    expect(invoices.get_by_role("link", name="Total")).to_be_focused()
    expect(invoices.locator(".row-link").first).to_contain_text("1043")
    invoices.get_by_label("Status").select_option("open")
    expect(invoices.locator(".row-link")).to_have_count(1)
    expect(invoices.get_by_role("columnheader", name="Total")).to_have_attribute("aria-sort", "descending")


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_list_and_invoice_fit_every_window_and_axe_finds_nothing(
    invoices: Page, live_server: Any, axe: Check, fits: Check, width: int, scheme: Any
) -> None:
    invoices.set_viewport_size({"width": width, "height": 800})
    invoices.emulate_media(color_scheme=scheme)
    addresses = ["/invoices/", "/invoices/?q=nobody", "/invoices/summary/"]
    addresses += [f"/invoices/{invoice.pk}/" for invoice in Invoice.objects.exclude(number="1043")]
    addresses += [f"/invoices/of-contact/{contact.pk}/" for contact in Contact.objects.all()]
    for address in addresses:
        invoices.goto(f"{live_server.url}{address}", wait_until="networkidle")
        axe(invoices)
        fits(invoices)


def test_in_between_a_list_too_wide_scrolls_by_itself_and_not_the_page(invoices: Page, fits: Check) -> None:
    invoices.set_viewport_size({"width": 800, "height": 800})
    fits(invoices)
    row(invoices, "1042").locator("td").last.scroll_into_view_if_needed()
    expect(row(invoices, "1042").locator("td").last).to_be_in_viewport()


def test_on_a_wide_page_every_column_of_the_list_is_in_sight(invoices: Page) -> None:
    invoices.set_viewport_size({"width": 1280, "height": 800})
    card, table = (invoices.locator(name).bounding_box() for name in (".card-flush", ".table"))
    assert card and table
    assert table["width"] <= card["width"]


def test_without_script_filters_and_pages_work_as_links_and_forms(
    browser: Any, live_server: Any, signed_in: SignIn, invoices: Page
) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(invoices.context.cookies())
    page = context.new_page()
    page.goto(f"{live_server.url}/invoices/")
    page.get_by_label("Status").select_option("overdue")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".row-link")).to_have_count(1)
    row(page, "1042").click()
    expect(page.get_by_role("heading", name="Invoice 1042")).to_be_visible()
    context.close()

"""Contacts in a real browser: by keyboard alone, and without a violation of accessibility."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from crm import services
from crm.models import Contact, User
from tests.factories import make_contact

pytestmark = pytest.mark.django_db(transaction=True)
Check = Callable[[Page], None]
SIGHTS = [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]


@pytest.fixture
def jo(signed_in: Callable[..., User]) -> User:
    return signed_in("admin")


def make_many(count: int = 60) -> None:
    for number in range(count):
        make_contact(f"Ada {number:03}", email=f"ada{number}@example.com", phone=f"+1415555{1000 + number}")


@pytest.mark.parametrize(("width", "scheme"), SIGHTS)
def test_every_page_of_contacts_is_accessible_and_fits(
    page: Page, live_server: Any, jo: User, axe: Check, fits: Check, width: int, scheme: Any
) -> None:
    page.set_viewport_size({"width": width, "height": 760})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{live_server.url}/contacts/")
    axe(page)  # empty for the first time
    make_many()
    fields = {"name": "Ünïcode " * 60, "website": "example.com", "notes": "x" * 400, "email_typed": "u@example.com"}
    long = services.create_contact(fields, actor=jo, origin="staff")
    services.update_contact(long, {"city": "Bonn", "notes": ""}, actor=jo, origin="staff")
    Contact.objects.filter(pk=long.pk).update(owner="books")
    own = f"/contacts/{long.pk}/"
    for path in ["/contacts/", "/contacts/?q=nobody", "/contacts/new/", own, f"{own}edit/", f"{own}archive/"]:
        page.goto(live_server.url + path)
        fits(page)
        axe(page)


def test_a_keyboard_alone_finds_opens_edits_archives_and_restores(page: Page, live_server: Any, jo: User) -> None:
    make_many(3)
    make_contact("Ben Late", company="Harbour Bakery")
    page.goto(f"{live_server.url}/contacts/")
    page.keyboard.press("/")
    page.keyboard.type("harbour")
    expect(page.locator("tr.row-link")).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="1 contact shown")).to_have_count(1)
    expect(page).to_have_url(f"{live_server.url}/contacts/?q=harbour")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ben Late")

    page.keyboard.press("n")  # the main button
    page.get_by_label("City").focus()
    page.keyboard.type("Bonn")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ben Late is saved.")).to_be_visible()
    expect(page.get_by_text("Contact changed: city")).to_be_visible()

    page.get_by_role("link", name="Archive").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Archive Ben Late?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Archive").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ben Late is archived.")).to_be_visible()
    page.get_by_role("button", name="Restore").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ben Late is back")).to_be_visible()


def test_the_whole_row_opens_and_the_pager_goes_on_and_back(page: Page, live_server: Any, jo: User) -> None:
    make_many()
    page.goto(f"{live_server.url}/contacts/?q=ada")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("tr.row-link")).to_have_count(10)
    assert "q=ada" in page.url and "after=" in page.url
    page.reload()
    expect(page.locator("tr.row-link")).to_have_count(10)
    page.get_by_role("link", name="Previous").click()
    expect(page.locator("tr.row-link")).to_have_count(50)
    page.go_back()
    expect(page.locator("tr.row-link")).to_have_count(10)
    page.locator("tr.row-link").first.get_by_text("ada50@example.com").click(force=True)  # the link lies over it
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada 050")


def test_a_filter_answers_at_once_and_stands_in_the_address(page: Page, live_server: Any, jo: User) -> None:
    make_many(3)
    make_contact("Ben", owner="books")
    page.goto(f"{live_server.url}/contacts/")
    page.get_by_label("Source").select_option("QuickBooks")
    expect(page.locator("tr.row-link")).to_have_count(1)
    expect(page).to_have_url(f"{live_server.url}/contacts/?source=books")
    page.get_by_label("Reached by").select_option("With email")
    expect(page.get_by_role("heading", name="No contact matches")).to_be_visible()
    page.get_by_role("link", name="Clear search and filters").click()
    expect(page.locator("tr.row-link")).to_have_count(4)


def test_older_lines_of_the_timeline_are_fetched_in_place(page: Page, live_server: Any, jo: User) -> None:
    ada = services.create_contact({"name": "Ada"}, actor=jo, origin="staff")
    for number in range(24):
        services.update_contact(ada, {"city": f"City {number}"}, actor=jo, origin="staff")
    page.goto(f"{live_server.url}/contacts/{ada.pk}/")
    expect(page.locator(".timeline > li")).to_have_count(21)
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".timeline > li")).to_have_count(25)
    expect(page.get_by_text("Contact added")).to_be_visible()


def test_without_script_everything_still_works(
    browser: Browser, page: Page, live_server: Any, jo: User, console: list[str]
) -> None:
    make_many()
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    tab = plain.new_page()
    tab.goto(f"{live_server.url}/contacts/")
    tab.get_by_role("searchbox").fill("ada5")
    tab.get_by_label("Sort").select_option("Newest first")
    tab.get_by_role("button", name="Show").click()
    expect(tab.locator("tr.row-link")).to_have_count(11)
    expect(tab.locator("tr.row-link").first).to_contain_text("Ada 059")
    tab.locator("tr.row-link a").first.click()
    tab.get_by_role("link", name="Archive").click()
    tab.get_by_role("button", name="Archive").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Ada 059")
    assert Contact.objects.get(name="Ada 059").is_archived
    plain.close()


def test_a_refused_form_leads_to_its_field_and_keeps_what_was_typed(
    page: Page, live_server: Any, jo: User, axe: Check, console: list[str]
) -> None:
    make_contact("Ann Lee", email="ada@example.com")
    page.goto(f"{live_server.url}/contacts/new/")
    page.get_by_label("First name").fill("Ada")
    page.get_by_label("Email").fill("ADA@example.com")
    page.get_by_role("button", name="Add contact").click()
    expect(page.locator(".error-summary")).to_be_focused()
    axe(page)
    page.get_by_role("link", name="ada@example.com already belongs to Ann Lee").click()
    expect(page.get_by_label("Email")).to_be_focused()
    expect(page.get_by_label("First name")).to_have_value("Ada")
    page.get_by_role("link", name="Ann Lee", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann Lee")
    console[:] = [line for line in console if "422" not in line]  # Chromium names every refused answer


def test_a_name_beside_its_buttons_is_read_in_words_on_a_phone(page: Page, live_server: Any, jo: User) -> None:
    contact = make_contact("Eilidh & Rory Munro")
    page.set_viewport_size({"width": 360, "height": 760})
    page.goto(f"{live_server.url}/contacts/{contact.pk}/")
    box = page.get_by_role("heading", level=1).bounding_box()
    assert box is not None and box["height"] < 80, "two lines at most"

"""The frame around every page: keyboard, skip link, dialogs, toasts, sessions that end, one click one request."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from playwright.sync_api import Page, expect

from crm.models import Business, Contact, Invitation, User
from tests.factories import make_agent, make_contact

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[..., User]
Check = Callable[[Page], None]


@pytest.fixture
def home(page: Page, live_server: Any, signed_in: SignIn) -> Page:
    signed_in("admin")
    page.goto(live_server.url)
    return page


def test_skip_link_is_the_first_stop_and_leads_to_the_content(home: Page) -> None:
    home.keyboard.press("Tab")
    link = home.get_by_role("link", name="Skip to main content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    home.keyboard.press("Enter")
    expect(home.locator("#main")).to_be_focused()


def test_slash_goes_to_the_search_box_and_escape_leaves_it(home: Page) -> None:
    search = home.get_by_role("searchbox", name="Search contacts")
    home.keyboard.press("/")
    expect(search).to_be_focused()
    expect(search).to_have_value("")
    home.keyboard.press("Escape")
    expect(search).not_to_be_focused()


def test_search_box_opens_the_contacts_that_match(home: Page) -> None:
    make_contact("Ada Lovelace")
    home.keyboard.press("/")
    home.keyboard.type("lovelace")
    home.keyboard.press("Enter")
    home.wait_for_url("**/contacts/?q=lovelace")
    expect(home.get_by_role("link", name="Ada Lovelace").first).to_be_visible()


PLACES = [("i", "/invoices/"), ("m", "/conversations/"), ("c", "/contacts/"), ("s", "/settings/"), ("d", "/")]


@pytest.mark.parametrize(("key", "path"), PLACES)
def test_g_and_a_letter_goes_to_a_place(home: Page, live_server: Any, key: str, path: str) -> None:
    home.goto(live_server.url + reverse("staff:account"))
    home.keyboard.press("g")
    home.keyboard.press(key)
    home.wait_for_url(f"{live_server.url}{path}")


def test_letters_typed_into_a_field_are_letters(home: Page, live_server: Any) -> None:
    home.goto(live_server.url + reverse("staff:invite"))
    home.get_by_label("Email").fill("")
    home.keyboard.type("g?nj/i")
    expect(home.get_by_label("Email")).to_have_value("g?nj/i")
    expect(home.locator("dialog[open]")).to_have_count(0)


def test_j_and_k_walk_the_rows_and_enter_opens_one(home: Page, live_server: Any) -> None:
    for name in ("Ada Lovelace", "Ben Late", "Cleo Out"):
        make_contact(name)
    home.goto(live_server.url + reverse("contacts:list"))
    for key in "jjjjk":
        home.keyboard.press(key)
    expect(home.get_by_role("link", name="Ben Late")).to_be_focused()
    home.keyboard.press("Enter")
    home.wait_for_url(f"**{reverse('contacts:detail', args=[Contact.objects.get(name='Ben Late').pk])}")


def test_n_presses_the_main_button(home: Page, live_server: Any) -> None:
    home.goto(live_server.url + reverse("staff:people"))
    home.keyboard.press("n")
    home.wait_for_url(f"**{reverse('staff:invite')}")


def test_question_mark_lists_the_keys_and_escape_closes_the_list(home: Page, axe: Check) -> None:
    home.keyboard.press("?")
    keys = home.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    axe(home)
    home.keyboard.press("Escape")
    expect(keys).not_to_be_visible()


def test_dialog_asks_before_it_hurts_and_gives_the_focus_back(home: Page, live_server: Any) -> None:
    sam = make_agent()
    home.goto(live_server.url + reverse("staff:people"))
    button = home.get_by_role("button", name="Deactivate Sam Agent")
    button.focus()
    home.keyboard.press("Enter")
    dialog = home.get_by_role("dialog", name="Deactivate Sam Agent?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).not_to_be_visible()
    expect(button).to_be_focused()
    button.click()
    dialog.get_by_role("button", name="Deactivate Sam").click()
    expect(home.get_by_role("status")).to_contain_text("is deactivated and logged out everywhere")
    sam.refresh_from_db()
    assert not sam.is_active


def test_toast_is_announced_and_can_be_closed(home: Page, live_server: Any) -> None:
    home.goto(live_server.url + reverse("staff:business"))
    home.get_by_label("Name of the business").fill("Byron & Daughters")
    home.get_by_role("button", name="Save the business").click()
    status = home.get_by_role("status")
    expect(status).to_have_text("The business is saved.")
    expect(home.get_by_role("banner")).to_contain_text("Byron & Daughters")
    status.get_by_role("button", name="Close this message").click()
    expect(status).to_have_text("")


def test_errors_are_read_first_and_lead_to_their_field(home: Page, live_server: Any, console: list[str]) -> None:
    home.goto(live_server.url + reverse("staff:business"))
    home.get_by_label("Name of the business").fill("")
    home.get_by_role("button", name="Save the business").click()
    summary = home.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Write the name of the business").click()
    expect(home.get_by_label("Name of the business")).to_be_focused()
    console[:] = [line for line in console if "422" not in line]


def test_second_click_sends_nothing(home: Page, live_server: Any) -> None:
    home.goto(live_server.url + reverse("staff:invite"))
    home.get_by_label("Email").fill("sam@example.com")
    sent: list[str] = []
    home.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    home.get_by_role("button", name="Send the invitation").dblclick(no_wait_after=True)
    expect(home.get_by_role("status")).to_contain_text("Invitation sent to sam@example.com")
    assert len(sent) == 1 and Invitation.objects.count() == 1


def test_form_outlives_the_session(home: Page, live_server: Any) -> None:
    home.goto(live_server.url + reverse("staff:business"))
    home.get_by_label("Name of the business").fill("Byron & Daughters")
    home.get_by_label("Country").select_option("GB")
    Session.objects.all().delete()
    home.get_by_role("button", name="Save the business").click()
    home.get_by_label("Email").fill("jo@example.com")
    home.get_by_label("Password").fill("correct horse battery staple")
    home.get_by_role("button", name="Log in").click()
    home.wait_for_url(f"**{reverse('staff:business')}")
    expect(home.get_by_label("Name of the business")).to_have_value("Byron & Daughters")
    expect(home.get_by_label("Country")).to_have_value("GB")
    expect(home.get_by_role("status")).to_contain_text("What you wrote is back")
    home.get_by_role("button", name="Save the business").click()
    expect(home.get_by_role("status")).to_contain_text("The business is saved.")
    assert Business.load().name == "Byron & Daughters"


def test_page_stays_when_its_session_ends_behind_it(home: Page, live_server: Any, console: list[str]) -> None:
    make_contact("Ada Lovelace")
    home.goto(live_server.url)
    Session.objects.all().delete()
    home.evaluate("htmx.ajax('GET', '/', {target: '#main'})")
    dialog = home.get_by_role("dialog", name="You are logged out")
    expect(dialog).to_be_visible()
    expect(home.get_by_role("heading", name="Hello, Jo")).to_be_attached()
    console[:] = [line for line in console if "401" not in line]


def test_nothing_runs_that_the_page_did_not_bring_as_a_file(home: Page, console: list[str]) -> None:
    home.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.bad=1\">')")
    home.evaluate(
        "document.head.append(Object.assign(document.createElement('script'), {textContent: 'window.bad=1'}))"
    )
    home.wait_for_timeout(100)
    assert home.evaluate("window.bad") is None
    assert any("Content Security Policy" in line for line in console)
    console.clear()


def test_agent_sees_no_way_into_the_settings(page: Page, live_server: Any, signed_in: SignIn) -> None:
    signed_in("agent")
    page.goto(live_server.url)
    expect(page.get_by_role("navigation", name="Main").get_by_role("link")).to_have_text(
        ["Dashboard", "Invoices", "Inbox", "Contacts"]
    )

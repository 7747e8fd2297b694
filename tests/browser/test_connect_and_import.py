"""From nothing to a year of invoices, by keyboard alone, with a real worker's steps and a real Intuit stand-in."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection as database
from playwright.sync_api import Page, expect

from crm.models import Contact
from integrations.models import ImportRun
from integrations.quickbooks.imports import runs
from invoicing.models import Invoice
from sandbox import Sandbox
from tests.integrations.conftest import point_at


@pytest.fixture
def seeded(settings, live_server) -> Iterator[Sandbox]:
    """A sandbox with two lively companies; it sends people back to the live server."""
    settings.SITE_URL = live_server.url
    with Sandbox(seed="small") as sandbox:
        point_at(sandbox, settings)
        yield sandbox


def press_until(page: Page, words: str, key: str = "Tab", most: int = 60) -> None:
    """Walk with the keyboard until what has the focus says ``words``."""
    for _ in range(most):
        said = page.evaluate(
            "document.activeElement.matches('a, button, input') ? document.activeElement.innerText : ''"
        )
        if words in said:
            return
        page.keyboard.press(key)
    raise AssertionError(f"{words!r} was not reached by {key} on {page.url}")


def work() -> None:
    """What the worker does for the run that waits; in a thread of its own, as the page runs beside it."""

    def steps() -> None:
        try:
            for run in ImportRun.objects.active():
                runs.run_to_end(run)
        finally:
            database.close()

    worker = threading.Thread(target=steps)
    worker.start()
    worker.join()


def follow(page: Page, words: str) -> None:
    press_until(page, words)
    page.keyboard.press("Enter")


def test_a_keyboard_alone_connects_imports_and_opens_an_invoice(page: Page, live_server, signed_in, seeded):
    signed_in("admin")
    page.goto(f"{live_server.url}/settings/integrations/")
    follow(page, "QB Connect")
    page.wait_for_url("**/connect/oauth2**")
    follow(page, "Connect")
    page.wait_for_url("**/integrations/quickbooks/connected/")
    follow(page, "Close")
    expect(page.get_by_text("9130350000000001")).to_be_visible()

    follow(page, "Import contacts")
    page.wait_for_url("**/imports/contacts/")
    follow(page, "Preview contacts")
    expect(page.get_by_role("heading", name="Under way")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="Nothing was written yet")).to_be_visible()
    assert not Contact.objects.exists()
    preview = page.url  # the next run has an address of its own
    follow(page, "Import contacts now")
    page.wait_for_url(lambda url: url not in {preview, f"{live_server.url}/imports/contacts/"})
    expect(page.get_by_role("heading", name="Under way")).to_be_visible()
    work()
    expect(page.get_by_role("button", name="contacts imported")).to_be_visible()

    page.goto(f"{live_server.url}/imports/invoices/")
    page.locator("input[name=year]").first.wait_for()
    follow(page, "Import invoices now")
    expect(page.get_by_role("heading", name="Under way")).to_be_visible()
    work()
    expect(page.get_by_role("link", name="See the invoices")).to_be_visible()
    follow(page, "See the invoices")
    page.wait_for_url("**/invoices/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Products")).to_be_visible()
    expect(page.get_by_role("link", name="Open in QuickBooks")).to_be_visible()
    assert Invoice.objects.exists()


def test_refusing_at_intuit_comes_back_unconnected(page: Page, live_server, signed_in, seeded, console):
    signed_in("admin")
    page.goto(f"{live_server.url}/settings/integrations/")
    page.get_by_role("button", name="QB Connect").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("You did not give Tallybook access")).to_be_visible()
    console.clear()  # the answer's status says that nothing was connected, which the console repeats


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_of_importing_can_be_read_by_anybody(
    page: Page, live_server, signed_in, seeded, axe, fits, scheme, width
):
    signed_in("admin")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{live_server.url}/settings/integrations/")
    page.get_by_role("button", name="QB Connect").click()
    page.get_by_role("button", name="Connect", exact=True).click()
    page.wait_for_url("**/connected/")
    for path in ("/settings/integrations/", "/imports/", "/imports/invoices/", "/imports/contacts/"):
        page.goto(live_server.url + path)
        axe(page), fits(page)
    page.get_by_role("button", name="Import contacts now").click()
    expect(page.get_by_role("heading", name="Under way")).to_be_visible()
    axe(page), fits(page)
    work()
    expect(page.get_by_role("link", name="Undo this import")).to_be_visible()
    axe(page), fits(page)
    page.get_by_role("link", name="Undo this import").click()
    expect(page.get_by_role("heading", name="What happens")).to_be_visible()
    axe(page), fits(page)
    for path in ("/imports/", "/imports/conflicts/"):
        page.goto(live_server.url + path)
        axe(page), fits(page)
    page.goto(f"{live_server.url}/imports/invoices/")
    page.locator("input[name=year]").first.wait_for()
    axe(page), fits(page)

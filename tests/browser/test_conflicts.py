"""A conflict in a real browser: seen, understood and resolved, wide and narrow, light and dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from crm.models import Contact
from sandbox import Sandbox
from tests.factories import make_connection, make_contact
from tests.integrations.conftest import point_at
from tests.integrations.quickbooks.test_import_contacts import add, customer, import_contacts


@pytest.fixture
def quickbooks(settings) -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        point_at(sandbox, settings)
        yield sandbox


@pytest.fixture
def clash(quickbooks, db):
    """Ann is two contacts here; one customer of QuickBooks has the email of one and the number of the other."""
    connection = make_connection(quickbooks)
    make_contact("Ann", email="ann@example.com", street="1 High Street", city="Ely")
    make_contact("Ben of the very long name that goes on and on", phone="+14155550142")
    lee = customer("Ann Lee", email="ann@example.com", mobile="4155550142", BillAddr={"Line1": "2 Low Lane"})
    add(quickbooks, lee)
    import_contacts(connection)
    return connection


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_conflict_is_resolved_step_by_step(page: Page, live_server, signed_in, clash, axe, fits, scheme, width):
    signed_in("admin")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{live_server.url}/imports/conflicts/")
    axe(page), fits(page)
    page.get_by_role("link", name="Ann Lee").click()
    expect(page.get_by_role("heading", name="Customer in QuickBooks")).to_be_visible()
    axe(page), fits(page)
    page.get_by_role("button", name="Ignore").click()
    expect(page.get_by_text("Ignored by")).to_be_visible()
    axe(page), fits(page)
    page.get_by_role("button", name="Reconsider").click()
    page.get_by_role("radio", name="Ben of").check()
    page.get_by_role("button", name="Merge…").click()
    expect(page.get_by_role("heading", name="What happens")).to_be_visible()
    axe(page), fits(page)
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text("Resolved by")).to_be_visible()
    axe(page), fits(page)
    assert Contact.objects.get(name="Ann Lee").phone == "+14155550142"

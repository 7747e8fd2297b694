"""The strip about a connection that ends, on a wide and a narrow page, in the light and in the dark."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.models import QuickBooksConnection
from sandbox import Sandbox
from tests.factories import make_connection
from tests.integrations.conftest import point_at


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_admin_sees_the_end_on_every_page_and_the_way_to_reconnect(
    page: Page, live_server, signed_in, axe, fits, settings, scheme
):
    with Sandbox() as sandbox:
        point_at(sandbox, settings)
        make_connection(sandbox, hard_expires_at=timezone.now() + timedelta(days=6, hours=1))
        signed_in("admin")
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 360, "height": 740})
        page.goto(f"{live_server.url}/contacts/")
        strip = page.get_by_role("region", name="Connection to QuickBooks")
        expect(strip).to_contain_text("in QuickBooks ends on")
        axe(page)
        fits(page)
        page.set_viewport_size({"width": 1280, "height": 800})
        strip.get_by_role("link", name="Reconnect").click()
        expect(page.get_by_text(re.compile("Ends in [67] days"))).to_be_visible()
        axe(page)
        QuickBooksConnection.objects.update(status="needs_reconnect", status_reason="It ran out.")
        page.goto(live_server.url)
        expect(strip).to_contain_text("wants you to sign in again")
        axe(page)

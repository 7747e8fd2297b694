"""The sync log and the card in a real browser: narrow and wide, in the light and in the dark."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations.models import InboxEvent, SyncState
from sandbox import Sandbox
from tests.factories import make_connection, make_contact
from tests.integrations.conftest import point_at
from tests.integrations.test_badges import event, link
from tests.integrations.test_sync_pages import entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_log_is_read_searched_and_tried_again_and_sync_now_visibly_looks(
    page: Page, live_server: Any, signed_in: Any, axe: Any, fits: Any, settings: Any, scheme: str
) -> None:
    with Sandbox() as sandbox:
        point_at(sandbox, settings)
        connection = make_connection(sandbox)
        fill(connection)
        signed_in("admin")
        page.emulate_media(color_scheme=scheme)
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{live_server.url}/settings/integrations/sync-log/")
            page.get_by_text("2 fields").click()
            expect(page.get_by_text("ada@new.example")).to_be_visible()
            axe(page)
            fits(page)
        page.get_by_role("searchbox").fill("ben")
        expect(page.get_by_text("Ada Lovelace")).to_have_count(0)
        page.get_by_role("button", name="Try all again (2 × invoice)").click()
        expect(page.get_by_text("2 records are tried again now.")).to_be_visible()
        page.goto(f"{live_server.url}/settings/integrations/")
        page.get_by_role("button", name="Sync now").click()
        expect(page.get_by_text("Looking for changes…")).to_be_visible()
        axe(page)
        connection.log.all().delete()
        look(connection)
        expect(page.get_by_text("Nothing had changed.")).to_be_visible()
        axe(page)
        fits(page)


def fill(connection: Any) -> None:
    ada = make_contact()
    link(connection, "customer", "58", contact=ada)
    changes = {"email_typed": ["ada@old.example", "ada@new.example"], "city": ["", "London"]}
    entry(connection, "58", text="Taken over from QuickBooks.", changes=changes)
    entry(connection, "59", name="Ben Late", outcome="failed", text="QuickBooks does not know this customer any more.")
    entry(connection, "7", name="W" * 200, entity="invoice", outcome="dropped", door="webhook", text="X" * 300)
    for number in ("7", "8"):
        event(
            connection, "invoice", number, status="stuck", attempts=6, last_error="Object Not Found (610) " + "Y" * 90
        )
    event(connection, "customer", "58", not_before=timezone.now() + timedelta(minutes=5))


def look(connection: Any) -> None:
    """What a regular look leaves behind when nothing had changed."""
    InboxEvent.objects.update(status=InboxEvent.Status.DONE, ended_at=timezone.now())
    SyncState.objects.filter(connection=connection).update(last_pass_at=timezone.now())

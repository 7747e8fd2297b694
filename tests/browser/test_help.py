"""The help in a real browser: reached and answered by keyboard, readable by everybody, wide and on a small phone."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crm.models import HelpAnswer, User

pytestmark = pytest.mark.django_db(transaction=True)
Check = Callable[[Page], None]


def test_question_mark_leads_to_the_page_that_fits_and_its_question_is_answered_by_keyboard(
    page: Page, live_server: Any, signed_in: Callable[..., User]
) -> None:
    signed_in("admin")
    page.goto(f"{live_server.url}/imports/conflicts/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").get_by_role("link", name="Conflicts")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/help/conflicts/")
    expect(page.get_by_text("Last updated 25 November 2026")).to_be_visible()
    page.get_by_role("radio", name="Yes").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("Short and clear?")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Your answer is kept")
    assert HelpAnswer.objects.get().sentence == "Short and clear?"
    expect(page.get_by_role("radio", name="Yes")).to_be_checked()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_pages_of_the_help(
    page: Page, live_server: Any, signed_in: Callable[..., User], axe: Check, fits: Check, width: int, scheme: Any
) -> None:
    signed_in("admin")
    page.set_viewport_size({"width": width, "height": 760})
    page.emulate_media(color_scheme=scheme)
    for path in ("/help/", "/help/importing/", "/settings/integrations/", "/settings/help-answers/"):
        page.goto(live_server.url + path)
        fits(page)
        axe(page)
    page.goto(f"{live_server.url}/help/conflicts/")
    page.get_by_role("radio", name="No", exact=True).check()
    page.get_by_label("What helped, or what was missing?").fill("W" * 200)
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("status")).to_contain_text("Your answer is kept")
    page.goto(f"{live_server.url}/settings/help-answers/")
    expect(page.get_by_text("W" * 200)).to_be_visible()
    fits(page)
    axe(page)

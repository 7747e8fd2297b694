"""The pages say that a connection ends or has failed: the card, and a strip on all pages of an admin."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import ImportRun, QuickBooksConnection
from integrations.quickbooks.imports import runs
from tests.factories import make_agent, make_user


@pytest.fixture
def jo(client, db):
    user = make_user()
    client.force_login(user)
    return user


def ends_in(**left: int) -> None:
    """Let the connection have so much left of its five years."""
    QuickBooksConnection.objects.update(hard_expires_at=timezone.now() + timedelta(**left))


def test_every_page_has_room_for_the_strip_and_asks_no_more_than_before(client, jo, connection):
    page = client.get(reverse("contacts:list")).text
    assert '<div class="banner" id="banner"></div>' in page and "ends on" not in page


@pytest.mark.parametrize(("days", "alarm"), [(15, ""), (13, "warn"), (3, "warn"), (1, "bad"), (-1, "bad")])
def test_the_strip_comes_with_the_menu_near_the_end(client, jo, connection, days, alarm):
    ends_in(days=days, minutes=5)
    menu, page = client.get(reverse("integrations:menu")).text, client.get(reverse("integrations:settings")).text
    assert ('hx-swap-oob="true"' in menu) == bool(alarm)
    assert (f"notice-{alarm}" in menu) == bool(alarm)
    assert (f"{reverse('integrations:settings')}#quickbooks" in menu) == bool(alarm)
    chip = {"": "chip-paid", "warn": "chip-overdue", "bad": "chip-late"}[alarm]
    assert chip in page and "five years after you gave it" in page


def test_the_card_tells_the_end_that_renews_itself_and_the_last_one(client, jo, connection):
    page = client.get(reverse("integrations:settings")).text
    assert "it renews itself while Tallybook runs" in page and "at the latest" in page


def test_the_strip_asks_for_a_sign_in_after_a_failure_and_not_when_disconnected_by_hand(client, jo, connection):
    QuickBooksConnection.objects.update(status="needs_reconnect", status_reason="It ran out.")
    assert "wants you to sign in again" in client.get(reverse("integrations:menu")).text
    QuickBooksConnection.objects.update(status="disconnected")
    assert "banner" not in client.get(reverse("integrations:menu")).text


def test_the_strip_is_not_sent_again_while_an_import_is_followed(client, jo, connection):
    ends_in(days=3)
    runs.start(connection, ImportRun.Kind.CONTACTS)
    menu = client.get(reverse("integrations:menu")).text
    assert 'id="banner"' in menu
    again = re.search(r'hx-get="([^"]*again[^"]*)"', menu)[1]
    assert 'id="banner"' not in client.get(again).text


def test_agents_are_not_asked_to_reconnect(client, connection):
    client.force_login(make_agent())
    ends_in(days=3)
    assert client.get(reverse("integrations:menu")).status_code == 403


@pytest.mark.parametrize("runs_now", [False, True])
def test_the_menu_asks_a_constant_number_of_questions(client, jo, connection, django_assert_max_num_queries, runs_now):
    ends_in(days=3)
    if runs_now:
        runs.start(connection, ImportRun.Kind.CONTACTS)
    client.get(reverse("integrations:menu"))
    with django_assert_max_num_queries(7):
        client.get(reverse("integrations:menu"))

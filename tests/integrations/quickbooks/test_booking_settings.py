"""An admin decides in which account payments are booked, and which of QuickBooks' methods staff may note by hand."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import Activity
from integrations.models import BookingSettings, OutboxEntry, QuickBooksConnection, SyncLogEntry
from integrations.quickbooks import methods
from sandbox import Company, Sandbox
from tests.factories import make_agent, make_user
from tests.integrations.quickbooks.test_push import book, ours, paid, there
from tests.sandbox.cast import customer, invoice

pytestmark = pytest.mark.django_db(transaction=True)
Look = Callable[[], None]
PAGE = "/settings/integrations/booking/"


@pytest.fixture
def bill(look: Look, books: Company) -> dict:
    """An invoice of 100 that came in."""
    made = invoice(books, customer(books))
    look()
    return made


@pytest.fixture
def admin(followed: QuickBooksConnection) -> Client:
    client = Client()
    client.force_login(make_user())
    return client


def account(books: Company, name: str) -> str:
    (found,) = books.query(f"SELECT * FROM Account WHERE Name = '{name}'")
    return str(found["Id"])


def method(books: Company, name: str) -> str:
    (found,) = books.query(f"SELECT * FROM PaymentMethod WHERE Name = '{name}'")
    return str(found["Id"])


def choose(admin: Client, account_id: str, *method_ids: str) -> str:
    return admin.post(PAGE, {"account": account_id, "methods": method_ids}, follow=True).text


def test_the_page_offers_bank_accounts_and_at_first_what_is_plainly_card_or_bank(admin: Client, books: Company) -> None:
    page = admin.get(PAGE)
    form = page.context["form"]
    assert form["account"].initial == ""
    offered = [label for _, label in form.fields["account"].choices]
    assert offered == ["Undeposited Funds", "Checking", "Savings"]
    ticked = {label for pk, label in form.fields["methods"].choices if pk in form["methods"].initial}
    assert ticked == set(methods.chosen())
    everything = {label for _, label in form.fields["methods"].choices}
    assert {"Cash", "Check"} <= everything - ticked and any("Card" in name or "Visa" in name for name in ticked)


def test_the_next_payment_is_booked_in_the_account_that_was_chosen(
    bill: dict, admin: Client, followed: QuickBooksConnection, books: Company
) -> None:
    admin.get(PAGE)
    savings = account(books, "Savings")
    page = choose(admin, savings, method(books, "Cash"))
    assert "How payments are booked is saved." in page and "Savings" in page
    assert Activity.objects.filter(verb="connection.changed", changes__has_key="account_name").exists()
    paid(bill)
    assert book(followed) == 1
    assert there(books)[0]["DepositToAccountRef"]["value"] == savings
    assert not SyncLogEntry.objects.filter(text__contains="Undeposited Funds").exists()


@pytest.mark.parametrize("way", ["inactive", "another kind"])
def test_an_account_that_cannot_take_it_any_more_falls_back_and_the_log_says_so(
    way: str, bill: dict, admin: Client, followed: QuickBooksConnection, books: Company
) -> None:
    savings = account(books, "Savings")
    choose(admin, savings, method(books, "Cash"))
    if way == "inactive":
        books.update("Account", {"Id": savings, "sparse": True, "Active": False})
    else:
        BookingSettings.objects.update(account_id=account(books, "Discounts Given"))
    paid(bill)
    assert book(followed) == 1
    booked = there(books)[0]
    assert booked["DepositToAccountRef"]["value"] == account(books, "Undeposited Funds")
    (line,) = SyncLogEntry.objects.filter(door="push", text__contains="Booked in Undeposited Funds: Savings")
    assert (line.entity, line.external_id) == ("payment", booked["Id"])
    assert ours(bill).balance == 0
    page = admin.get(PAGE)
    assert "Savings cannot take payments in QuickBooks any more" in page.text


def test_staff_are_offered_what_the_admin_ticked(bill: dict, admin: Client, books: Company) -> None:
    admin.get(PAGE)
    assert "Cash" not in methods.chosen()
    choose(admin, "", method(books, "Cash"), method(books, "Check"))
    assert methods.chosen() == ["Cash", "Check"]
    page = admin.get(reverse("invoicing:record-payment", args=[ours(bill).pk])).text
    assert "Cash" in page and "Visa" not in page


def test_a_choice_that_is_not_offered_or_empty_is_refused_in_words(admin: Client, books: Company) -> None:
    refused = admin.post(PAGE, {"account": account(books, "Sales of Goods"), "methods": []})
    assert refused.status_code == 422
    assert "Choose at least one." in refused.text and "not offered in QuickBooks any more" in refused.text
    assert not BookingSettings.objects.exists()


def test_while_quickbooks_is_away_the_page_says_so_and_nothing_changes(
    admin: Client, quickbooks: Sandbox, books: Company
) -> None:
    quickbooks.faults.add("503", times=100)
    page = admin.get(PAGE)
    assert page.status_code == 502 and "Nothing was changed" in page.text


def test_agents_have_no_business_there_and_without_a_company_there_is_nothing_to_choose(
    followed: QuickBooksConnection,
) -> None:
    client = Client()
    client.force_login(make_agent())
    assert client.get(PAGE).status_code == 403
    client.force_login(make_user())
    QuickBooksConnection.objects.update(status="disconnected")
    assert client.get(PAGE, follow=True).redirect_chain
    assert not OutboxEntry.objects.exists()

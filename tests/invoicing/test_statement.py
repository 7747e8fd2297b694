"""The page of everything that a customer owes: what it says, whose it is, and what nobody learns from it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from crm.merging import merge_contacts
from crm.models import Activity, Business, Contact
from invoicing.links import link_for, replace_link
from invoicing.models import Invoice, PublicLink, StatementLink
from invoicing.statement_links import contact_of, replace_statement_link, statement_link_for, statement_url
from tests.factories import business_day, make_agent, make_contact, make_invoice, make_payment, make_user

pytestmark = pytest.mark.django_db

SCRIPT = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def anybody() -> Client:
    return Client()


@pytest.fixture
def ada() -> Contact:
    return make_contact("Ada Lovelace")


def address(contact: Contact) -> str:
    return f"/s/{statement_link_for(contact).token}/"


def words(html: str) -> str:
    html = re.sub(r"<(head|script|style).*?</\1>|<wbr>", "", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\xa0", " ").split())


def read(client: Client, contact: Contact, query: str = "") -> str:
    answer = client.get(f"{address(contact)}{query}")
    assert answer.status_code == 200
    return words(answer.text)


# -- what it says ------------------------------------------------------------------------------------------------


def test_each_open_invoice_stands_there_oldest_first_with_what_is_owed_in_all(anybody: Client, ada: Contact) -> None:
    today = business_day()
    make_invoice(ada, number="B2", total="50", due_on=today + timedelta(days=2))
    make_invoice(ada, number="A1", total="120", balance="80", paid="40", due_on=today - timedelta(days=3))
    make_invoice(ada, number="C3", total="9", status="paid")
    page = read(anybody, ada)
    assert "Statement for Ada Lovelace" in page
    assert f"Amount due now $130.00 Invoice A1 3 days overdue, {today - timedelta(days=3):%-d %B %Y} $80.00" in page
    assert page.index("Invoice A1") < page.index("Invoice B2 Due in 2 days") and "C3" not in page


def test_every_currency_has_a_sum_of_its_own_and_its_own_decimals(anybody: Client, ada: Contact) -> None:
    for currency, total in (("JPY", "12000"), ("JPY", "1"), ("KWD", "1.25"), ("EUR", "99.9")):
        make_invoice(ada, currency=currency, total=total)
    page = read(anybody, ada)
    for said in ("due now in JPY ¥12,001 ", "due now in KWD KWD 1.250 ", "due now in EUR €99.90 "):
        assert said in page


def test_credit_is_shown_and_not_taken_off(anybody: Client, ada: Contact) -> None:
    Business.objects.update_or_create(pk=1, defaults={"name": "Acme Ropes"})
    make_invoice(ada, total="120")
    make_payment(ada, amount="30", unapplied="30")
    make_payment(ada, amount="9", unapplied="9", is_void=True)
    page = read(anybody, ada)
    assert "Amount due now $120.00" in page and "Your credit $30.00" in page
    assert "not taken off the amount due by itself: ask Acme Ropes" in page


def test_what_was_paid_lately_stands_below_and_what_was_long_ago_or_void_does_not(
    anybody: Client, ada: Contact
) -> None:
    today = business_day()
    make_payment(ada, amount="41", received_on=today - timedelta(days=10))
    make_payment(ada, amount="42", received_on=today - timedelta(days=100))
    make_payment(ada, amount="43", is_void=True)
    make_payment(ada, amount="0", credit="44")
    page = read(anybody, ada)
    assert f"Paid in the last three months {today - timedelta(days=10):%-d %B %Y} $41.00" in page
    assert not any(amount in page for amount in ("$42", "$43", "$44", "has arrived"))


def test_who_owes_nothing_is_thanked(anybody: Client, ada: Contact) -> None:
    make_invoice(ada, status="paid")
    page = read(anybody, ada)
    assert "Nothing is due Thank you." in page and "<button" not in anybody.get(address(ada)).text


def test_more_than_a_hundred_are_shown_page_by_page_and_counted_all(
    anybody: Client, ada: Contact, django_assert_max_num_queries: Any
) -> None:
    for number in range(130):
        make_invoice(ada, number=f"N{number:03}", total="1", due_on=business_day() + timedelta(days=number))
    Business.load()
    path = address(ada)
    with django_assert_max_num_queries(12):
        first = words(anybody.get(path).text)
    assert "$130.00" in first and "Invoices 1 to 100 of 130" in first and "Later invoices" in first
    assert "N099" in first and "N100" not in first
    second = read(anybody, ada, "?page=2")
    assert "N129" in second and "$130.00" in second and "Earlier invoices" in second
    for odd in ("0", "x", "99", "%00"):
        assert anybody.get(f"{path}?page={odd}").status_code == 200


# -- whose it is -------------------------------------------------------------------------------------------------


def test_nothing_of_another_contact_is_there_nor_what_is_void_removed_or_a_draft(anybody: Client, ada: Contact) -> None:
    ben = make_contact("Ben Late")
    theirs = make_invoice(ben, number="BEN1", total="7777")
    make_payment(ben, amount="8888", unapplied="8888")
    make_invoice(None, number="NOBODY", total="6666")
    make_invoice(ada, number="GONE", removed_at=timezone.now())
    make_invoice(ada, number="VOID", status="void")
    make_invoice(ada, number="DRAFT", status="draft")
    page = read(anybody, ada)
    assert not any(word in page for word in ("BEN1", "Ben", "7,777", "8,888", "NOBODY", "GONE", "VOID", "DRAFT"))
    answer = anybody.post(f"{address(ada)}invoice/", {"invoice": theirs.pk})
    assert answer["Location"] == address(ada) and not PublicLink.objects.exists()


@pytest.mark.parametrize("pk", ["", "x", "-1", "0", "9" * 30, "١", "1\x00"])
def test_an_invoice_nobody_has_leads_back(anybody: Client, ada: Contact, pk: str) -> None:
    assert anybody.post(f"{address(ada)}invoice/", {"invoice": pk})["Location"] == address(ada)


def test_each_row_leads_to_the_invoices_own_page_which_leads_back(anybody: Client, ada: Contact) -> None:
    one, _ = make_invoice(ada, number="1042"), make_invoice(ada, number="1043")
    assert not PublicLink.objects.exists()
    page = anybody.post(f"{address(ada)}invoice/", {"invoice": one.pk}, follow=True)
    assert page.redirect_chain == [(f"/i/{link_for(one).token}/", 302)]
    assert "See all your invoices" in page.text
    back = anybody.post(f"/i/{link_for(one).token}/all/", follow=True)
    assert "Statement for Ada" in back.text and "1043" in back.text


def test_an_invoices_page_leads_to_the_statement_as_soon_and_as_long_as_another_is_owed(
    anybody: Client, ada: Contact
) -> None:
    path = f"/i/{link_for(make_invoice(ada)).token}/"
    assert "See all" not in anybody.get(path).text
    other = make_invoice(ada, number="1043")
    assert "See all your invoices" in anybody.get(path).text
    Invoice.objects.filter(pk=other.pk).update(removed_at=timezone.now())
    assert "See all" not in anybody.get(path).text


def test_who_owes_one_invoice_or_has_no_contact_is_led_to_no_statement(anybody: Client, ada: Contact) -> None:
    for invoice in (make_invoice(ada), make_invoice(None)):
        path = f"/i/{link_for(invoice).token}/"
        assert "See all" not in anybody.get(path).text
        assert anybody.post(f"{path}all/")["Location"] == path
    assert not StatementLink.objects.exists()


def test_of_two_contacts_that_become_one_a_link_goes_on_to_work(ada: Contact) -> None:
    ben, cleo = make_contact("Ben"), make_contact("Cleo")
    of_ben, of_cleo = statement_link_for(ben).token, statement_link_for(cleo).token
    merge_contacts(ben, ada, actor=None, origin="staff")
    assert contact_of(of_ben) == ada
    merge_contacts(cleo, ada, actor=None, origin="staff")
    assert (contact_of(of_ben), contact_of(of_cleo)) == (ada, None)


# -- what nobody learns ------------------------------------------------------------------------------------------


def test_a_contact_has_one_link_that_nobody_can_guess(ada: Contact) -> None:
    assert statement_link_for(ada) == statement_link_for(ada)
    assert statement_url(ada) == f"{django_settings.SITE_URL}{address(ada)}"
    assert len(statement_link_for(ada).token) >= 22
    assert statement_link_for(ada).token not in str(statement_link_for(ada))


def test_replaced_and_unknown_are_the_same_bytes_as_of_an_invoice(anybody: Client, ada: Contact) -> None:
    old = address(ada)
    replace_statement_link(ada, with_invoices=False, actor=make_user())
    paths = [old, "/s/nobody-made-this-token/", "/i/nobody-made-this-token/", "/s/%00/", f"/s/{'x' * 400}/"]
    answers = [anybody.get(path) for path in paths]
    answers += [anybody.post(f"{old}{what}/") for what in ("pay", "invoice")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_whoever_tries_addresses_is_slowed_down_and_who_has_one_is_not(anybody: Client, ada: Contact) -> None:
    kinds = ["/s/guess-{}/", "/i/guess-{}/"]
    statuses = [anybody.get(kinds[number % 2].format(number)).status_code for number in range(25)]
    assert statuses[0] == 404 and statuses[-1] == 429
    assert anybody.get(address(ada)).status_code == 200


def test_nobody_keeps_or_lists_the_page_or_learns_its_address(anybody: Client, ada: Contact) -> None:
    answer = anybody.get(address(ada))
    assert answer["Referrer-Policy"] == "no-referrer" and answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"] and "noindex" in answer.text
    assert "default-src 'none'" in answer["Content-Security-Policy"] and not answer.cookies


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_changes_nothing(anybody: Client, ada: Contact, method: str) -> None:
    invoices = [make_invoice(ada), make_invoice(ada)]
    paths = [address(ada), f"{address(ada)}paid/", f"/i/{link_for(invoices[0]).token}/"]
    before = (PublicLink.objects.count(), StatementLink.objects.count(), Activity.objects.count())
    for path in paths:
        assert getattr(anybody, method)(path).status_code in {200, 302}
    for what in ("pay", "invoice"):
        assert getattr(anybody, method)(f"{paths[0]}{what}/").status_code == 405
    assert getattr(anybody, method)(f"{paths[2]}all/").status_code == 405
    assert (PublicLink.objects.count(), StatementLink.objects.count(), Activity.objects.count()) == before


def test_names_are_never_markup(anybody: Client) -> None:
    contact = make_contact(SCRIPT)
    make_invoice(contact, number=SCRIPT[:30])
    Business.objects.update_or_create(pk=1, defaults={"name": SCRIPT})
    make_payment(contact, amount="5", unapplied="5")
    html = anybody.get(address(contact)).text
    assert "<script>alert" not in html and "<img src=x" not in html


# -- staff -------------------------------------------------------------------------------------------------------


def test_staff_make_copy_and_replace_the_link(client: Client, ada: Contact) -> None:
    client.force_login(make_agent())
    panel = f"/invoices/of-contact/{ada.pk}/statement/"
    assert panel in client.get(f"/contacts/{ada.pk}/").text
    assert "Make a link" in client.get(panel).text and not StatementLink.objects.exists()
    client.post(f"{panel}make/")
    url = statement_url(ada)
    assert f'data-copy="{url}"' in client.get(panel).text
    assert "leads nowhere" in client.get(f"{panel}replace/").text
    client.post(f"{panel}replace/")
    assert url not in client.get(panel).text
    assert Client().get(url.removeprefix(django_settings.SITE_URL)).status_code == 404
    assert Activity.objects.filter(verb="contact.statement_replaced", contact=ada).exists()


def test_it_is_replaced_alone_or_with_the_links_of_its_invoices(client: Client, ada: Contact) -> None:
    client.force_login(make_agent())
    shown, other, never = make_invoice(ada), make_invoice(make_contact("Ben")), make_invoice(ada)
    of_shown, of_other = link_for(shown).token, link_for(other).token
    client.post(f"/invoices/of-contact/{ada.pk}/statement/replace/")
    assert link_for(shown).token == of_shown
    client.post(f"/invoices/of-contact/{ada.pk}/statement/replace/", {"with_invoices": "on"})
    assert link_for(shown).token != of_shown and link_for(other).token == of_other
    assert not PublicLink.objects.filter(invoice=never).exists()


def test_replacing_an_invoices_link_ends_the_statement_that_it_led_to(ada: Contact) -> None:
    invoice, ben = make_invoice(ada), make_contact("Ben")
    old, of_ben = statement_link_for(ada).token, statement_link_for(ben).token
    replace_link(invoice, actor=make_user())
    assert contact_of(old) is None and contact_of(of_ben) == ben


@pytest.mark.parametrize("path", ["make/", "replace/"])
def test_a_stranger_makes_no_link(client: Client, ada: Contact, path: str) -> None:
    answer = client.post(f"/invoices/of-contact/{ada.pk}/statement/{path}")
    assert answer["Location"].startswith("/accounts/login/") and not StatementLink.objects.exists()
    client.force_login(make_agent())
    for nobody in (999_999, 10**30):
        assert client.post(f"/invoices/of-contact/{nobody}/statement/{path}").status_code == 404


def test_invoices_paid_meanwhile_are_no_longer_asked_for(anybody: Client, ada: Contact) -> None:
    make_invoice(ada, total="120")
    assert "$120.00" in read(anybody, ada)
    Invoice.objects.update(status="paid", balance="0")
    assert "Nothing is due" in read(anybody, ada)

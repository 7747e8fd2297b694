"""Connecting as a person does it: out to Intuit's consent page, back, and everything that can go wrong between."""

import threading
import time
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.models import Activity, Business
from integrations.models import QuickBooksConnection, QuickBooksLink
from integrations.quickbooks import states
from integrations.quickbooks.client import client_for
from integrations.quickbooks.sync import poll
from sandbox import Sandbox
from tests.factories import make_agent, make_connection, make_contact, make_invoice, make_user

CONNECT = reverse("integrations:quickbooks-connect")
CALLBACK = reverse("integrations:quickbooks-callback")
CONNECTED = reverse("integrations:quickbooks-connected")
DISCONNECT = reverse("integrations:quickbooks-disconnect")
SETTINGS = reverse("integrations:settings")


@pytest.fixture
def staff(client, db) -> Client:
    """An admin's browser."""
    client.force_login(make_user())
    return client


class Consent(HTMLParser):
    """The fields of Intuit's consent page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "input" and values["type"] == "hidden":
            self.fields[values["name"]] = values["value"]


def leave(staff: Client) -> str:
    """Press QB Connect; where the browser is sent."""
    response = staff.post(CONNECT)
    assert response.status_code == 302, response.content.decode()
    return response["Location"]


def consent(url: str, realm_id: str, answer: str = "connect") -> str:
    """Choose a company at Intuit; the address of our callback with Intuit's answer in it."""
    form = Consent(requests.get(url, timeout=5).text).fields
    response = requests.post(
        urlsplit(url)._replace(query="").geturl(),
        data={**form, "realm": realm_id, "answer": answer},
        allow_redirects=False,
        timeout=5,
    )
    return response.headers["Location"]


def come_back(staff: Client, location: str):
    parts = urlsplit(location)
    return staff.get(f"{parts.path}?{parts.query}")


def connect(staff: Client, sandbox: Sandbox, company: str = "us"):
    return come_back(staff, consent(leave(staff), sandbox.company(company).realm_id))


def text_of(response) -> str:
    return unescape(response.content.decode())


def test_a_company_is_connected_in_two_steps_and_the_card_says_so(quickbooks, staff):
    assert "QB Connect" in text_of(staff.get(SETTINGS))
    response = connect(staff, quickbooks)
    assert response["Location"] == CONNECTED
    company = quickbooks.company("us")
    confirmation = text_of(staff.get(CONNECTED))
    assert company.name in confirmation
    assert "Close" in confirmation
    card = text_of(staff.get(SETTINGS))
    assert company.name in card
    assert company.realm_id in card
    assert "Jo Bloggs" in card
    assert "Disconnect" in card
    connection = QuickBooksConnection.objects.get()
    assert (connection.country, connection.home_currency) == ("US", "USD")
    assert timezone.now() + timedelta(days=99) < connection.refresh_expires_at
    assert client_for(connection).count("Customer") == 0


def test_what_stood_in_the_books_before_is_left_to_the_imports(quickbooks, staff):
    before = int(time.time())
    connect(staff, quickbooks)
    assert poll.poll(QuickBooksConnection.objects.get()) == ""
    asked = next(entry.query["changedSince"] for entry in quickbooks.requests if entry.path.endswith("/cdc"))
    assert before <= datetime.fromisoformat(asked).timestamp() <= time.time()


def test_the_uk_company_comes_with_its_currencies(quickbooks, staff):
    connect(staff, quickbooks, "uk")
    connection = QuickBooksConnection.objects.get()
    assert (connection.country, connection.home_currency, connection.multi_currency) == ("GB", "GBP", True)
    business = Business.load()
    assert (business.country, business.currency) == ("GB", "GBP"), "rates and tax words are those of the books"
    assert "The business works in GBP too" in text_of(staff.get(CONNECTED))


def test_a_business_that_has_invoices_keeps_its_currency_and_is_told(quickbooks, staff):
    make_invoice(make_contact("Ada"))
    connect(staff, quickbooks, "uk")
    business = Business.load()
    assert (business.country, business.currency) == ("US", "USD")
    assert "kept in GBP, but the business is set to USD" in text_of(staff.get(CONNECTED))


def test_nothing_can_be_imported_from_a_disconnected_company(quickbooks, staff):
    connect(staff, quickbooks)
    staff.post(DISCONNECT)
    for page in ("integrations:import-contacts", "integrations:import-invoices", "integrations:import-years"):
        said = text_of(staff.get(reverse(page)))
        assert "QuickBooks is not connected" in said and "now" not in said.split("not connected")[1]


def test_the_way_out_asks_for_accounting_alone_with_our_own_address(quickbooks, staff, settings):
    url = leave(staff)
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{quickbooks.url}/connect/oauth2?")
    assert asked["scope"] == ["com.intuit.quickbooks.accounting"]
    assert asked["redirect_uri"] == [f"{settings.SITE_URL}/integrations/quickbooks/callback/"]
    assert asked["client_id"] == [quickbooks.client_id]
    assert len(asked["state"][0]) >= 40
    assert quickbooks.client_secret not in url


def test_the_policy_of_the_page_lets_its_form_lead_to_intuit_and_nowhere_else(quickbooks, staff):
    policy = staff.get(SETTINGS)["Content-Security-Policy"]
    (form_action,) = (part for part in policy.split("; ") if part.startswith("form-action"))
    assert form_action == f"form-action 'self' {quickbooks.url}"


@pytest.mark.parametrize("environment", ["production", "sandbox"])
def test_intuits_own_hosts_are_known_without_asking(quickbooks, staff, settings, environment):
    settings.QUICKBOOKS_ENVIRONMENT = environment
    policy = staff.get(SETTINGS)["Content-Security-Policy"]
    assert "form-action 'self' https://appcenter.intuit.com https://accounts.intuit.com" in policy


def test_a_page_comes_up_while_intuit_is_down(quickbooks, staff):
    quickbooks.stop()
    response = staff.get(SETTINGS)
    assert response.status_code == 200
    assert f"form-action 'self' {quickbooks.url}" in response["Content-Security-Policy"]
    response = staff.post(CONNECT)
    assert response.status_code == 502
    assert "Nothing was changed" in text_of(response)


@pytest.mark.parametrize("match", ["tokens", "companyinfo"])
@pytest.mark.parametrize("kind", [503, "garbage", "cut_before"])
def test_whoever_waits_is_not_told_that_it_goes_on_by_itself(quickbooks, staff, match, kind):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    quickbooks.faults.add(kind, times=99, match=match)
    response = come_back(staff, location)
    assert response.status_code == 502
    assert "Try again in a few minutes." in text_of(response) and "by itself" not in text_of(response)
    assert not QuickBooksConnection.objects.exists()


def test_refusing_returns_cleanly_and_nothing_is_connected(quickbooks, staff):
    response = come_back(staff, consent(leave(staff), quickbooks.company("us").realm_id, answer="cancel"))
    assert response.status_code == 200
    assert "nothing was connected" in text_of(response)
    assert not QuickBooksConnection.objects.exists()


@pytest.mark.parametrize("state", [None, "", "made-up", "x" * 43])
def test_a_wrong_or_missing_state_connects_nothing(quickbooks, staff, state):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    query.pop("state")
    response = staff.get(CALLBACK, query if state is None else {**query, "state": state})
    assert response.status_code == 400
    assert "does not belong to a sign-in" in text_of(response)
    assert not QuickBooksConnection.objects.exists()
    assert not any("tokens" in entry.path for entry in quickbooks.requests)


def test_the_state_of_another_person_connects_nothing(quickbooks, staff):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    other = Client()
    other.force_login(make_user("cleo@example.com"))
    assert come_back(other, location).status_code == 400
    assert not QuickBooksConnection.objects.exists()
    # The person it belongs to may still use it.
    assert come_back(staff, location)["Location"] == CONNECTED


def test_an_answer_a_quarter_of_an_hour_late_connects_nothing(quickbooks, staff):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    session = staff.session
    for entry in session[states.KEY].values():
        entry["until"] -= states.LASTS_SECONDS
    session.save()
    response = come_back(staff, location)
    assert response.status_code == 400
    assert "quarter of an hour" in text_of(response)
    assert not QuickBooksConnection.objects.exists()


def test_a_code_that_ran_out_at_intuit_connects_nothing(quickbooks, staff):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    quickbooks.tokens.codes.clear()
    response = come_back(staff, location)
    assert response.status_code == 400
    assert "took too long" in text_of(response)
    assert not QuickBooksConnection.objects.exists()


def test_a_second_click_says_that_it_is_connected_already(quickbooks, staff):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    come_back(staff, location)
    before = QuickBooksConnection.objects.get()
    quickbooks.clear_log()
    parts = urlsplit(location)
    response = staff.get(f"{parts.path}?{parts.query}", follow=True)
    assert "QuickBooks is connected already." in text_of(response)
    assert not quickbooks.requests
    assert QuickBooksConnection.objects.get().connected_at == before.connected_at


def test_a_used_answer_to_a_disconnected_company_connects_nothing(quickbooks, staff):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    come_back(staff, location)
    staff.post(DISCONNECT)
    response = come_back(staff, location)
    assert response.status_code == 400
    assert "used already" in text_of(response)
    assert not QuickBooksConnection.objects.get().is_connected


def test_a_state_is_good_once_even_at_the_same_moment(quickbooks, staff, db):
    leave(staff)
    (state,) = staff.session[states.KEY]
    user = make_user("ada@example.com")
    sessions = [{states.KEY: {state: {"user": user.pk, "until": 9e12, "used": False}}} for _ in range(2)]

    class Session(dict):
        modified = False

    verdicts = [states.redeem(Session(one), user, state) for one in sessions]
    assert verdicts == [states.Verdict.GOOD, states.Verdict.USED]


@pytest.mark.parametrize("missing", ["code", "realmId"])
def test_an_incomplete_answer_connects_nothing(quickbooks, staff, missing):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    query.pop(missing)
    response = staff.get(CALLBACK, query)
    assert response.status_code == 400
    assert not QuickBooksConnection.objects.exists()


@pytest.mark.parametrize("realm", ["../admin", "123/../456", "a" * 41, "1 OR 1", "<b>"])
def test_a_realm_that_is_none_is_never_asked_for(quickbooks, staff, realm):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert staff.get(CALLBACK, {**query, "realmId": realm}).status_code == 400
    assert not any(entry.path.startswith("/v3/") for entry in quickbooks.requests)


def test_a_realm_swapped_on_the_way_connects_nothing_and_gives_the_access_back(quickbooks, staff):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    response = staff.get(CALLBACK, {**query, "realmId": quickbooks.company("uk").realm_id})
    assert response.status_code == 502
    assert not QuickBooksConnection.objects.exists()
    assert not quickbooks.tokens.grants


@pytest.mark.parametrize(
    ("match", "trouble"),
    [("/tokens/bearer", 503), ("/tokens/bearer", "garbage"), ("/tokens/bearer", 401), ("/companyinfo/", 503)]
    + [("/companyinfo/", 403), ("/companyinfo/", "garbage"), ("/preferences", "cut_before"), ("/preferences", 429)],
)
def test_trouble_at_intuit_leaves_nothing_half_connected(quickbooks, staff, match, trouble):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    quickbooks.faults.add(trouble, times=99, match=match)
    response = come_back(staff, location)
    assert response.status_code == 502
    assert "Nothing was connected" in text_of(response)
    assert not QuickBooksConnection.objects.exists()
    quickbooks.faults.clear()
    assert connect(staff, quickbooks)["Location"] == CONNECTED


def test_a_wrong_client_secret_is_said_to_the_operator(quickbooks, staff, settings):
    location = consent(leave(staff), quickbooks.company("us").realm_id)
    settings.QUICKBOOKS_CLIENT_SECRET = "not-the-secret"
    page = text_of(come_back(staff, location))
    assert "QUICKBOOKS_CLIENT_SECRET" in page
    assert "not-the-secret" not in page


def test_reconnecting_keeps_the_row_and_its_mappings(quickbooks, staff):
    connect(staff, quickbooks)
    connection = QuickBooksConnection.objects.get()
    QuickBooksLink.objects.create(connection=connection, entity="customer", external_id="1", synced_at=timezone.now())
    QuickBooksConnection.objects.update(status="needs_reconnect", status_reason="It ended.")
    assert "It ended." in text_of(staff.get(SETTINGS))
    assert connect(staff, quickbooks)["Location"] == CONNECTED
    again = QuickBooksConnection.objects.get()
    assert again.pk == connection.pk
    assert (again.is_connected, again.status_reason) == (True, "")
    assert again.refresh_token != connection.refresh_token
    assert again.links.count() == 1


@pytest.mark.parametrize("status", ["connected", "disconnected", "needs_reconnect"])
def test_another_company_is_refused_naming_both(quickbooks, staff, status):
    connection = make_connection(quickbooks, "us", status=status, disconnected_at=timezone.now())
    token = connection.refresh_token
    response = connect(staff, quickbooks, "uk")
    page = text_of(response)
    assert response.status_code == 409
    for company in (quickbooks.company("us"), quickbooks.company("uk")):
        assert company.name in page
        assert company.realm_id in page
    assert QuickBooksConnection.objects.get().refresh_token == token
    # The access to the other company was given back; that to the first still works.
    assert [grant.realm_id for grant in quickbooks.tokens.grants] == [connection.realm_id]


def test_a_failed_reconnect_leaves_the_working_connection_as_it_was(quickbooks, staff):
    connection = make_connection(quickbooks)
    location = consent(leave(staff), connection.realm_id)
    quickbooks.faults.add(503, times=99, match="/companyinfo/")
    assert "stands as before" in text_of(come_back(staff, location))
    quickbooks.faults.clear()
    assert client_for(QuickBooksConnection.objects.get()).count("Customer") == 0


def test_disconnecting_says_what_stops_then_revokes_and_forgets(quickbooks, staff):
    connect(staff, quickbooks)
    page = text_of(staff.get(DISCONNECT))
    assert "What stops" in page
    assert QuickBooksConnection.objects.get().is_connected
    staff.post(DISCONNECT)
    connection = QuickBooksConnection.objects.get()
    assert connection.status == "disconnected"
    assert (connection.access_token, connection.refresh_token, connection.access_expires_at) == ("", "", None)
    assert not quickbooks.tokens.grants
    card = text_of(staff.get(SETTINGS))
    assert "was disconnected on" in card
    assert "QB Connect" in card
    assert "QuickBooks is not connected." in text_of(staff.post(DISCONNECT, follow=True))


def test_disconnecting_works_while_intuit_is_down_and_says_what_is_left_to_do(quickbooks, staff):
    connect(staff, quickbooks)
    quickbooks.stop()
    page = text_of(staff.post(DISCONNECT, follow=True))
    assert "Intuit could not be told" in page
    assert QuickBooksConnection.objects.get().refresh_token == ""


def test_disconnecting_works_with_a_lost_key(quickbooks, staff, settings):
    connect(staff, quickbooks)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert "cannot be read" in text_of(staff.get(SETTINGS))
    staff.post(DISCONNECT)
    assert QuickBooksConnection.objects.get().status == "disconnected"


def test_reconnecting_works_with_a_lost_key(quickbooks, staff, settings):
    connect(staff, quickbooks)
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert connect(staff, quickbooks)["Location"] == CONNECTED
    assert client_for(QuickBooksConnection.objects.get()).count("Customer") == 0


def test_every_step_is_in_the_audit_trail(quickbooks, staff):
    connect(staff, quickbooks)
    connect(staff, quickbooks)
    staff.post(DISCONNECT)
    rows = Activity.objects.filter(subject_type="connection").order_by("id")
    verbs = ["quickbooks.connected", "quickbooks.reconnected", "quickbooks.disconnected"]
    assert [row.verb for row in rows] == verbs
    assert {row.actor.email for row in rows} == {"jo@example.com"}
    assert quickbooks.company("us").realm_id in rows[0].text


def test_without_client_id_the_card_tells_the_operator_what_to_set(staff, settings):
    settings.QUICKBOOKS_CLIENT_ID = settings.QUICKBOOKS_CLIENT_SECRET = ""
    page = text_of(staff.get(SETTINGS))
    assert "QUICKBOOKS_CLIENT_ID" in page
    assert "QUICKBOOKS_CLIENT_SECRET" in page
    assert f"{settings.SITE_URL}/integrations/quickbooks/callback/" in page
    assert "QB Connect</button>" not in page
    assert staff.post(CONNECT).status_code == 503


def test_no_page_shows_a_token(quickbooks, staff):
    connect(staff, quickbooks)
    connection = QuickBooksConnection.objects.get()
    for address in (SETTINGS, CONNECTED, DISCONNECT):
        page = text_of(staff.get(address))
        assert connection.access_token not in page
        assert connection.refresh_token not in page


@pytest.mark.parametrize(
    ("method", "address"),
    [("get", SETTINGS), ("post", CONNECT), ("get", CALLBACK), ("get", CONNECTED), ("get", DISCONNECT)]
    + [("post", DISCONNECT)],
)
def test_an_agent_is_forbidden_and_a_stranger_logs_in_first(client, db, method, address):
    assert getattr(client, method)(address)["Location"].startswith(reverse("account_login"))
    client.force_login(make_agent())
    assert getattr(client, method)(address).status_code == 403


def test_connecting_by_get_or_without_csrf_is_not_possible(staff):
    assert staff.get(CONNECT).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user("ada@example.com"))
    assert strict.post(CONNECT).status_code == 403
    assert strict.post(DISCONNECT).status_code == 403


def test_two_admins_connecting_two_companies_at_once_end_with_one(quickbooks, transactional_db):
    browsers, answers = [], []
    for email, company in (("ada@example.com", "us"), ("ben@example.com", "uk")):
        browser = Client()
        browser.force_login(make_user(email))
        browsers.append((browser, consent(leave(browser), quickbooks.company(company).realm_id)))

    def run(browser: Client, location: str) -> None:
        try:
            answers.append(come_back(browser, location).status_code)
        finally:
            database.close()

    threads = [threading.Thread(target=run, args=pair) for pair in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [302, 409]
    assert QuickBooksConnection.objects.count() == 1


def test_intuits_addresses_are_asked_for_once_and_kept(quickbooks, staff):
    leave(staff)
    quickbooks.stop()
    assert leave(staff).startswith(quickbooks.url)
    cache.clear()
    assert staff.post(CONNECT).status_code == 502

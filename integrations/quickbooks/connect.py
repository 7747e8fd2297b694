"""Connecting a company and disconnecting it. A connection is stored whole, or not at all."""

import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from crm import audit
from crm.business import change_business
from crm.models import Business, User
from integrations.errors import IntegrationError, NeedsReconnect, told_now
from integrations.fields import CannotDecrypt
from integrations.models import QuickBooksConnection
from integrations.quickbooks import oauth
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.countries import two_letters
from integrations.quickbooks.oauth import TokenPair
from integrations.quickbooks.sync.watermark import follow, server_time
from integrations.quickbooks.tokens import FreshAccess
from invoicing.models import Invoice

# A person waits for it in the browser.
SECONDS = 25.0
_REALM_ID = re.compile(r"[0-9A-Za-z-]{1,40}")


class NotConnected(Exception):
    """Why no connection was made: ``str()`` is for a person; ``status`` is that of the page which says so."""

    def __init__(self, sentence: str, *, status: int = 400, cause: IntegrationError | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.cause = cause


@sensitive_variables()
def finish(code: str, realm_id: str, *, by: User) -> QuickBooksConnection:
    """Exchange the code, look at the company, and store the connection. Raises NotConnected.

    The same company keeps its row, and with it every mapping. Another company than the one this installation has
    been working with is refused.
    """
    if not code or not _REALM_ID.fullmatch(realm_id):
        raise NotConnected("Intuit's answer was incomplete. Nothing was connected; please start again.")
    pair = _exchange(code, realm_id)
    try:
        company, preferences, clock = _look_at(realm_id, pair)
        return _store(realm_id, pair, company, preferences, clock, by)
    except NotConnected:
        if not QuickBooksConnection.objects.filter(realm_id=realm_id).exists():
            # For a company known here this would also end the sign-in that still works.
            oauth.revoke(pair.refresh_token)
        raise


@sensitive_variables()
def disconnect(connection: QuickBooksConnection, *, by: User) -> bool:
    """Forget the tokens and tell Intuit; False when Intuit could not be told. A second time nothing happens."""
    try:
        token = connection.refresh_token
    except CannotDecrypt:
        token = ""
    with transaction.atomic():
        rows = QuickBooksConnection.objects.filter(pk=connection.pk)
        changed = rows.exclude(status=QuickBooksConnection.Status.DISCONNECTED).update(
            status=QuickBooksConnection.Status.DISCONNECTED,
            status_reason="",
            access_token="",
            refresh_token="",
            access_expires_at=None,
            refresh_expires_at=None,
            hard_expires_at=None,
            lease_id="",
            lease_until=None,
            disconnected_at=timezone.now(),
        )
        if changed:
            _note(connection.pk, "quickbooks.disconnected", f"Disconnected {connection.company_name}", by)
    return oauth.revoke(token) if changed and token else not changed


@sensitive_variables()
def _exchange(code: str, realm_id: str) -> TokenPair:
    try:
        return oauth.exchange(code, realm_id)
    except NeedsReconnect as error:
        sentence = (
            "The sign-in took too long, or its answer was used before. Nothing was connected; please start again."
        )
        raise NotConnected(sentence, cause=error) from None
    except IntegrationError as error:
        raise NotConnected(f"{told_now(error)} Nothing was connected.", status=502, cause=error) from None


@sensitive_variables()
def _look_at(realm_id: str, pair: TokenPair) -> tuple[dict[str, Any], dict[str, Any], datetime | None]:
    client = QuickBooksClient(realm_id, FreshAccess(pair), interactive=True)
    client.start_step(SECONDS)
    try:
        company, preferences = client.company_info(), client.preferences()
        return company, preferences, server_time(client)
    except IntegrationError as error:
        sentence = f"You signed in, but company {realm_id} could not be read. Nothing was connected. {told_now(error)}"
        raise NotConnected(sentence, status=502, cause=error) from None
    finally:
        client.close()


@sensitive_variables()
@transaction.atomic
def _store(
    realm_id: str,
    pair: TokenPair,
    company: dict[str, Any],
    preferences: dict[str, Any],
    clock: datetime | None,
    by: User,
) -> QuickBooksConnection:
    # Two people connecting two companies at once: the second waits here, and is refused.
    Business.objects.select_for_update().get(pk=Business.load().pk)
    name = str(company.get("CompanyName") or company.get("LegalName") or f"Company {realm_id}")[:500]
    _refuse_another(realm_id, name)
    rows = QuickBooksConnection.objects.filter(realm_id=realm_id)
    values = {**company_facts(company, preferences), **_credentials(pair, by), "company_name": name}
    # update() rather than save(): the old tokens may be unreadable, and need not be read.
    is_again = bool(rows.update(**values))
    if not is_again:
        QuickBooksConnection.objects.create(realm_id=realm_id, **values)
        _adopt_home(values, by)
    connection = rows.defer("access_token", "refresh_token").get()
    follow(connection, since=clock)
    verb, word = ("quickbooks.reconnected", "Reconnected") if is_again else ("quickbooks.connected", "Connected")
    _note(connection.pk, verb, f"{word} {name} (company ID {realm_id})", by)
    return connection


def _refuse_another(realm_id: str, name: str) -> None:
    known = QuickBooksConnection.objects.exclude(realm_id=realm_id).values("realm_id", "company_name").first()
    if known is not None:
        raise NotConnected(
            f"You chose {name} (company ID {realm_id}), but Tallybook works with the books of "
            f"{known['company_name']} (company ID {known['realm_id']}). Nothing was changed. "
            f"Connect again and choose {known['company_name']}.",
            status=409,
        )


def company_facts(company: dict[str, Any], preferences: dict[str, Any]) -> dict[str, Any]:
    """What the company says of itself; documents of odd shape count as empty."""
    currency = preferences.get("CurrencyPrefs")
    currency = currency if isinstance(currency, dict) else {}
    home = currency.get("HomeCurrency")
    code = str(home.get("value", "")) if isinstance(home, dict) else ""
    address = company.get("CompanyAddr")
    country = company.get("Country") or (address.get("Country") if isinstance(address, dict) else "")
    return {
        "country": two_letters(str(country or "")),
        "home_currency": code if re.fullmatch(r"[A-Z]{3}", code) else "USD",
        "multi_currency": currency.get("MultiCurrencyEnabled") is True,
    }


def _adopt_home(company: dict[str, Any], by: User) -> None:
    """The business takes currency and country of its books, for its exchange rates and tax words are theirs.

    Only at the first connection, and not where invoices stand already: their sums are in the currency as it was.
    """
    if not Invoice.objects.exists():
        country = {"country": company["country"]} if company["country"] else {}
        change_business({"currency": company["home_currency"], **country}, by=by)


def _credentials(pair: TokenPair, by: User) -> dict[str, Any]:
    return {
        "status": QuickBooksConnection.Status.CONNECTED,
        "status_reason": "",
        "access_token": pair.access_token,
        "access_expires_at": pair.access_expires_at,
        "refresh_token": pair.refresh_token,
        "refresh_expires_at": pair.refresh_expires_at,
        "hard_expires_at": pair.hard_expires_at,
        "lease_id": "",
        "lease_until": None,
        "connected_by": by,
        "connected_at": timezone.now(),
        "disconnected_at": None,
    }


def _note(connection_id: int, verb: str, text: str, by: User) -> None:
    audit.record("connection", connection_id, verb=verb, actor=by, origin="staff", text=text)

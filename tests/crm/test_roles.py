"""Who may do what, by address too: every page of the house names its permission, and agents keep out."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from crm.roles import ADMINS_ONLY, AGENT_MAY, allowed, may
from tests.factories import make_agent, make_user

# Doors without a login: an invitation's link, the logo that customers see, their pages of invoices, the watchman, and
# the vendors' own knocks.
OPEN = {
    *("staff:join", "staff:logo", "health:healthz", "health:worker"),
    *("public:invoice", "public:pay", "public:paid", "public:seen", "public:all", "public:pdf", "public:receipt"),
    *("public:statement", "public:statement-pay", "public:statement-paid", "public:statement-invoice"),
    *("integrations:quickbooks-webhook", "integrations:stripe-webhook", "integrations:crezco-webhook"),
    *("messages-public:unsubscribe", "messages-public:ask"),
    *("integrations:email-webhook", "integrations:email-inbound"),
    *("integrations:twilio-inbound", "integrations:twilio-status"),
}
OURS = {
    "staff",
    "contacts",
    "invoicing",
    "integrations",
    "health",
    "help",
    "public",
    "messaging",
    "messages-public",
    "payments",
}


def views(patterns: list[URLPattern | URLResolver], space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, pattern.namespace or space)
        elif space in OURS:
            yield f"{space}:{pattern.name}", pattern


ALL = dict(views(get_resolver().url_patterns))
ADMIN_VIEWS = sorted(name for name, view in ALL.items() if getattr(view.callback, "permission", "") in ADMINS_ONLY)


def address_of(name: str) -> str:
    made_up = {key: 1 if "pk" in key or "year" in key else "x" for key in ALL[name].pattern.converters}
    return reverse(name, kwargs=made_up)


def test_every_view_names_its_permission() -> None:
    unguarded = {name for name, view in ALL.items() if not hasattr(view.callback, "permission")}
    assert unguarded <= OPEN, f"without @allowed: {sorted(unguarded - OPEN)}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ADMIN_VIEWS)
def test_agent_is_refused_by_address(client: Client, name: str) -> None:
    client.force_login(make_agent())
    codes = {client.get(address_of(name)).status_code, client.post(address_of(name)).status_code}
    assert codes <= {403, 405} and 403 in codes, f"{name} answers an agent {codes}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(set(ALL) - OPEN))
def test_stranger_is_asked_to_log_in(client: Client, name: str) -> None:
    answers = [client.get(address_of(name)), client.post(address_of(name))]
    for answer in answers:
        assert answer.status_code in {302, 405}, f"{name} answers a stranger {answer.status_code}"
        assert answer.status_code == 405 or answer.headers["Location"].startswith(reverse("account_login"))
    assert {answer.status_code for answer in answers} != {405}


@pytest.mark.django_db
def test_refusal_says_whom_to_ask(client: Client) -> None:
    client.force_login(make_agent())
    answer = client.get(reverse("staff:settings"))
    assert answer.status_code == 403 and "for admins" in answer.content.decode()
    assert reverse("staff:settings") not in client.get("/").content.decode()


@pytest.mark.django_db
def test_agent_may_what_is_written_down_and_an_admin_everything() -> None:
    admin, agent = make_user(), make_agent()
    assert all(may(admin, what) for what in AGENT_MAY | ADMINS_ONLY)
    assert {what for what in AGENT_MAY | ADMINS_ONLY if may(agent, what)} == AGENT_MAY
    agent.is_active = False
    assert not may(agent, "contacts.view")


def test_permission_nobody_wrote_down_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        allowed("contacts.paint")

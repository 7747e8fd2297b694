"""Support's admin: every model is found and shown, nothing that hurts can be done, and no secret is told."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.db.models import ForeignKey, Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from crm.models import Activity, Business, Contact, Heartbeat, HelpAnswer, Invitation, User
from integrations.models import (
    ApiAllowance,
    BookingSettings,
    CatalogueEntry,
    ConnectionNotice,
    GatewayEvent,
    GatewayFee,
    ImportItem,
    ImportRun,
    InboxEvent,
    OutboxEntry,
    Payout,
    PayoutLine,
    PaySession,
    PaySessionShare,
    QuickBooksConnection,
    QuickBooksLink,
    SyncLogEntry,
    SyncState,
)
from invoicing.models import (
    Allocation,
    Invoice,
    InvoiceView,
    PaymentSettings,
    PublicLink,
    Refund,
    RefundShare,
    StatementLink,
)
from messaging.models import (
    Conversation,
    Draft,
    Lane,
    Message,
    MessagingSettings,
    NoticeChoice,
    StaffNotice,
    Suppression,
)
from tests.factories import PASSWORD, make_contact, make_invoice, make_payment, make_user

pytestmark = pytest.mark.django_db

admin.autodiscover()
SITE = dict(admin.site._registry.items())
OURS = {"crm", "invoicing", "messaging", "integrations"}
SECRET = "hush-this-is-secret"  # every secret in these tests begins with it
# What support may write by hand: neither money nor anything that services write.
CHANGEABLE = {"crm.User", "crm.Business", "account.EmailAddress"}


@pytest.fixture
def support(client: Client) -> Client:
    client.force_login(make_user("support@example.com", is_staff=True, is_superuser=True))
    return client


def fill(first: int, last: int) -> None:
    """Rows number ``first`` to ``last`` of every model, each with rows of its own behind its foreign keys."""
    Business.load()
    PaymentSettings.objects.get_or_create(pk=1)
    for number in range(first, last):
        user = make_user(f"user{number}@example.com")
        ada = make_contact(f"Ada {number}", email=f"ada{number}@example.com", parent=Contact.objects.first())
        invoice = make_invoice(ada, lines=[{"description": f"Line {line}"} for line in range(3)])
        payment = make_payment(ada, of={invoice: "20.00"})
        fill_staff(number, user, ada)
        fill_messages(number, user, ada, invoice)
        fill_integrations(number, user, ada, invoice, payment)


def fill_staff(number: int, user: User, ada: Contact) -> None:
    now = timezone.now()
    changes = {"city": ["", "Bonn"]}
    facts = {"subject_type": "contact", "subject_id": ada.pk, "verb": "contact.changed", "origin": "staff"}
    Activity.objects.create(contact=ada, actor=user, at=now, changes=changes, **facts)
    Heartbeat.objects.create(name=f"queue {number}", beat_at=now)
    HelpAnswer.objects.create(user=user, page="conflicts", has_helped=True, sentence="Clear.", answered_at=now)
    digest = f"{SECRET}-{number}"
    Invitation.objects.create(
        email=f"new{number}@example.com", secret_digest=digest, invited_by=user, expires_at=now + timedelta(days=7)
    )
    EmailAddress.objects.create(user=user, email=user.email)
    Authenticator.objects.create(user=user, type="totp", data={"secret": SECRET})
    Schedule.objects.create(name=f"beat {number}", func="crm.schedules.beat")
    for success in (True, False):
        times = {"started": now, "stopped": now + timedelta(seconds=1)}
        Task.objects.create(id=f"{number}-{success}", name=f"{number}", func="f", success=success, **times)
    async_task("crm.heartbeats.beat", SECRET)


def fill_messages(number: int, user: User, ada: Contact, invoice: Invoice) -> None:
    thread = Conversation.objects.create(contact=ada, assigned_to=user)
    known = {"conversation": thread, "channel": "text", "address": "+14155550123", "body": f"{SECRET}/i/page"}
    Message.objects.create(direction="out", status="queued", actor=user, invoice=invoice, **known)
    Draft.objects.create(invoice=invoice, channel="text", body="Hi", saved_by=user)
    Suppression.objects.create(channel="text", address=f"+1415555{number:04}", reason="opted_out")
    MessagingSettings.load()
    NoticeChoice.objects.create(user=user)
    StaffNotice.objects.create(user=user, fact=f"message.{number}", words="Ada wrote", path="/")
    Lane.objects.get_or_create(channel=f"t{number}", lease_id=f"{SECRET}-lane")


def fill_integrations(number: int, user: User, ada: Contact, invoice: Invoice, payment: Any) -> None:
    now = timezone.now()
    company = QuickBooksConnection.objects.create(
        realm_id=f"realm{number}",
        company_name=f"Books {number}",
        access_token=f"{SECRET}-access",
        refresh_token=f"{SECRET}-refresh",
        lease_id=f"{SECRET}-lease",
        connected_by=user,
        connected_at=now,
    )
    ConnectionNotice.objects.create(connection=company, kind="7_days", about=now)
    ApiAllowance.objects.create(realm_id=company.realm_id)
    of = {"connection": company, "external_id": str(number), "synced_at": now}
    QuickBooksLink.objects.create(entity="customer", contact=ada, document={"Id": "1", "Line": [{"a": "ü"}]}, **of)
    QuickBooksLink.objects.create(entity="invoice", invoice=invoice, **of)
    QuickBooksLink.objects.create(entity="payment", payment=payment, **of)
    CatalogueEntry.objects.create(connection=company, entity="item", external_id="1", name="Rope")
    run = ImportRun.objects.create(
        connection=company,
        kind="contacts",
        lease_id=f"{SECRET}-run",
        started_by=user,
        counts={"customer": {"created": 1}},
    )
    ImportItem.objects.create(run=run, entity="customer", external_id="1", outcome="created", name="Ada")
    told = {"realm_id": company.realm_id, "entity": "customer", "entity_id": "1", "operation": "updated"}
    event = InboxEvent.objects.create(source="webhook", external_id=str(number), **told)
    OutboxEntry.objects.create(connection=company, kind="payment.create", payment=payment)
    OutboxEntry.objects.create(connection=company, kind="invoice.sent", invoice=invoice)
    BookingSettings.objects.create(connection=company, account_id="35", account_name="Checking", methods=["1"])
    page = {"gateway": "stripe", "url": f"{SECRET}/page", "amount": "5", "currency": "USD"}
    PaySession.objects.create(invoice=invoice, reference=f"cs_{number}", **page)
    several = PaySession.objects.create(contact=ada, reference=f"cs_all_{number}", **page)
    PaySessionShare.objects.create(session=several, invoice=invoice, amount="5")
    GatewayEvent.objects.create(gateway="stripe", external_id=f"evt_{number}", kind="checkout", object_id="cs")
    facts = {"gateway": "stripe", "amount": "4.55", "currency": "USD", "arrives_on": now.date(), "status": "paid"}
    payout = Payout.objects.create(reference=f"po_{number}", **facts)
    moved = {"payment": payment, "reference": f"txn_{number}", "fee": "0.45", "net": "4.55"}
    PayoutLine.objects.create(payout=payout, kind="payment", happened_at=now, gross="5", **moved)
    GatewayFee.objects.create(gateway="stripe", currency="USD", payout=payout, **moved)
    InvoiceView.objects.create(invoice=invoice)
    refund = Refund.objects.create(payment=payment, source="stripe", amount="1.00", currency="USD", actor=user)
    RefundShare.objects.create(refund=refund, invoice=invoice, amount="1.00")
    PublicLink.objects.create(invoice=invoice, token=f"{SECRET}{number}"[-32:])
    StatementLink.objects.create(contact=ada, token=f"{SECRET}{number}"[-32:])
    SyncState.objects.create(connection=company, lease_id=f"{SECRET}-sync")
    came = {"door": "webhook", "entity": "customer", "external_id": "1", "outcome": "updated"}
    SyncLogEntry.objects.create(connection=company, name="Ada", event=event, **came)


def page(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def may(model: type[Model], what: str) -> bool:
    request = RequestFactory().get("/")
    request.user = User(is_staff=True, is_superuser=True, is_active=True)
    return getattr(SITE[model], f"has_{what}_permission")(request)


def test_every_model_of_the_house_can_be_found() -> None:
    ours = {model for model in apps.get_models() if model._meta.app_label in OURS}
    assert ours <= set(SITE)
    for model in ours:
        assert SITE[model].search_fields, model


def test_every_page_of_every_model_answers_and_tells_no_secret(support: Client) -> None:
    fill(0, 2)
    for model in SITE:
        row = model._default_manager.first()
        assert row is not None, f"{model} has no row in this test"
        addresses = [page(model, "changelist"), page(model, "change", row.pk), page(model, "history", row.pk)]
        if SITE[model].search_fields:
            addresses.append(f"{page(model, 'changelist')}?q=ad")
        if may(model, "add"):
            addresses.append(page(model, "add"))
        for address in addresses:
            answer = support.get(address)
            assert answer.status_code == 200, address
            html = answer.content.decode()
            assert SECRET not in html and "gAAAAA" not in html, address  # neither plain nor as Fernet writes it


def test_a_list_asks_the_same_number_of_questions_for_one_row_and_for_many(support: Client) -> None:
    def questions(model: type[Model]) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert support.get(page(model, "changelist")).status_code == 200
        return len(queries)

    fill(0, 1)
    few = {model: questions(model) for model in SITE}
    fill(1, 10)
    assert {model: questions(model) for model in SITE} == few


def test_an_invoice_with_many_lines_asks_no_more_than_one_with_few(support: Client) -> None:
    def questions(invoice: Invoice) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert support.get(page(Invoice, "change", invoice.pk)).status_code == 200
        return len(queries)

    ada = make_contact()
    one, many = (make_invoice(ada, lines=[{"description": "Rope"}] * count) for count in (1, 20))
    make_payment(ada, of={one: "1.00"})
    for _ in range(10):
        make_payment(ada, of={many: "1.00"})
    questions(one)
    assert questions(one) == questions(many)


def test_money_statuses_links_runs_and_the_trail_are_only_read(support: Client) -> None:
    fill(0, 1)
    for model in SITE:
        if model._meta.label in CHANGEABLE:
            assert may(model, "change")
            assert model._meta.app_label != "crm" or not may(model, "delete")
            continue
        row = model._default_manager.first()
        assert row is not None
        assert support.post(page(model, "change", row.pk), {"name": "x"}).status_code == 403, model
        assert support.get(page(model, "add")).status_code == 403, model
        if model is not Authenticator:
            assert support.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403, model
            assert model._default_manager.filter(pk=row.pk).exists()


def test_foreign_keys_that_can_be_set_are_searched_for_and_not_listed() -> None:
    for model, shown in SITE.items():
        if may(model, "change"):
            keys = {field.name for field in model._meta.get_fields() if isinstance(field, ForeignKey)}
            assert keys <= {*shown.raw_id_fields, *shown.autocomplete_fields, *shown.get_readonly_fields(None)}, model  # type: ignore[arg-type]


def test_tokens_are_not_even_read_from_the_database(support: Client) -> None:
    fill(0, 1)
    for model in (QuickBooksConnection, QuickBooksLink, ImportRun, CatalogueEntry):
        row = model._default_manager.first()
        assert row is not None
        for address in (page(model, "changelist"), page(model, "change", row.pk)):
            with CaptureQueriesContext(connection) as queries:
                support.get(address)
            assert not any("access_token" in query["sql"] for query in queries), address


def test_documents_are_laid_out_to_be_read(support: Client) -> None:
    fill(0, 1)
    link = QuickBooksLink.objects.get(entity="customer")
    html = support.get(page(QuickBooksLink, "change", link.pk)).content.decode()
    assert "<pre>{\n  &quot;Id&quot;: &quot;1&quot;,\n  &quot;Line&quot;: [" in html and "ü" in html


@pytest.mark.parametrize("words", ["(415) 555-0123", "ÄPFEL", "engines ada"])
def test_a_contact_is_found_as_on_its_own_page(support: Client, words: str) -> None:
    make_contact("Ada Äpfel", company="Engines", phone="+14155550123")
    make_contact("Ben")
    shown = support.get(page(Contact, "changelist"), {"q": words}).context["cl"].result_list
    assert [contact.name for contact in shown] == ["Ada Äpfel"]


def test_support_adds_and_switches_off_a_user_by_email(support: Client) -> None:
    form = {"email": "New@Example.com", "name": "New", "role": "agent", "usable_password": "true"}
    form |= {"password1": PASSWORD, "password2": PASSWORD}
    assert support.post(page(User, "add"), form).status_code == 302
    user = User.objects.get(email="new@example.com")
    assert user.check_password(PASSWORD) and not user.is_staff
    assert support.post(page(User, "change", user.pk), {"email": "NEW@example.com", "role": "admin"}).status_code == 302
    user.refresh_from_db()
    assert (user.email, user.role, user.is_active) == ("new@example.com", "admin", False)
    answer = support.post(page(User, "add"), form)
    assert answer.status_code == 200 and "already exists" in answer.content.decode()


def test_a_lost_second_factor_is_removed_without_showing_it(support: Client) -> None:
    fill(0, 1)
    factor = Authenticator.objects.get()
    assert SECRET not in support.get(page(Authenticator, "delete", factor.pk)).content.decode()
    support.post(page(Authenticator, "delete", factor.pk), {"post": "yes"})
    assert not Authenticator.objects.exists()


def test_an_agent_and_an_admin_of_the_house_are_not_support(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/admin/", follow=True).status_code in {200, 403}
    assert client.get(page(Contact, "changelist")).status_code in {302, 403}
    assert Allocation.objects.count() == 0 and OrmQ.objects.count() == 0

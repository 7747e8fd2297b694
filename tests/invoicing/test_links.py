"""A customer's link: one living one per invoice, long enough, and dead once it is replaced."""

import pytest

from crm.models import Activity
from invoicing.links import invoice_of, link_for, replace_link, url_of
from invoicing.models import Invoice, PublicLink
from tests.factories import make_contact, make_invoice, make_user

pytestmark = pytest.mark.django_db


def test_an_invoice_has_one_link_that_nobody_can_guess(settings):
    invoice = make_invoice(make_contact())
    assert link_for(invoice) == link_for(invoice)
    assert url_of(invoice) == f"{settings.SITE_URL}/i/{link_for(invoice).token}/"
    assert len(link_for(invoice).token) >= 22
    assert link_for(invoice).token not in str(link_for(invoice))
    assert invoice_of(link_for(invoice).token) == invoice


def test_a_replaced_link_is_dead_and_the_trail_says_who_replaced_it():
    invoice, jo = make_invoice(make_contact()), make_user()
    old = link_for(invoice).token
    new = replace_link(invoice, actor=jo)
    assert invoice_of(old) is None
    assert invoice_of(new.token) == invoice
    assert PublicLink.objects.count() == 2
    assert Activity.objects.filter(verb="invoice.link_replaced", actor=jo).exists()


@pytest.mark.parametrize(
    "state", [{"status": "void", "balance": 0}, {"status": "draft"}, {"removed_at": "2026-11-01T00:00Z"}]
)
def test_what_is_void_removed_or_a_draft_has_no_page(state):
    invoice = make_invoice(make_contact())
    token = link_for(invoice).token
    Invoice.objects.filter(pk=invoice.pk).update(**state)
    assert invoice_of(token) is None


def test_a_token_nobody_made_leads_nowhere():
    assert invoice_of("x" * 22) is None
    assert invoice_of("x" * 4000) is None

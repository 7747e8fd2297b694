"""A question that is put into SQL once says what Django would have said, each time anew."""

from typing import Any

import pytest
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from crm.models import Contact
from crm.prepared import A_NUMBER, A_TEXT, Prepared
from invoicing.models import Invoice
from tests.factories import make_contact, make_invoice

pytestmark = pytest.mark.django_db
COLUMNS = ("pk", "created_at", "issued_on", "total", "discount_percent", "taxes", "removed_at", "name", "is_open")


def about(name: str) -> QuerySet[Any, Any]:
    contact = Contact.objects.filter(pk=OuterRef("contact")).values("name")
    is_open = Exists(Invoice.objects.filter(pk=OuterRef("pk"), status=Invoice.Status.OPEN))
    found = Invoice.objects.exclude(number="100% \"of\" 'it'").filter(customer_name=name)
    return found.annotate(name=Subquery(contact), is_open=is_open).order_by("pk").values_list(*COLUMNS)


@pytest.mark.parametrize("name", ["Ada", "O'Hara %s", 'A "quoted" 100%', "", "the text stands here", "Zoë ☂"])
def test_every_kind_of_column_is_what_django_makes_of_it(name: str) -> None:
    taxes = [{"name": "VAT", "amount": "1.5"}]
    for number in ("1", "100% \"of\" 'it'", "3"):
        make_invoice(make_contact(number), number=number, customer_name=name, total="12.3456", taxes=taxes)
    make_invoice(make_contact("Somebody else"), customer_name="else")
    prepared = Prepared(about, A_TEXT)
    assert [tuple(row) for row in prepared.read(prepared.ask(name))] == list(about(name))
    assert len(prepared.ask(name)) == 2


def test_what_has_changed_is_in_the_next_answer_and_equal_answers_say_the_same() -> None:
    invoice = make_invoice(make_contact(), customer_name="Ada", total="120")
    prepared = Prepared(about, A_TEXT)
    before = prepared.ask("Ada")
    assert prepared.ask("Ada") == before and hash(prepared.ask("Ada")) == hash(before)
    Invoice.objects.filter(pk=invoice.pk).update(total="130")
    after = prepared.ask("Ada")
    assert after != before and [row[3] for row in prepared.read(after)] == [130]
    assert prepared.ask("Ben") == ()


def test_it_may_ask_about_a_number() -> None:
    first, second = make_invoice(make_contact("Ada")), make_invoice(make_contact("Ben"))
    prepared = Prepared(lambda pk: Invoice.objects.filter(pk=pk).values_list("pk", "customer_name"), A_NUMBER)
    assert prepared.ask(first.pk) == ((first.pk, "Ada"),) and prepared.ask(second.pk) == ((second.pk, "Ben"),)

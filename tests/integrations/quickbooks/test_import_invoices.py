"""A year of invoices with every payment on them: QuickBooks' own figures, settled per allocation."""

from decimal import Decimal

import pytest
from django.core.cache import cache

from crm.models import Activity, Contact
from integrations.models import ImportRun, QuickBooksLink
from integrations.quickbooks.imports import runs
from integrations.quickbooks.imports.phases import counted
from integrations.quickbooks.years import years_of
from invoicing.models import Allocation, Invoice, Payment
from invoicing.signals import invoice_paid, payment_recorded
from sandbox import Sandbox
from tests.factories import make_connection
from tests.integrations.conftest import point_at
from tests.integrations.quickbooks.test_import_contacts import add, customer, import_contacts

pytestmark = pytest.mark.django_db(transaction=False)

YEAR = 2026


def line(amount: str, **more) -> dict:
    detail = {"ItemRef": {"value": "1"}, **more}
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def bill(company, who: dict, amount: str = "100", **more) -> dict:
    doc = {"CustomerRef": {"value": who["Id"]}, "TxnDate": f"{YEAR}-03-01", "Line": [line(amount)], **more}
    return company.create("Invoice", doc)


def pay(company, who: dict, amount: str, spent: dict[str, str], **more) -> dict:
    lines = [{"Amount": part, "LinkedTxn": [{"TxnId": pk, "TxnType": "Invoice"}]} for pk, part in spent.items()]
    doc = {"CustomerRef": {"value": who["Id"]}, "TotalAmt": amount, "TxnDate": f"{YEAR}-04-01", "Line": lines, **more}
    return company.create("Payment", doc)


@pytest.fixture
def us(quickbooks):
    return quickbooks.company("us")


@pytest.fixture
def ada(quickbooks):
    return add(quickbooks, customer("Ada", email="ada@example.com"))[0]


def import_year(connection, year: int = YEAR, **options) -> ImportRun:
    if connection.contacts_imported_at is None:
        import_contacts(connection)
        connection.refresh_from_db()
    return runs.run_to_end(runs.start(connection, ImportRun.Kind.INVOICES, year=year, **options))


def test_invoices_wait_for_the_contacts_to_be_imported_first(quickbooks, connection):
    with pytest.raises(runs.CannotDo, match="Import the contacts first"):
        runs.start(connection, ImportRun.Kind.INVOICES, year=YEAR)


def test_paid_part_paid_and_open_come_from_the_payments(us, connection, ada):
    paid, part, untouched = bill(us, ada), bill(us, ada), bill(us, ada)
    pay(us, ada, "140", {paid["Id"]: "100", part["Id"]: "30"})
    run = import_year(connection)
    assert run.status == "done", run.message
    assert counted(run, "invoice")["created"] == 3 and counted(run, "payment")["created"] == 1
    by_number = {invoice.number: invoice for invoice in Invoice.objects.all()}
    first, second, third = (by_number[doc["DocNumber"]] for doc in (paid, part, untouched))
    assert (first.status, first.balance, first.paid) == ("paid", 0, 100)
    assert (second.status, second.balance, second.paid) == ("open", 70, 30)
    assert (third.status, third.balance, third.paid) == ("open", 100, 0)
    payment = Payment.objects.get()
    assert (payment.amount, payment.unapplied, payment.contact) == (140, 10, Contact.objects.get())
    assert payment.deposit_account == "Undeposited Funds"
    assert not second.is_overdue(second.due_on) and second.is_part_paid()


def test_a_credit_memo_settles_but_does_not_pay(us, connection, ada):
    invoice = bill(us, ada)
    memo = us.create("CreditMemo", {"CustomerRef": {"value": ada["Id"]}, "Line": [line("100")]})
    us.create(
        "Payment",
        {
            "CustomerRef": {"value": ada["Id"]},
            "TotalAmt": 0,
            "Line": [
                {"Amount": 100, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]},
                {"Amount": 100, "LinkedTxn": [{"TxnId": memo["Id"], "TxnType": "CreditMemo"}]},
            ],
        },
    )
    import_year(connection)
    stored = Invoice.objects.get()
    assert (stored.status, stored.balance, stored.paid, stored.credited) == ("settled", 0, 0, 100)


def test_a_void_is_void_and_an_invoice_of_nothing_is_settled(us, connection, ada):
    us.void("Invoice", bill(us, ada)["Id"])
    bill(us, ada, "0")
    import_year(connection)
    assert sorted(Invoice.objects.values_list("status", flat=True)) == ["settled", "void"]


def test_only_the_chosen_year_comes_in_with_payments_of_any_date(us, connection, ada):
    inside = bill(us, ada, TxnDate=f"{YEAR}-12-31")
    outside = bill(us, ada, TxnDate=f"{YEAR - 1}-12-31")
    pay(us, ada, "150", {inside["Id"]: "100", outside["Id"]: "50"}, TxnDate=f"{YEAR + 1}-02-01")
    import_year(connection)
    payment = Payment.objects.get()
    assert [invoice.number for invoice in Invoice.objects.all()] == [inside["DocNumber"]]
    assert (payment.amount, payment.unapplied) == (150, 0)

    run = import_year(connection, YEAR - 1)
    assert counted(run, "payment") == {"created": 0, "updated": 1, "unchanged": 0, "dropped": 0}
    assert sorted(Allocation.objects.values_list("amount", flat=True)) == [50, 100]


def test_running_again_changes_and_tells_nothing(us, connection, ada):
    invoice = bill(us, ada)
    pay(us, ada, "100", {invoice["Id"]: "100"})
    import_year(connection)
    told = Activity.objects.count()
    run = import_year(connection)
    assert run.counts["invoice"] == {"unchanged": 1}
    assert run.counts["payment"] == {"unchanged": 1}
    assert Activity.objects.count() == told


def test_a_change_in_quickbooks_changes_lines_totals_and_payment(us, connection, ada):
    invoice = bill(us, ada)
    payment = pay(us, ada, "100", {invoice["Id"]: "100"})
    import_year(connection)
    us.delete("Payment", payment["Id"])
    fresh = us.read("Invoice", invoice["Id"])
    us.update("Invoice", {**fresh, "Line": [line("60", Qty=3, UnitPrice=20), line("40")]})
    import_year(connection)
    stored = Invoice.objects.get()
    assert (stored.total, stored.balance, stored.status) == (100, 100, "open")
    assert list(stored.lines.values_list("quantity", "amount")) == [(3, 60), (None, 40)]
    changes = Activity.objects.filter(verb="invoice.changed").latest("id").changes
    assert changes["balance"] == ["0", "100"]


def test_invoices_of_a_customer_in_conflict_stand_under_its_name_until_it_is_resolved(us, connection, ada):
    bob = us.create("Customer", customer("Bob", email="ada@example.com"))
    bill(us, bob)
    import_year(connection)
    invoice = Invoice.objects.get()
    assert invoice.is_in_conflict and invoice.customer_name == "Bob"

    us.update("Customer", {**us.read("Customer", bob["Id"]), "PrimaryEmailAddr": {"Address": "bob@example.com"}})
    import_contacts(connection)
    invoice.refresh_from_db()
    assert invoice.contact == Contact.objects.get(email="bob@example.com")


def test_a_customer_made_after_the_contacts_were_read_is_fetched_with_its_invoice(us, connection, ada):
    import_contacts(connection)
    connection.refresh_from_db()
    run = runs.start(connection, ImportRun.Kind.INVOICES, year=YEAR)
    runs.step(run.pk)
    late = us.create("Customer", customer("Late"))
    bill(us, late)
    runs.run_to_end(run)
    assert Invoice.objects.get().contact.name == "Late"


def test_what_an_import_brings_is_announced_as_such(us, connection, ada):
    told: list[tuple[str, str]] = []

    def hear_paid(invoice, origin, **kwargs):
        told.append(("paid", origin))

    def hear_payment(payment, origin, **kwargs):
        told.append(("payment", origin))

    invoice_paid.connect(hear_paid)
    payment_recorded.connect(hear_payment)
    invoice = bill(us, ada)
    pay(us, ada, "100", {invoice["Id"]: "100"})
    import_year(connection)
    assert sorted(told) == [("paid", "import"), ("payment", "import")]


def test_every_kind_of_line_and_tax_comes_in_to_the_cent(quickbooks, settings, db):
    with Sandbox(seed="small") as sandbox:
        point_at(sandbox, settings)
        for company in ("us", "uk"):
            connection = make_connection(sandbox, company)
            import_contacts(connection)
            connection.refresh_from_db()
            docs = {doc["Id"]: doc for doc in sandbox.company(company).query("SELECT * FROM Invoice MAXRESULTS 1000")}
            for year in {doc["TxnDate"][:4] for doc in docs.values()}:
                assert import_year(connection, int(year)).status == "done"
            links = QuickBooksLink.objects.filter(connection=connection, entity="invoice").select_related("invoice")
            assert {link.external_id for link in links} == set(docs)
            for link in links:
                doc, invoice = docs[link.external_id], link.invoice
                assert (invoice.total, invoice.balance) == (dec(doc["TotalAmt"]), dec(doc["Balance"]))
                assert invoice.tax == dec(doc.get("TxnTaxDetail", {}).get("TotalTax", 0))
                assert invoice.currency == doc["CurrencyRef"]["value"]
                added = invoice.subtotal - invoice.discount + invoice.shipping + invoice.tax
                assert added == invoice.total, doc
                if invoice.status != "void":
                    assert invoice.total - invoice.paid - invoice.credited - invoice.deposit == invoice.balance, doc
            QuickBooksLink.objects.all().delete()
            Allocation.objects.all().delete()
            Payment.objects.all().delete()
            Invoice.objects.all().delete()
            connection.delete()
            Contact.objects.all().delete()


def dec(value) -> Decimal:
    return Decimal(str(value))


def test_an_invoice_deleted_between_two_pages_or_a_payment_gone_meanwhile_stops_nothing(us, connection, ada):
    invoice = bill(us, ada)
    payment = pay(us, ada, "100", {invoice["Id"]: "100"})
    import_contacts(connection)
    connection.refresh_from_db()
    run = runs.start(connection, ImportRun.Kind.INVOICES, year=YEAR)
    for _ in range(3):
        runs.step(run.pk)
    us.delete("Payment", payment["Id"])
    run = runs.run_to_end(run)
    assert run.status == "done"
    assert run.items.get(entity="payment").reason == "QuickBooks no longer has this payment."


def test_a_preview_counts_invoices_and_payments_and_writes_none(us, connection, ada):
    invoice = bill(us, ada)
    pay(us, ada, "100", {invoice["Id"]: "100"})
    run = import_year(connection, preview=True)
    assert run.status == "done", run.message
    assert counted(run, "invoice")["created"] == 1 and counted(run, "payment")["created"] == 1
    assert not Invoice.objects.exists() and not Payment.objects.exists()


def test_the_years_that_have_invoices_are_told_with_their_counts(us, connection, ada):
    assert years_of(connection) == []
    cache.clear()
    bill(us, ada), bill(us, ada), bill(us, ada, TxnDate=f"{YEAR - 2}-05-05")
    assert years_of(connection) == [(YEAR, 2), (YEAR - 2, 1)]

"""The control page: a newcomer plays the bookkeeper without a line of code."""

from __future__ import annotations

import pytest
import requests

from sandbox import Company, Sandbox

from .cast import customer, invoice, pay, sold, tax
from .conftest import Wire
from .receiver import TOKEN, Receiver


def do(sandbox: Sandbox, action: str, **form: str) -> str:
    """Post one of the page's forms and read the page it leads to."""
    answer = requests.post(f"{sandbox.url}/do/{action}", data={"company": "us", **form}, timeout=10)
    assert answer.status_code == 200
    return answer.text


def test_a_whole_sale_can_be_played(sandbox: Sandbox, us: Company) -> None:
    do(sandbox, "new-customer", name="Ada", phone="650-555-0100", email="ada@example.com")
    do(sandbox, "new-invoice", customer="1", item="3", quantity="2", price="10", tax="TAX", due="2030-01-31")
    made = us.read("Invoice", "1")
    assert (made["TotalAmt"], made["DueDate"]) == (21.6, "2030-01-31")
    do(sandbox, "receive-payment", invoice="1", amount="20", reference="cheque 7")
    assert us.read("Invoice", "1")["Balance"] == 1.6
    do(sandbox, "edit-customer", id="1", name="Ada Byron", phone="", email="", active="on")
    assert "PrimaryPhone" not in us.read("Customer", "1")
    do(sandbox, "edit-invoice", id="1", due="2030-02-28", note="moved")
    assert us.read("Invoice", "1")["PrivateNote"] == "moved"
    do(sandbox, "void", entity="Payment", id="2")
    do(sandbox, "delete", entity="Invoice", id="1")
    assert us.count("SELECT COUNT(*) FROM Invoice") == 0


def test_a_british_sale_has_vat_and_a_currency(sandbox: Sandbox, uk: Company) -> None:
    do(sandbox, "new-customer", company="uk", name="Émile", currency="EUR", phone="", email="")
    fields = {"customer": "1", "item": "1", "quantity": "1", "price": "120", "tax": "1", "due": "", "number": "7"}
    do(sandbox, "new-invoice", company="uk", mode="TaxInclusive", **fields)
    made = uk.read("Invoice", "1")
    assert (made["TotalAmt"], made["TxnTaxDetail"]["TotalTax"], made["DocNumber"]) == (120, 20, "7")
    assert made["CurrencyRef"]["value"] == "EUR"


def test_a_refusal_is_shown_in_quickbooks_own_words(sandbox: Sandbox, us: Company) -> None:
    customer(us)
    assert "Duplicate Name Exists" in do(sandbox, "new-customer", name="Ada Byron", phone="", email="")
    assert "That cannot be" in do(sandbox, "break", kind="earthquake")
    do(sandbox, "close-books", day="2099-12-31")
    assert "6210" in do(sandbox, "new-invoice", customer="1", item="1", quantity="1", price="1", tax="NON", due="")


def test_doubles_are_merged_by_hand(sandbox: Sandbox, us: Company) -> None:
    kept, lost = customer(us, "Ada"), customer(us, "Ada B.")
    invoice(us, lost)
    do(sandbox, "merge-customers", id=lost["Id"], survivor=kept["Id"])
    assert us.read("Customer", kept["Id"])["Balance"] == 100


def test_trouble_is_ordered_shown_and_called_off(sandbox: Sandbox, wire: Wire) -> None:
    page = do(sandbox, "break", kind="fault", code="6190", times="2", match="Invoice", seconds="")
    assert "fault(6190)" in page
    assert wire.query("SELECT * FROM Invoice").status_code == 400
    do(sandbox, "slow-down", seconds="0.2")
    assert sandbox.faults.latency == 0.2
    do(sandbox, "calm-down")
    assert (sandbox.faults.latency, sandbox.faults.waiting) == (0, [])
    do(sandbox, "expire-tokens")
    assert wire.get("preferences").status_code == 401
    do(sandbox, "disconnect")
    assert sandbox.tokens.grants == []


def test_trouble_never_strikes_the_page_itself(sandbox: Sandbox) -> None:
    sandbox.faults.add(kind=503)
    assert requests.get(sandbox.url, timeout=10).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/edit?entity=Customer&id=1", "/edit?entity=Invoice&id=1", "/trouble", "/webhooks", "/log"]
)
def test_what_others_wrote_is_never_markup(sandbox: Sandbox, us: Company, wire: Wire, path: str) -> None:
    owner = customer(us, "<script>alert(1)</script>", PrimaryPhone={"FreeFormNumber": '"><script>alert(2)'})
    invoice(us, owner, DocNumber="<script>3")
    wire.query("SELECT * FROM Customer WHERE DisplayName = '<script>4'")
    sandbox.faults.add(kind=503, match="<script>5")
    joint = "&" if "?" in path else "?"
    page = requests.get(f"{sandbox.url}{path}{joint}done=<script>6&company=us", timeout=10).text
    assert "<script" not in page and "&lt;script&gt;6" in page


def test_the_page_works_on_a_phone_and_without_script(sandbox: Sandbox) -> None:
    page = requests.get(sandbox.url, timeout=10).text
    assert 'name="viewport"' in page and "<script" not in page and 'lang="en"' in page


def test_the_log_shows_what_was_asked(sandbox: Sandbox, wire: Wire) -> None:
    wire.query("SELECT * FROM Customer")
    assert "SELECT * FROM Customer" in requests.get(f"{sandbox.url}/log", timeout=10).text
    do(sandbox, "clear-log")
    assert "SELECT * FROM Customer" not in requests.get(f"{sandbox.url}/log", timeout=10).text


def test_pages_that_do_not_exist_say_so(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.url}/nothing", timeout=10).status_code == 404
    assert requests.post(f"{sandbox.url}/do/nothing", timeout=10).status_code == 404
    assert "deleted" in requests.get(f"{sandbox.url}/edit?entity=Customer&id=9", timeout=10).text


# -- the bookkeeper's other moves --------------------------------------------------------------------------------


def test_money_is_taken_spread_left_over_and_taken_back(sandbox: Sandbox, us: Company) -> None:
    owner = customer(us)
    first, second = invoice(us, owner), invoice(us, owner)
    do(sandbox, "receive-money", customer=owner["Id"], amount="150", reference="")
    payment = us.query("SELECT * FROM Payment")[0]["Id"]
    assert us.read("Payment", payment)["UnappliedAmt"] == 150
    page = requests.get(f"{sandbox.url}/edit?company=us&entity=Payment&id={payment}", timeout=10).text
    assert f'name="on-Invoice-{first["Id"]}"' in page and f'name="on-Invoice-{second["Id"]}"' in page
    spread = {f"on-Invoice-{first['Id']}": "100", f"on-Invoice-{second['Id']}": "30"}
    do(sandbox, "edit-payment", id=payment, amount="140", reference="wire", **spread)
    assert us.read("Payment", payment)["UnappliedAmt"] == 10
    assert [us.read("Invoice", one["Id"])["Balance"] for one in (first, second)] == [0, 70]
    do(sandbox, "edit-payment", id=payment, amount="140", reference="", **{f"on-Invoice-{first['Id']}": ""})
    assert [us.read("Invoice", one["Id"])["Balance"] for one in (first, second)] == [100, 100]
    do(sandbox, "delete", entity="Payment", id=payment)
    assert us.query("SELECT * FROM Payment") == []


def test_more_than_an_invoice_asks_for_stays_unapplied(sandbox: Sandbox, us: Company) -> None:
    bill = invoice(us, customer(us))
    do(sandbox, "receive-payment", invoice=bill["Id"], amount="120", reference="")
    assert us.query("SELECT * FROM Payment")[0]["UnappliedAmt"] == 20
    assert us.read("Invoice", bill["Id"])["Balance"] == 0


def test_a_credit_memo_is_made_and_applied(sandbox: Sandbox, us: Company) -> None:
    owner = customer(us)
    bill = invoice(us, owner)
    do(sandbox, "new-credit", customer=owner["Id"], item="1", quantity="1", price="30", tax="NON")
    memo = us.query("SELECT * FROM CreditMemo")[0]
    page = requests.get(f"{sandbox.url}/edit?company=us&entity=CreditMemo&id={memo['Id']}", timeout=10).text
    assert f'<option value="{bill["Id"]}"' in page
    do(sandbox, "apply-credit", id=memo["Id"], invoice=bill["Id"], amount="")
    assert us.read("Invoice", bill["Id"])["Balance"] == 70
    assert us.read("CreditMemo", memo["Id"])["RemainingCredit"] == 0


def test_quantity_and_price_are_changed_and_the_tax_follows(sandbox: Sandbox, us: Company, uk: Company) -> None:
    bill = invoice(us, customer(us), sold("1", 1, 100, "TAX"), sold("1", 2, 5, "NON"), **tax("2"))
    rate = bill["TxnTaxDetail"]["TotalTax"] / 100
    form = {"id": bill["Id"], "due": "", "note": "", "quantity-2": "2", "price-2": "5"}
    do(sandbox, "edit-invoice", **form, **{"quantity-1": "2", "price-1": "100"})
    after = us.read("Invoice", bill["Id"])
    assert rate > 0 and after["TotalAmt"] == pytest.approx(210 + 200 * rate)
    assert [line["Id"] for line in after["Line"] if "Id" in line] == ["1", "2"]
    abroad = invoice(uk, customer(uk), sold("1", 1, 120, "1"), GlobalTaxCalculation="TaxInclusive")
    page = requests.get(f"{sandbox.url}/edit?company=uk&entity=Invoice&id={abroad['Id']}", timeout=10).text
    assert 'name="price-1" value="120"' in page
    form = {"id": abroad["Id"], "due": "", "note": "", "quantity-1": "2", "price-1": "120"}
    do(sandbox, "edit-invoice", company="uk", **form)
    assert uk.read("Invoice", abroad["Id"])["TotalAmt"] == 240


def test_a_customer_is_made_inactive_and_active_again(sandbox: Sandbox, us: Company) -> None:
    owner = customer(us)
    do(sandbox, "switch-customer", id=owner["Id"])
    assert us.read("Customer", owner["Id"])["DisplayName"] == "Ada Byron (deleted)"
    do(sandbox, "switch-customer", id=owner["Id"])
    assert us.read("Customer", owner["Id"])["DisplayName"] == "Ada Byron"


def test_a_paid_invoice_is_deleted_only_after_it_was_unlinked(sandbox: Sandbox, us: Company) -> None:
    owner = customer(us)
    bill = invoice(us, owner)
    payment = pay(us, owner, 100, (bill, 100))
    assert "unlink any linked" in do(sandbox, "delete", entity="Invoice", id=bill["Id"])
    assert "/do/unlink-and-delete" in requests.get(sandbox.url, timeout=10).text
    do(sandbox, "unlink-and-delete", entity="Invoice", id=bill["Id"])
    assert us.query("SELECT * FROM Invoice") == []
    assert us.read("Payment", payment["Id"])["UnappliedAmt"] == 100
    assert us.read("Customer", owner["Id"])["Balance"] == -100


def test_an_invoice_is_emailed_to_its_customer(sandbox: Sandbox, us: Company) -> None:
    bill = invoice(us, customer(us, PrimaryEmailAddr={"Address": "ada@example.com"}))
    assert "sent to ada@example.com" in do(sandbox, "send", entity="Invoice", id=bill["Id"])
    assert us.read("Invoice", bill["Id"])["EmailStatus"] == "EmailSent"


# -- webhooks ----------------------------------------------------------------------------------------------------


def test_webhooks_are_set_up_seen_and_sent_again(sandbox: Sandbox, us: Company) -> None:
    with Receiver() as receiver:
        sandbox.webhooks.token = TOKEN
        settings = {"url": receiver.url, "envelope": "legacy", "batch": "5", "drop": "", "double": "1", "delay": "0"}
        assert "Webhooks are on" in do(sandbox, "webhooks", enabled="on", shuffle="on", **settings)
        customer(us, "<script>")
        do(sandbox, "flush-webhooks")
        assert sandbox.webhooks.wait_idle(5)
        page = do(sandbox, "send-webhook-again")
        assert "Customer 1 created" in page and "eventNotifications" in page and "<script" not in page
        assert sandbox.webhooks.wait_idle(5)
        assert len(receiver.posts) == 3
        do(sandbox, "webhooks", **settings)
        assert (sandbox.webhooks.enabled, sandbox.webhooks.shuffle) == (False, False)
        do(sandbox, "clear-webhooks")
        assert len(sandbox.webhooks.deliveries) == 0
        receiver.shutdown()


def test_the_webhooks_page_refuses_other_machines_and_shows_no_token(sandbox: Sandbox) -> None:
    assert "That cannot be" in do(sandbox, "webhooks", enabled="on", url="http://example.com/")
    assert sandbox.webhooks.url is None
    assert "Nothing has been sent so far" in do(sandbox, "send-webhook-again")
    assert sandbox.webhooks.token not in requests.get(f"{sandbox.url}/webhooks", timeout=10).text

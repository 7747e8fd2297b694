"""Servers of the same wire that spell things a little differently."""

import pytest

from integrations.errors import NeedsReconnect
from integrations.quickbooks import catalogue, faults
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.connect import company_facts
from integrations.quickbooks.countries import two_letters
from integrations.quickbooks.tokens import StoredAccess
from integrations.quickbooks.years import years_of
from tests.integrations.quickbooks.test_import_contacts import add, customer
from tests.integrations.quickbooks.test_import_invoices import bill


class Answers(QuickBooksClient):
    """A server that answers every question with the same."""

    answer: dict = {}

    def make_request(self, *args, **options) -> dict:
        return self.answer


@pytest.mark.parametrize(("given", "count"), [(41, 41), ("41", 41), (None, None), ("many", None), (True, None)])
def test_a_count_is_a_number_or_text(connection, given, count):
    client = Answers(connection.realm_id, StoredAccess(connection.pk))
    client.answer = {"QueryResponse": {"totalCount": given}}
    if count is None:
        with pytest.raises(Exception, match="could not be read"):
            client.count("Invoice")
    else:
        assert client.count("Invoice") == count


@pytest.mark.parametrize(
    ("answer", "has"),
    [({"Fault": None, "fault": None}, False), ({"Fault": {}}, True), ({"fault": {"error": []}}, True), ([], False)],
)
def test_a_fault_that_is_null_is_none(answer, has):
    assert faults.has_fault(answer) is has


@pytest.mark.parametrize(("code", "helps"), [("3202", True), ("invalid_token", True), ("3100", False), ("120", False)])
def test_any_401_is_worth_a_fresh_token_unless_the_company_itself_is_closed(code, helps):
    answer = {"fault": {"error": [{"message": "no", "detail": "no", "code": code}], "type": "AUTHENTICATION"}}
    error = faults.error_for(401, b"", {}, answer)
    assert isinstance(error, NeedsReconnect)
    assert faults.is_about_token(error) is helps


@pytest.mark.parametrize(
    ("said", "meant"), [("GB", "GB"), ("gbr", "GB"), ("UK", "GB"), ("USA", "US"), ("DE", "DE"), ("", "US"), ("?", "US")]
)
def test_countries_come_with_two_letters_with_three_or_by_habit(said, meant):
    assert two_letters(said) == meant


def test_a_company_without_a_country_is_where_its_address_is():
    assert company_facts({"CompanyAddr": {"Country": "GBR"}}, {})["country"] == "GB"
    assert company_facts({"CompanyAddr": "London"}, {})["country"] == "US"


def test_the_number_of_an_item_out_of_use_is_known_to_old_invoices(quickbooks, connection, client_of):
    item = quickbooks.company("us").create(
        "Item", {"Name": "Old tap", "Sku": "TAP-1", "Type": "Service", "IncomeAccountRef": {"value": "1"}}
    )
    quickbooks.company("us").update("Item", {"Id": item["Id"], "sparse": True, "Active": False})
    catalogue.store(connection, catalogue.fetch(client_of))
    assert catalogue.load(connection).find("item", item["Id"]).code == "TAP-1"


def test_a_date_typed_wrongly_hides_no_years(quickbooks, connection):
    us = quickbooks.company("us")
    (ada,) = add(quickbooks, customer("Ada"))
    for day in ("1926-03-01", "2024-03-01", "2026-03-01", "2206-03-01"):
        bill(us, ada, TxnDate=day)
    assert years_of(connection) == [(2206, 1), (2026, 1), (2024, 1), (1926, 1)]

"""Customers: names that must differ, jobs, the inactive, and merging."""

from __future__ import annotations

from typing import Any

import pytest
from quickbooks import QuickBooks
from quickbooks.objects.customer import Customer

from sandbox import Company, Fault

from .cast import customer, invoice, pay
from .conftest import Wire, code_of


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 2020),
        ({"DisplayName": "ADA byron"}, 6240),
        ({"DisplayName": "paper mill"}, 6240),
        ({"DisplayName": "A:B"}, 2040),
        ({"DisplayName": "A\tB"}, 2040),
        ({"GivenName": "New\nLine"}, 2040),
        ({"DisplayName": "Party 🎉"}, 2040),
        ({"DisplayName": "x" * 501}, 2050),
        ({"DisplayName": "y", "GivenName": "x" * 101}, 2050),
        ({"DisplayName": "y", "PrimaryPhone": {"FreeFormNumber": "1" * 31}}, 2050),
        ({"DisplayName": "y", "PrimaryEmailAddr": {"Address": "x" * 90 + "@example.com"}}, 2050),
        ({"DisplayName": "y", "PrimaryEmailAddr": {"Address": "nobody"}}, 2210),
        ({"DisplayName": "y", "Nickname": "z"}, 2010),
        ({"DisplayName": "y", "CurrencyRef": {"value": "EUR"}}, 6000),
        ({"DisplayName": "y", "ParentRef": {"value": "99"}, "Job": True}, 2500),
        ({"Id": "1.5", "SyncToken": "0", "DisplayName": "y"}, 2030),
        ({"Id": "99", "SyncToken": "0", "DisplayName": "y"}, 610),
    ],
)
def test_what_a_customer_may_not_be(us: Company, wire: Wire, body: dict[str, Any], code: int) -> None:
    customer(us)
    us.create("Vendor", {"DisplayName": "Paper Mill"})
    refused = wire.post("customer", body)
    assert (refused.status_code, code_of(refused)) == (400, str(code))


def test_british_companies_know_every_letter(uk: Company) -> None:
    for name in ("株式会社みなと", "Party 🎉", "Łukasz", "O’Neill"):
        assert customer(uk, name)["FullyQualifiedName"] == name


def test_a_name_is_put_together_from_its_parts(us: Company) -> None:
    made = us.create("Customer", {"GivenName": "Ada", "FamilyName": "Byron", "Suffix": "Jr"})
    assert made["DisplayName"] == made["PrintOnCheckName"] == "Ada Byron Jr"


def test_empty_properties_are_left_out_of_answers(us: Company) -> None:
    made = customer(us, Notes="", PrimaryPhone=None, BillAddr={})
    assert not {"Notes", "PrimaryPhone", "BillAddr"} & made.keys()


def test_jobs_have_levels_and_long_names_that_follow_their_parents(us: Company) -> None:
    builders = customer(us, "Builders")
    lot = customer(us, "Lot 4", ParentRef={"value": builders["Id"]}, Job=True)
    shed = customer(us, "Shed", ParentRef={"value": lot["Id"]}, Job=True)
    made = invoice(us, shed)
    assert (shed["Level"], shed["FullyQualifiedName"]) == (2, "Builders:Lot 4:Shed")
    assert us.read("Customer", builders["Id"])["BalanceWithJobs"] == 100
    assert us.read("Customer", builders["Id"])["Balance"] == 0
    us.update("Customer", {"Id": builders["Id"], "sparse": True, "DisplayName": "Builders Inc"})
    assert us.read("Customer", shed["Id"])["FullyQualifiedName"] == "Builders Inc:Lot 4:Shed"
    assert us.read("Invoice", made["Id"])["CustomerRef"]["name"] == "Builders Inc:Lot 4:Shed"


def test_four_levels_of_jobs_are_enough(us: Company) -> None:
    parent = customer(us, "0")
    for level in range(1, 5):
        parent = customer(us, str(level), ParentRef={"value": parent["Id"]}, Job=True)
    with pytest.raises(Fault, match="6000"):
        customer(us, "5", ParentRef={"value": parent["Id"]}, Job=True)


def test_a_deleted_customer_is_inactive_under_another_name(us: Company, qb: QuickBooks) -> None:
    made = Customer.get(customer(us)["Id"], qb=qb)
    made.Active = False
    made.save(qb=qb)
    after = us.read("Customer", made.Id)
    assert (after["DisplayName"], after["Active"]) == ("Ada Byron (deleted)", False)
    assert customer(us)["Id"] != made.Id  # the name is free again


def test_a_customer_who_owes_stays_active(us: Company) -> None:
    owner = customer(us)
    invoice(us, owner)
    with pytest.raises(Fault, match="balance"):
        us.update("Customer", {"Id": owner["Id"], "sparse": True, "Active": False})
    us.update("Customer", {"Id": owner["Id"], "sparse": True, "Notes": "owes"})


def test_read_only_fields_are_silently_ignored(us: Company) -> None:
    made = customer(us, Balance=1000, Level=3, SyncToken="9", domain="X")
    assert (made["Balance"], made["SyncToken"], made["domain"]) == (0, "0", "QBO")


def test_the_currency_of_a_customer_is_fixed(uk: Company) -> None:
    made = customer(uk, CurrencyRef={"value": "EUR"})
    with pytest.raises(Fault, match="6000"):
        uk.update("Customer", {"Id": made["Id"], "sparse": True, "CurrencyRef": {"value": "GBP"}})


def test_merging_moves_everything_to_the_survivor(us: Company, wire: Wire) -> None:
    kept, lost = customer(us, "Ada"), customer(us, "Ada B.")
    job = customer(us, "Roof", ParentRef={"value": lost["Id"]}, Job=True)
    made = invoice(us, lost)
    payment = pay(us, lost, 30, (made, 30))
    after = us.merge_customers(lost["Id"], kept["Id"])
    assert after["Balance"] == 70
    assert us.read("Invoice", made["Id"])["CustomerRef"] == {"value": kept["Id"], "name": "Ada"}
    assert us.read("Payment", payment["Id"])["CustomerRef"]["value"] == kept["Id"]
    assert us.read("Customer", job["Id"])["FullyQualifiedName"] == "Ada:Roof"
    assert code_of(wire.get(f"customer/{lost['Id']}")) == "610"
    assert customer(us, "Ada B.")["Id"] != lost["Id"]


def test_customers_cannot_be_deleted_over_the_wire(us: Company, wire: Wire) -> None:
    made = customer(us)
    refused = wire.post("customer", {"Id": made["Id"], "SyncToken": "0"}, operation="delete")
    assert code_of(refused) == "500"

"""Bank deposits: what is in one stays as it is until it is taken out."""

from __future__ import annotations

import pytest

from sandbox import Company, Fault

from .cast import customer, deposit, invoice, pay


def test_a_deposit_is_worth_the_payments_in_it(us: Company) -> None:
    owner = customer(us)
    made = deposit(us, pay(us, owner, 30), pay(us, owner, 12.5))
    assert made["TotalAmt"] == 42.5
    assert us.query(f"SELECT * FROM Deposit WHERE TxnDate >= '{made['TxnDate']}'") == [made]


def test_a_payment_in_a_deposit_is_neither_changed_nor_voided_nor_deleted(us: Company) -> None:
    owner = customer(us)
    made = invoice(us, owner)
    payment = pay(us, owner, 100, (made, 100))
    held = deposit(us, payment)
    for change in (
        lambda: us.update("Payment", {"Id": payment["Id"], "sparse": True, "PrivateNote": "x"}),
        lambda: us.void("Payment", payment["Id"]),
        lambda: us.delete("Payment", payment["Id"]),
    ):
        with pytest.raises(Fault) as refused:
            change()
        assert refused.value.code == 6540
    assert us.read("Payment", payment["Id"]) == payment
    us.delete("Deposit", held["Id"])
    us.void("Payment", payment["Id"])
    assert us.read("Invoice", made["Id"])["Balance"] == 100


def test_what_cannot_be_deposited_is_refused(us: Company) -> None:
    owner = customer(us)
    payment = pay(us, owner, 30)
    deposit(us, payment)
    (bank,) = us.query("SELECT * FROM Account WHERE Name = 'Checking'")
    elsewhere = pay(us, owner, 30, DepositToAccountRef={"value": bank["Id"]})
    for one, words in ((payment, "already"), (elsewhere, "Undeposited"), ({"Id": "9999"}, "does not exist")):
        with pytest.raises(Fault, match=words):
            deposit(us, one)

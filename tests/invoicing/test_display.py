"""The status a person sees, and when an invoice is due, on the business's own calendar."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from invoicing.display import LATE_AFTER_DAYS, display_status, due_words, shown
from invoicing.models import Invoice

TODAY = date(2026, 11, 12)


def invoice(
    status: str = "open", *, due: date = TODAY, total: str = "100", balance: str = "100", owner: str = "ours"
) -> Invoice:
    return Invoice(
        status=status, due_on=due, issued_on=TODAY, total=Decimal(total), balance=Decimal(balance), owner=owner
    )


@pytest.mark.parametrize(
    ("row", "word", "chip", "detail"),
    [
        (invoice("draft"), "Draft", "chip-draft", ""),
        (invoice("open"), "Open", "chip-sent", "due today"),
        (invoice("open", owner="books"), "Open", "chip-sent", "not sent yet, due today"),
        (invoice("open", due=TODAY + timedelta(3)), "Open", "chip-sent", "due in 3 days"),
        (invoice("open", balance="40"), "Partly paid", "chip-part", "due today"),
        (invoice("open", due=TODAY - timedelta(1)), "Overdue", "chip-overdue", "1 day overdue"),
        (invoice("open", due=TODAY - timedelta(29)), "Overdue", "chip-overdue", "29 days overdue"),
        (invoice("open", due=TODAY - timedelta(30)), "Overdue", "chip-late", "30 days overdue"),
        (
            invoice("open", due=TODAY - timedelta(5), balance="40"),
            "Overdue",
            "chip-overdue",
            "5 days overdue, partly paid",
        ),
        (invoice("paid", due=TODAY - timedelta(99), balance="0"), "Paid", "chip-paid", ""),
        (invoice("settled", total="0", balance="0"), "Settled", "chip-draft", "settled without a payment"),
        (invoice("void", due=TODAY - timedelta(99), total="0", balance="0"), "Void", "chip-void", ""),
        (invoice("draft", due=TODAY - timedelta(99)), "Draft", "chip-draft", ""),
    ],
)
def test_each_invoice_shows_one_word_for_what_it_is(row: Invoice, word: str, chip: str, detail: str) -> None:
    status = display_status(row, TODAY)
    assert (status.word, status.chip, status.detail) == (word, chip, detail)
    assert status.icon


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (400, "due in 400 days"),
        (3, "due in 3 days"),
        (1, "due tomorrow"),
        (0, "due today"),
        (-1, "1 day overdue"),
        (-12, "12 days overdue"),
    ],
)
def test_due_dates_are_told_as_people_say_them(days: int, words: str) -> None:
    assert due_words(TODAY + timedelta(days), TODAY) == words


@pytest.mark.parametrize(
    ("zone", "moment", "word"),
    [
        # Due on the 12th: it turns overdue at midnight where the business is, wherever the server stands.
        ("Pacific/Auckland", datetime(2026, 11, 12, 10, 59, tzinfo=UTC), "Open"),
        ("Pacific/Auckland", datetime(2026, 11, 12, 11, 1, tzinfo=UTC), "Overdue"),
        ("UTC", datetime(2026, 11, 12, 23, 59, tzinfo=UTC), "Open"),
        ("UTC", datetime(2026, 11, 13, 0, 1, tzinfo=UTC), "Overdue"),
        ("America/Los_Angeles", datetime(2026, 11, 13, 7, 59, tzinfo=UTC), "Open"),
        ("America/Los_Angeles", datetime(2026, 11, 13, 8, 1, tzinfo=UTC), "Overdue"),
        ("America/New_York", datetime(2026, 11, 13, 4, 59, tzinfo=UTC), "Open"),
        ("America/New_York", datetime(2026, 11, 13, 5, 1, tzinfo=UTC), "Overdue"),
        ("Pacific/Kiritimati", datetime(2026, 11, 12, 10, 1, tzinfo=UTC), "Overdue"),
    ],
)
def test_overdue_begins_at_midnight_of_the_businesss_own_zone(zone: str, moment: datetime, word: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        today = timezone.localdate(moment)
    assert display_status(invoice(due=date(2026, 11, 12)), today).word == word


@given(
    status=st.sampled_from(Invoice.Status.values),
    days=st.integers(min_value=-4000, max_value=4000),
    balance=st.decimals(min_value=0, max_value=100, places=2),
)
def test_what_is_shown_agrees_with_what_the_model_knows(status: str, days: int, balance: Decimal) -> None:
    row = invoice(status, due=TODAY + timedelta(days), balance=str(balance))
    told = display_status(row, TODAY)
    assert (told.word == "Overdue") == row.is_overdue(TODAY)
    assert (told.chip == "chip-late") == (row.is_overdue(TODAY) and days <= -LATE_AFTER_DAYS)
    assert bool(shown(row, TODAY).due) == (status == "open" and balance > 0)

"""The sync log, what failed, and how the books are followed: as a browser asks for them."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from crm.models import Activity, Business, Heartbeat
from integrations.models import InboxEvent, QuickBooksConnection, QuickBooksLink, SyncLogEntry, SyncState
from tests.factories import make_agent, make_contact, make_invoice, make_user
from tests.integrations.test_badges import event, link

pytestmark = pytest.mark.django_db

LOG = "/settings/integrations/sync-log/"
CSV = f"{LOG}sync-log.csv"
AGAIN = f"{LOG}try-again/"
CARD = "/settings/integrations/"
NOW = f"{CARD}sync-now/"
PROGRESS = f"{NOW}progress/"
SETTINGS = f"{CARD}sync/"
HTMX = {"HX-Request": "true"}
SCRIPT = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


@pytest.fixture
def jo(client: Client) -> Any:
    user = make_user()
    client.force_login(user)
    return user


def entry(connection: QuickBooksConnection, external_id: str = "1", **facts: Any) -> SyncLogEntry:
    facts = {"door": "poll", "entity": "customer", "outcome": "updated", "name": "Ada Lovelace", **facts}
    return SyncLogEntry.objects.create(connection=connection, external_id=external_id, **facts)


def text_of(html: str) -> str:
    """What a person reads on a page, blanks made single."""
    return " ".join(re.sub(r"<(head|style|script).*?</\1>|<[^>]+>", " ", html, flags=re.S).split())


def read(client: Client, address: str, **how: Any) -> str:
    answer = client.get(address, **how)
    assert answer.status_code == 200
    return text_of(answer.content.decode())


def names(client: Client, query: str) -> list[str]:
    html = client.get(f"{LOG}{query}", headers=HTMX).content.decode()
    return re.findall(r'<td class="wrap-anywhere">\s*(?:<a[^>]*>)?([^<\n]+?)(?:</a>)?\s*<small', html)


# --- who may ------------------------------------------------------------------------------------------------------


def test_these_pages_are_for_admins(client: Client, connection: QuickBooksConnection) -> None:
    for address in (LOG, CSV, PROGRESS):
        assert client.get(address)["Location"].startswith("/accounts/login/")
    client.force_login(make_agent())
    assert [client.get(address).status_code for address in (LOG, CSV, PROGRESS)] == [403] * 3
    assert [client.post(address).status_code for address in (AGAIN, NOW, SETTINGS)] == [403] * 3
    assert not OrmQ.objects.exists()


# --- the log ------------------------------------------------------------------------------------------------------


def test_a_row_says_when_through_which_door_what_came_and_what_was_done(
    client: Client, jo: Any, connection: QuickBooksConnection
) -> None:
    ada = make_contact()
    link(connection, "customer", "58", contact=ada)
    changes = {"email_typed": ["ada@old.example", "ada@new.example"], "lines": [[1, 2], [1, 2, 3]], "phone": ["1", ""]}
    entry(connection, "58", text="Taken over from QuickBooks.", changes=changes)
    html = client.get(LOG).content.decode()
    page = text_of(html)
    for words in ("Ada Lovelace", "Customer 58", "Regular check", "Updated", "Taken over from QuickBooks.", "3 fields"):
        assert words in page
    assert "before: ada@old.example after: ada@new.example" in page
    assert "Lines before: 2 after: 3" in page and "(emptied)" in page
    assert f'href="/contacts/{ada.pk}/"' in html and "/app/customerdetail?nameId=58" in html


def test_an_invoice_leads_to_its_page_and_a_record_that_is_nowhere_here_to_quickbooks_alone(
    client: Client, jo: Any, connection: QuickBooksConnection
) -> None:
    invoice = make_invoice(make_contact())
    link(connection, "invoice", "9", invoice=invoice)
    entry(connection, "9", entity="invoice", name="")
    entry(connection, "9", entity="creditmemo", name="Credit 9")
    html = client.get(LOG).content.decode()
    assert html.count(f'href="/invoices/{invoice.pk}/"') == 1 and "Invoice 9" in html
    assert "/app/creditmemo?txnId=9" in html and "Credit memo 9" in html


def test_the_log_is_searched_by_name_or_id_and_narrowed_by_what_stands_in_the_address(
    client: Client, jo: Any, connection: QuickBooksConnection
) -> None:
    entry(connection, "1", name="Ada")
    entry(connection, "2", name="Ben", door="webhook")
    entry(connection, "3", name="Cleo", outcome="failed")
    entry(connection, "1", name="1042", entity="invoice")
    assert names(client, "") == ["1042", "Cleo", "Ben", "Ada"]
    assert names(client, "?q=be") == ["Ben"] and names(client, "?q=3") == ["Cleo"]
    assert names(client, "?door=webhook") == ["Ben"] and names(client, "?outcome=failed") == ["Cleo"]
    assert names(client, "?entity=invoice") == ["1042"] and names(client, "?record=customer:1") == ["Ada"]
    assert len(names(client, "?door=window&outcome=%00&entity=x&record=customer&q=%00")) == 4
    page = read(client, f"{LOG}?record=customer:1&door=poll")
    assert "Customer 1 (take this filter away)" in page
    answer = client.get(f"{LOG}?q=&door=webhook&outcome=", headers=HTMX)
    assert answer["HX-Replace-Url"] == f"{LOG}?door=webhook"


def test_empty_for_the_first_time_and_empty_by_filter_read_differently(
    client: Client, jo: Any, connection: QuickBooksConnection
) -> None:
    assert "Nothing has come from QuickBooks yet" in read(client, LOG)
    page = read(client, f"{LOG}?q=nobody")
    assert "No entry fits" in page and "Clear filters" in page
    QuickBooksConnection.objects.all().delete()
    assert "Nothing has come from QuickBooks yet" in read(client, LOG)


def test_a_long_log_has_pages_and_asks_the_same_few_questions_on_each(
    client: Client, jo: Any, connection: QuickBooksConnection, django_assert_num_queries: Any
) -> None:
    Business.load()
    entry(connection, "0")
    event(connection, "customer", "1", status="stuck")
    with django_assert_num_queries(10):
        client.get(LOG)
    for number in range(120):
        link(connection, "customer", str(number), contact=make_contact(f"Ada {number}"))
        entry(connection, str(number), changes={"city": ["Paris", "London"]})
        event(connection, "invoice", str(number), status="stuck")
    with django_assert_num_queries(10):
        html = client.get(LOG).content.decode()
    assert len(names(client, "")) == 50
    older = re.search(r'id="pager-next"[^>]*href="([^"]+)"', html)
    assert older
    assert len(names(client, older[1].replace("&amp;", "&").removeprefix(LOG))) == 50


def test_whatever_the_books_contain_is_text(client: Client, jo: Any, connection: QuickBooksConnection) -> None:
    entry(connection, name=SCRIPT, text=SCRIPT, changes={SCRIPT: [SCRIPT, SCRIPT], "odd": "no pair"})
    event(connection, SCRIPT[:40], SCRIPT[:40], status="stuck", last_error=SCRIPT)
    assert SCRIPT[:8] + "alert" not in client.get(f"{LOG}?q=script").content.decode()


def test_the_log_can_be_had_as_csv_as_it_is_filtered(client: Client, jo: Any, connection: QuickBooksConnection) -> None:
    entry(connection, "1", name="=1+1", text="Taken over.", changes={"city": ["Paris", "London"]})
    entry(connection, "2", outcome="failed")
    answer = client.get(f"{CSV}?outcome=updated")
    content = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert len(rows) == 1
    assert (rows[0]["Name"], rows[0]["How it came"], rows[0]["Outcome"]) == ("'=1+1", "Regular check", "Updated")
    assert rows[0]["Changes"] == "City: Paris → London" and rows[0]["QuickBooks ID"] == "1"


# --- what waits and what failed -----------------------------------------------------------------------------------


def test_above_the_log_stands_what_waits_and_what_failed_in_the_vendors_words(
    client: Client, jo: Any, connection: QuickBooksConnection
) -> None:
    assert "wait" not in read(client, LOG).partition("Any way")[0]
    event(connection, "customer", "1", not_before=timezone.now() + timedelta(minutes=5))
    page = read(client, LOG)
    assert "1 record waits to be taken over; the next try is at" in page
    event(connection, "customer", "2")
    event(connection, "invoice", "3", status="stuck", attempts=6, last_error="Object Not Found (610)")
    page = read(client, LOG)
    assert "2 records wait to be taken over" in page
    assert "1 record failed" in page and "Object Not Found (610)" in page and "Try again : Invoice 3" in page
    assert "Try all again" not in page


def test_one_failed_record_is_tried_again_and_nothing_else(
    client: Client, jo: Any, connection: QuickBooksConnection, django_capture_on_commit_callbacks: Any
) -> None:
    one = event(connection, "invoice", "3", status="stuck", attempts=6)
    other = event(connection, "invoice", "4", status="stuck", attempts=6)
    with django_capture_on_commit_callbacks(execute=True):
        page = text_of(client.post(AGAIN, {"event": one.pk}, follow=True).content.decode())
    assert "1 record is tried again now." in page
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.status, one.attempts, other.status) == ("pending", 0, "stuck")
    assert OrmQ.objects.count() == 1
    for nonsense in ({"event": one.pk}, {"event": "x"}, {"event": "9" * 40}, {"event": "²"}, {}):
        page = text_of(client.post(AGAIN, nonsense, follow=True).content.decode())
        assert "Nothing was left to try" in page


def test_all_of_a_kind_are_tried_again_together(client: Client, jo: Any, connection: QuickBooksConnection) -> None:
    for number in range(30):
        event(connection, "invoice", str(number), status="stuck")
    event(connection, "customer", "1", status="stuck")
    event(connection, "invoice", "1", status="stuck", realm_id="another company")
    page = read(client, LOG)
    assert "Try all again (30 × invoice)" in page and "And 11 more." in page
    page = text_of(client.post(AGAIN, {"entity": "invoice"}, follow=True).content.decode())
    assert "30 records are tried again now." in page and "1 record failed" in page
    assert InboxEvent.objects.filter(status="stuck").count() == 2


# --- the card -----------------------------------------------------------------------------------------------------


def test_the_card_tells_the_last_and_the_next_look_and_what_is_left_to_do(
    client: Client, jo: Any, connection: QuickBooksConnection
) -> None:
    page = read(client, CARD)
    assert "Last look None yet" in page and "Next look In a moment" in page
    now = timezone.now()
    state = SyncState.of(connection)
    state.last_pass_at = state.last_good_pass_at = state.watermark = now
    state.next_pass_at = now + timedelta(minutes=2)
    state.save()
    event(connection, "customer", "1")
    event(connection, "customer", "2", status="stuck")
    link(connection, "customer", "3", state=QuickBooksLink.State.CONFLICT)
    page = read(client, CARD)
    assert "1 record waiting 1 failed 1 conflict" in page and "As soon as" not in page and "catches up" not in page
    SyncState.objects.update(last_error="QuickBooks is down for maintenance.")
    page = read(client, CARD)
    assert "QuickBooks is down for maintenance. It last went well on" in page and "Nothing is lost" in page


def press(client: Client, commit: Any, **how: Any) -> Any:
    with commit(execute=True):
        return client.post(NOW, **how)


def test_sync_now_wakes_a_worker_and_follows_it_until_it_has_looked(
    client: Client, jo: Any, connection: QuickBooksConnection, django_capture_on_commit_callbacks: Any
) -> None:
    html = press(client, django_capture_on_commit_callbacks, headers=HTMX).content.decode()
    assert "Looking for changes…" in html and "<html" not in html
    found = re.search(r'hx-get="([^"]+)"', html)
    assert found
    progress = found[1].replace("&amp;", "&")
    assert SyncState.of(connection).next_pass_at is not None
    assert OrmQ.objects.get().task["func"] == "integrations.tasks.poll_quickbooks"
    assert "Looking for changes…" in read(client, progress)
    SyncState.objects.update(last_pass_at=timezone.now())
    html = client.get(progress).content.decode()
    assert "Nothing had changed." in html and "every 1s" not in html


def test_what_came_since_the_press_is_counted_once_the_inbox_is_empty(
    client: Client, jo: Any, connection: QuickBooksConnection
) -> None:
    pressed = timezone.now() - timedelta(seconds=5)
    address = f"{PROGRESS}?pressed={pressed.isoformat().replace('+', '%2B')}"
    SyncState.of(connection)
    SyncState.objects.update(last_pass_at=timezone.now())
    entry(connection, at=pressed - timedelta(seconds=1))
    waiting = event(connection, "customer", "1")
    assert "Looking for changes…" in read(client, address)
    waiting.postpone("It was busy.", timezone.now())
    waiting.save()
    for outcome in ("created", "updated", "removed", "unchanged", "ignored"):
        entry(connection, outcome=outcome)
    assert "3 records taken over ." in read(client, address)
    entry(connection, outcome="failed")
    assert "3 records taken over , 1 record to look at ." in read(client, address)
    SyncState.objects.update(last_error="Down.")
    assert "QuickBooks could not be asked." in read(client, address)


def test_without_script_the_page_itself_says_that_it_looks(
    client: Client, jo: Any, connection: QuickBooksConnection, django_capture_on_commit_callbacks: Any
) -> None:
    answer = press(client, django_capture_on_commit_callbacks, follow=True)
    page = text_of(answer.content.decode())
    assert "Looking for changes… Reload this page" in page and "is not running" not in page
    for nonsense in ("", "?pressed=x", "?pressed=2026-02-31T00:00:00Z", "?pressed=2026-02-01T00:00:00"):
        assert "Looking for" not in read(client, CARD + nonsense)
        assert client.get(PROGRESS + nonsense).status_code == 302


def test_when_no_worker_lives_it_says_so_instead_of_looking_for_ever(
    client: Client, jo: Any, connection: QuickBooksConnection
) -> None:
    pressed = (timezone.now() - timedelta(seconds=30)).isoformat().replace("+", "%2B")
    assert "background program is not running" in read(client, f"{PROGRESS}?pressed={pressed}")
    Heartbeat.objects.create(name="default", beat_at=timezone.now())
    assert "is not running" not in read(client, f"{PROGRESS}?pressed={pressed}")


def test_nothing_is_looked_for_where_nothing_is_connected(
    client: Client, jo: Any, connection: QuickBooksConnection
) -> None:
    QuickBooksConnection.objects.update(status="disconnected")
    page = text_of(client.post(NOW, follow=True).content.decode())
    assert "nothing was looked for" in page and not OrmQ.objects.exists()
    assert "Sync now" not in page


def test_how_changes_are_followed_is_saved_with_a_trail(
    client: Client, jo: Any, connection: QuickBooksConnection
) -> None:
    typed = {"poll_minutes": "5", "keep_log_days": "90"}
    page = text_of(client.post(SETTINGS, typed, follow=True).content.decode())
    assert "How changes are followed is saved." in page
    state = SyncState.of(connection)
    assert (state.poll_minutes, state.keep_log_days, state.contacts_by_themselves) == (5, 90, False)
    activity = Activity.objects.get(verb="connection.changed")
    assert activity.actor == jo
    assert activity.changes == {"poll_minutes": [2, 5], "contacts_by_themselves": [True, False]}
    client.post(SETTINGS, typed)
    assert Activity.objects.filter(verb="connection.changed").count() == 1


@pytest.mark.parametrize("wrong", ["0", "61", "x", "", "1.5", "9" * 30])
def test_a_wrong_number_is_answered_with_a_sentence_and_changes_nothing(
    client: Client, jo: Any, connection: QuickBooksConnection, wrong: str
) -> None:
    answer = client.post(SETTINGS, {"poll_minutes": wrong, "keep_log_days": "5"})
    page = text_of(answer.content.decode())
    assert answer.status_code == 422
    assert "Write a whole number of minutes from 1 to 60." in page
    assert "Write a whole number of days from 7 to 3,650." in page
    state = SyncState.of(connection)
    assert (state.poll_minutes, state.keep_log_days, state.contacts_by_themselves) == (2, 90, True)

"""The pages of contacts, asked as a browser asks them."""

import csv
import io
import re
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from crm import services
from crm.models import Activity, Business, Contact
from crm.services import CONTACT_FIELDS
from tests.factories import make_agent, make_contact, make_user

pytestmark = pytest.mark.django_db

SCRIPT = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


@pytest.fixture
def jo(client: Client) -> Any:
    user = make_user()
    client.force_login(user)
    return user


class Fields(HTMLParser):
    """What a browser would send back from the page's last form."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form" and found.get("method") == "post":
            self.values = {}
        if tag in {"input", "textarea"} and found.get("name"):
            self.values[str(found["name"])] = found.get("value") or ""
            self.area = str(found["name"]) if tag == "textarea" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.values[self.area] = self.values[self.area].removeprefix("\n").removeprefix("\r\n")
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area:
            self.values[self.area] += data


def read_form(client: Client, address: str) -> dict[str, str]:
    values = Fields(client.get(address).content.decode()).values
    # Browsers send line ends as CR LF.
    return {name: re.sub(r"\r?\n", "\r\n", value) for name, value in values.items()}


def names_in(client: Client, address: str) -> list[str]:
    return [contact.name for contact in client.get(address).context["page"].items]


# --- the list ---------------------------------------------------------------------------------------------------


def test_the_list_shows_live_contacts_by_name_and_each_row_is_a_link(client: Client, jo: Any) -> None:
    ben = make_contact("ben", phone="+14155550123", email="ben@example.com")
    make_contact("Ada")
    make_contact("Zoe", archived_at=timezone.now())
    page = client.get("/contacts/")
    html = page.content.decode()
    assert [contact.name for contact in page.context["page"].items] == ["Ada", "ben"]
    assert f'href="/contacts/{ben.pk}/"' in html and "(415) 555-0123" in html and "ben<wbr>@example.com" in html


@pytest.mark.parametrize(
    "query,found",
    [
        ("q=lovelace", ["Ada Lovelace"]),
        ("q=LOVE+ada", ["Ada Lovelace"]),
        ("q=engines", ["Ada Lovelace"]),
        ("q=ben%40ex", ["Ben"]),
        ("q=%28415%29+555-0123", ["Ada Lovelace"]),
        ("q=415.555.0123", ["Ada Lovelace"]),
        ("q=%00", ["Ada Lovelace", "Ben", "Émile"]),
        ("q=ÉMILE", ["Émile"]),
        ("q=nobody", []),
        ("show=archived", ["Zoe"]),
        ("show=all&sort=newest", ["Zoe", "Émile", "Ben", "Ada Lovelace"]),
        ("source=books", ["Ben"]),
        ("source=ours", ["Ada Lovelace", "Émile"]),
        ("reach=email", ["Ben"]),
        ("reach=phone", ["Ada Lovelace"]),
        ("reach=neither", ["Émile"]),
        ("source=ours&reach=phone&q=ada&sort=newest", ["Ada Lovelace"]),
        ("show=x&source=y&reach=z&sort=w", ["Ada Lovelace", "Ben", "Émile"]),
    ],
)
def test_search_and_filters_stand_in_the_url(client: Client, jo: Any, query: str, found: list[str]) -> None:
    make_contact("Ada Lovelace", company="Engines Ltd", phone="+14155550123")
    make_contact("Ben", email="ben@example.com", owner="books")
    make_contact("Émile")
    make_contact("Zoe", archived_at=timezone.now())
    assert names_in(client, f"/contacts/?{query}") == found
    exported = client.get(f"/contacts/contacts.csv?{query}")
    rows = list(csv.DictReader(io.StringIO(b"".join(exported.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    assert sorted(row["Name"] for row in rows) == sorted(found)


def test_a_first_empty_list_shows_admins_the_way_to_import_and_agents_the_way_to_add(client: Client, jo: Any) -> None:
    html = client.get("/contacts/").content.decode()
    assert "No contacts yet" in html
    client.force_login(make_agent())
    html = client.get("/contacts/").content.decode()
    assert "ask an admin" in html and 'href="/settings/integrations/"' not in html


def test_a_list_that_filters_have_emptied_says_so_and_clears_them(client: Client, jo: Any) -> None:
    make_contact()
    html = client.get("/contacts/", {"q": SCRIPT}).content.decode()
    assert "No contact matches" in html and "Clear search and filters" in html and "<script>alert" not in html


def test_htmx_gets_the_rows_and_a_short_address(client: Client, jo: Any) -> None:
    make_contact("Ada Lovelace")
    query = {"q": "ada", "show": "", "source": "", "sort": "newest"}
    answer = client.get("/contacts/", query, headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert "<html" not in html and "Ada Lovelace" in html
    assert answer["HX-Replace-Url"] == "/contacts/?q=ada&sort=newest" and "HX-Request" in answer["Vary"]


def test_the_pager_keeps_search_and_filters(client: Client, jo: Any) -> None:
    for number in range(120):
        make_contact(f"Ada {number:03}")
    page = client.get("/contacts/?q=ada&source=ours&sort=name").context["page"]
    assert parse_qs(urlsplit(page.next).query).keys() == {"q", "source", "sort", "after"}
    second = client.get(page.next)
    assert [c.name for c in second.context["page"].items][0] == "Ada 050"
    assert 'rel="prev"' in second.content.decode() and 'rel="next"' in second.content.decode()


def test_the_list_asks_the_same_few_questions_however_long_it_is(
    client: Client, jo: Any, django_assert_max_num_queries: Any
) -> None:
    Business.load()
    for number in range(60):
        make_contact(f"Ada {number}", parent=Contact.objects.first())
    with django_assert_max_num_queries(5):  # session, user, business, contacts, badges
        client.get("/contacts/")


def test_the_csv_opens_safely_in_a_spreadsheet(client: Client, jo: Any) -> None:
    dangerous = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "  =1"]
    for position, name in enumerate(dangerous):
        make_contact(name, notes=f"n{position}")
    make_contact("Ünïcode 日本", street='12 "Quoted", Road\nFlat 3')
    answer = client.get("/contacts/contacts.csv")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert content.startswith(b"\xef\xbb\xbf") and answer["Content-Type"].startswith("text/csv")
    rows = {row["Notes"]: row for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))}
    assert all(rows[f"n{position}"]["Name"].startswith("'") for position in range(len(dangerous)))
    assert rows[""]["Name"] == "Ünïcode 日本" and rows[""]["Street"] == '12 "Quoted", Road\nFlat 3'


# --- one contact -------------------------------------------------------------------------------------------------


def test_the_page_of_a_contact_shows_its_facts_and_where_it_comes_from(client: Client, jo: Any) -> None:
    parent = make_contact("Engines Ltd")
    ada = make_contact(
        "Ada",
        parent=parent,
        owner="books",
        company="Lovelace & Co",
        phone="+442079460000",
        website="www.example.com",
        street="12 Square\nMarylebone",
        city="London",
        postal_code="SW1Y",
        ship_to="Dock 4",
        notes="Mornings",
    )
    make_contact("Ada: Kitchen", parent=ada)
    html = client.get(f"/contacts/{ada.pk}/").content.decode()
    for shown in [
        "From QuickBooks",
        "Lovelace &amp; Co",
        "+44 20 7946 0000",
        'href="https://www.example.com"',
        "Dock 4",
    ]:
        assert shown in html
    for shown in ["12 Square", "London SW1Y", "Mornings", "Engines Ltd", "Ada: Kitchen", 'href="tel:+442079460000"']:
        assert shown in html


def test_a_number_that_is_kept_apart_is_shown_as_typed_and_never_linked(client: Client, jo: Any) -> None:
    ada = make_contact("Ada", phone="", phone_typed="(415) 555-0123 shared", email_typed="Shared@example.com")
    html = client.get(f"/contacts/{ada.pk}/").content.decode()
    assert "(415) 555-0123 shared" in html and "Shared@example.com" in html
    assert "tel:" not in html and "mailto:" not in html


@pytest.mark.parametrize(
    "website", ["javascript:alert(1)", "JaVaScRiPt:alert(1)//.com", "data:text/html,x.y", "x y.com"]
)
def test_a_website_that_is_no_address_is_text(client: Client, jo: Any, website: str) -> None:
    html = client.get(f"/contacts/{make_contact(website=website).pk}/").content.decode()
    assert f'href="{website}' not in html and "javascript:alert(1)" not in re.findall(r'href="([^"]*)"', html)


def longest(field: str) -> int | None:
    return Contact._meta.get_field(field).max_length  # type: ignore[union-attr]


def test_what_people_typed_is_never_markup_on_any_page(client: Client, jo: Any) -> None:
    text = {field: SCRIPT[: longest(field)] for field in CONTACT_FIELDS if field not in {"email_typed", "phone_typed"}}
    ada = services.create_contact(text | {"email_typed": "a@example.com"}, actor=jo, origin="staff")
    services.update_contact(ada, {"notes": SCRIPT * 2, "city": SCRIPT}, actor=jo, origin="staff")
    for address in ["/contacts/", f"/contacts/{ada.pk}/", f"/contacts/{ada.pk}/edit/", f"/contacts/{ada.pk}/archive/"]:
        html = client.get(address).content.decode()
        assert "<script>alert" not in html and "<img src=x" not in html, address
    clash = client.post("/contacts/new/", {"name": "B", "email_typed": "a@example.com"}).content.decode()
    assert "already belongs to &lt;script" in clash and "<script>alert" not in clash


@pytest.mark.parametrize(
    "name", ["A" * 500, "日本語" * 160, "\U0001f600" * 250, "a b " * 125, "عربي", "O'Brien & Söhne <Ltd>"]
)
def test_long_and_foreign_names_come_through_every_page(client: Client, jo: Any, name: str) -> None:
    answer = client.post("/contacts/new/", {"name": name, "company": name})
    ada = Contact.objects.get()
    assert answer.status_code == 302 and ada.name == name.strip()
    for address in ["/contacts/", f"/contacts/{ada.pk}/", f"/contacts/{ada.pk}/edit/", f"/contacts/{ada.pk}/archive/"]:
        assert client.get(address).status_code == 200
    assert names_in(client, f"/contacts/?q={name[:10]}") == [ada.name]


def test_a_contact_that_does_not_exist_is_not_found(client: Client, jo: Any) -> None:
    for address in ["/contacts/999/", "/contacts/999/edit/", "/contacts/999/archive/", f"/contacts/{10**30}/"]:
        assert client.get(address).status_code == 404


def test_the_timeline_is_newest_first_and_pages(client: Client, jo: Any) -> None:
    ada = services.create_contact({"name": "Ada"}, actor=jo, origin="staff")
    for number in range(45):
        services.update_contact(ada, {"city": f"City {number}"}, actor=jo, origin="staff")
    page = client.get(f"/contacts/{ada.pk}/")
    assert page.context["entries"][0].changes[0].after == "City 44" and page.context["entries"][0].who == "Jo Bloggs"
    assert "Contact changed: city" in page.content.decode()
    more = client.get(page.context["page"].next, headers={"HX-Request": "true"})
    assert "<html" not in more.content.decode() and more.context["entries"][0].changes[0].after == "City 24"
    assert client.get(page.context["page"].next).context["entries"][0].changes[0].after == "City 24"
    last = client.get(more.context["page"].next, headers={"HX-Request": "true"})
    assert last.context["entries"][-1].headline == "Contact added" and not last.context["page"].next


def test_a_contact_asks_the_same_few_questions_however_much_happened(
    client: Client, jo: Any, django_assert_max_num_queries: Any
) -> None:
    Business.load()
    ada = services.create_contact({"name": "Ada"}, actor=jo, origin="staff")
    for number in range(30):
        services.update_contact(ada, {"city": f"City {number}"}, actor=jo, origin="staff")
        make_contact(f"Job {number}", parent=ada)
    with django_assert_max_num_queries(7):  # session, user, business, contact, timeline, children, badge
        client.get(f"/contacts/{ada.pk}/")


# --- new and edit -------------------------------------------------------------------------------------------------


def test_a_new_contact_needs_only_some_name_and_its_display_name_is_derived(client: Client, jo: Any) -> None:
    answer = client.post("/contacts/new/", {"first_name": "Ada", "last_name": "Lovelace"}, follow=True)
    assert Contact.objects.get().name == "Ada Lovelace" and "Ada Lovelace is added." in answer.content.decode()
    client.post("/contacts/new/", {"company": "Engines Ltd"})
    assert Contact.objects.filter(name="Engines Ltd").exists()
    answer = client.post("/contacts/new/", {"city": "London"})
    assert answer.status_code == 422 and "Write a display name" in answer.content.decode()
    assert 'value="London"' in answer.content.decode()


def test_an_email_or_number_that_cannot_be_read_is_said_beside_its_field(client: Client, jo: Any) -> None:
    answer = client.post("/contacts/new/", {"name": "Ada", "email_typed": "ada at home", "phone_typed": "12"})
    html = answer.content.decode()
    assert "Write an email address such as" in html and "not a whole phone number" in html and "ada at home" in html
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    "field,typed,sentence",
    [
        ("email_typed", " ADA@example.com", "ada@example.com already belongs to Ann Lee."),
        ("phone_typed", "415.555.0123", "(415) 555-0123 already belongs to Ann Lee."),
    ],
)
def test_a_clash_is_a_sentence_with_a_link_and_keeps_what_was_typed(
    client: Client, jo: Any, field: str, typed: str, sentence: str
) -> None:
    ann = make_contact("Ann Lee", email="ada@example.com", phone="+14155550123")
    ben = make_contact("Ben")
    for address in ["/contacts/new/", f"/contacts/{ben.pk}/edit/"]:
        answer = client.post(address, {"name": "Ada", "city": "Bonn", field: typed})
        html = answer.content.decode()
        assert answer.status_code == 422 and sentence in html and f'href="/contacts/{ann.pk}/"' in html
        assert 'value="Bonn"' in html
    assert Contact.objects.get(pk=ben.pk).name == "Ben"


def test_editing_saves_only_what_was_touched(client: Client, jo: Any) -> None:
    ada = make_contact("Ada", street="1 Road\nFlat 2", notes="a\nb", phone_typed="garbled", email_typed="not one")
    form = read_form(client, f"/contacts/{ada.pk}/edit/") | {"city": "London"}
    answer = client.post(f"/contacts/{ada.pk}/edit/", form)
    assert answer.status_code == 302 and answer["Location"] == f"/contacts/{ada.pk}/"
    assert Activity.objects.get().changes == {"city": ["", "London"]}
    assert Contact.objects.get().street == "1 Road\nFlat 2"


def test_a_form_saved_untouched_writes_nothing(client: Client, jo: Any) -> None:
    ada = make_contact("Ada", street="1 Road\nFlat 2")
    assert client.post(f"/contacts/{ada.pk}/edit/", read_form(client, f"/contacts/{ada.pk}/edit/")).status_code == 302
    assert not Activity.objects.exists()


def test_editing_a_contact_of_quickbooks_says_who_is_master(client: Client, jo: Any) -> None:
    ada = make_contact("Ada", owner="books")
    html = client.get(f"/contacts/{ada.pk}/edit/").content.decode()
    assert "QuickBooks is the master" in html and "your change is not sent to QuickBooks" in html
    assert "QuickBooks is the master" not in client.get(f"/contacts/{make_contact('B').pk}/edit/").content.decode()


def test_two_people_editing_see_both_versions_and_lose_nothing(client: Client, jo: Any) -> None:
    ada = make_contact("Ada", city="London", company="Engines")
    form = read_form(client, f"/contacts/{ada.pk}/edit/") | {"city": "Paris", "notes": "mine"}
    sam = make_agent()
    services.update_contact(ada, {"city": "Rome", "company": "Looms"}, actor=sam, origin="staff")

    answer = client.post(f"/contacts/{ada.pk}/edit/", form)
    html = answer.content.decode()
    assert answer.status_code == 409 and "Sam Agent changed this contact at" in html and "look at both" in html
    assert "theirs is “Rome”" in html
    kept = Fields(html).values
    assert (kept["city"], kept["notes"], kept["company"]) == ("Paris", "mine", "Looms")
    assert Contact.objects.get().city == "Rome"

    assert client.post(f"/contacts/{ada.pk}/edit/", kept).status_code == 302
    ada.refresh_from_db()
    assert (ada.city, ada.notes, ada.company) == ("Paris", "mine", "Looms")
    assert Activity.objects.latest("id").changes == {"city": ["Rome", "Paris"], "notes": ["", "mine"]}


@pytest.mark.parametrize("read_at", ["", "nonsense", "2026-13-45T99:99:99"])
def test_a_form_that_does_not_say_when_it_was_read_is_saved(client: Client, jo: Any, read_at: str) -> None:
    ada = make_contact("Ada")
    client.post(f"/contacts/{ada.pk}/edit/", {"name": "Ada", "city": "Rome", "read_at": read_at})
    assert Contact.objects.get().city == "Rome"


# --- archive and restore ------------------------------------------------------------------------------------------


def test_archiving_asks_first_and_can_be_undone(client: Client, jo: Any) -> None:
    ada = make_contact("Ada", email="ada@example.com")
    assert "Archive Ada?" in client.get(f"/contacts/{ada.pk}/archive/").content.decode()
    assert not Contact.objects.get().is_archived
    html = client.post(f"/contacts/{ada.pk}/archive/", follow=True).content.decode()
    assert "Ada is archived" in html and f'action="/contacts/{ada.pk}/restore/"' in html
    html = client.post(f"/contacts/{ada.pk}/restore/", follow=True).content.decode()
    assert "Ada is back" in html and not Contact.objects.get().is_archived


def test_a_restore_that_clashes_says_with_whom(client: Client, jo: Any) -> None:
    ada = make_contact("Ada", email="ada@example.com", archived_at=timezone.now())
    ann = make_contact("Ann Lee", email="ada@example.com")
    answer = client.post(f"/contacts/{ada.pk}/restore/")
    html = answer.content.decode()
    assert answer.status_code == 409 and f'<a href="/contacts/{ann.pk}/">Ann Lee</a>' in html and "Not restored" in html
    assert Contact.objects.get(pk=ada.pk).is_archived


# --- who may ------------------------------------------------------------------------------------------------------


def test_an_agent_may_see_add_edit_archive_and_restore(client: Client) -> None:
    client.force_login(make_agent())
    client.post("/contacts/new/", {"name": "Ada"})
    ada = Contact.objects.get()
    client.post(f"/contacts/{ada.pk}/edit/", {"name": "Ada L"})
    client.post(f"/contacts/{ada.pk}/archive/")
    assert client.post(f"/contacts/{ada.pk}/restore/").status_code == 302
    assert client.get("/contacts/contacts.csv").status_code == 200
    verbs = list(Activity.objects.order_by("id").values_list("verb", "actor__name"))
    assert verbs == [(f"contact.{v}", "Sam Agent") for v in ("created", "changed", "archived", "restored")]


def test_a_stranger_logs_in_first_and_a_get_changes_nothing(client: Client) -> None:
    ada = make_contact()
    addresses = ["/contacts/", "/contacts/new/", "/contacts/contacts.csv", f"/contacts/{ada.pk}/"]
    for address in [
        *addresses,
        f"/contacts/{ada.pk}/edit/",
        f"/contacts/{ada.pk}/archive/",
        f"/contacts/{ada.pk}/restore/",
    ]:
        assert client.get(address)["Location"].startswith("/accounts/login/"), address
    client.force_login(make_user())
    assert client.get(f"/contacts/{ada.pk}/restore/").status_code == 405
    client.get(f"/contacts/{ada.pk}/archive/")
    assert not Contact.objects.get().is_archived


def test_writes_need_the_token_of_the_page(jo: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(jo)
    ada = make_contact()
    for address in ["/contacts/new/", f"/contacts/{ada.pk}/edit/", f"/contacts/{ada.pk}/archive/"]:
        assert strict.post(address, {"name": "B"}).status_code == 403

"""The help: its pages, where their links lead, and what people answer to the question under each."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.help_pages import FITTING, all_pages, page_for, page_named
from crm.models import HelpAnswer, User
from tests.factories import make_agent, make_user

pytestmark = pytest.mark.django_db
SLUGS = [path.stem for path in sorted(Path("docs/help").glob("*.md"))]
ANSWERS = "/settings/help-answers/"


@pytest.fixture
def agent(client: Client) -> User:
    agent = make_agent()
    client.force_login(agent)
    return agent


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """A help of the test's own."""
    settings.HELP_DIR = tmp_path
    return tmp_path


def write(folder: Path, body: str, slug: str = "one", title: str = "One") -> Path:
    path = folder / f"{slug}.md"
    path.write_text(f"---\ntitle: {title}\nsummary: All of it.\nupdated: 2026-11-25\norder: 1\n---\n{body}\n")
    return path


def shown(client: Client, slug: str = "one") -> str:
    return client.get(f"/help/{slug}/").content.decode()


@pytest.mark.parametrize("slug", SLUGS)
def test_every_page_is_shown_with_its_date_and_links_that_lead_somewhere(
    client: Client, agent: User, slug: str
) -> None:
    page = page_named(slug)
    assert page and page.title and page.summary
    html = shown(client, slug)
    assert f"{page.title}</h1>" in html and "Last updated" in html and "25 November 2026" in html
    assert "Did this answer your question?" in html
    links = re.findall(r'href="([^"]+)"', page.html)
    assert all(client.get(link).status_code == 200 for link in links), links


def test_links_lead_to_files_on_a_code_host_too() -> None:
    for path in Path("docs/help").glob("*.md"):
        links = re.findall(r"\]\(([^)]+)\)", path.read_text())
        assert all((path.parent / link).is_file() for link in links), path


def test_the_front_page_lists_every_page_in_order(client: Client, agent: User) -> None:
    html = client.get("/help/").content.decode()
    assert [page.order for page in all_pages()] == list(range(1, len(SLUGS) + 1)) and len(SLUGS) >= 7
    assert all(f'href="/help/{slug}/"' in html for slug in SLUGS)


def test_a_page_follows_its_file(client: Client, agent: User, folder: Path) -> None:
    path = write(
        folder,
        "Before <script>alert(1)</script> [bad](javascript:alert(1)) [two](two.md#part) [out](https://x.io/y.md)",
    )
    html = shown(client)
    assert "Before &lt;script&gt;alert(1)&lt;/script&gt;" in html and 'href="javascript' not in html
    assert 'href="/help/two/#part"' in html and 'href="https://x.io/y.md"' in html
    write(folder, "After")
    os.utime(path, ns=(1, 1))
    assert "After" in shown(client) and "Before" not in shown(client)


@pytest.mark.parametrize("there", [True, False])
def test_without_its_folder_the_help_is_not_found_and_nothing_leads_there(
    client: Client, settings: Any, folder: Path, there: bool
) -> None:
    client.force_login(make_user())
    settings.HELP_DIR = folder if there else folder / "nowhere"
    (folder / "notes.md").write_text("Without the lines at the top this is no page.")
    (folder / "conflicts.md").write_text("---\ntitle: A slip\nupdated: yesterday\n---\nNeither is this.")
    assert {client.get(path).status_code for path in ("/help/", "/help/notes/", "/help/conflicts/")} == {404}
    assert client.post("/help/conflicts/", {"has_helped": "yes"}).status_code == 404
    assert client.get("/settings/integrations/").status_code == client.get(ANSWERS).status_code == 200
    assert client.get("/contacts/").status_code == 200
    assert there or 'href="/help/' not in client.get("/").content.decode()
    assert page_named("../operators-guide") is None


def test_the_page_that_fits_is_offered_by_the_keys(client: Client) -> None:
    client.force_login(make_user())
    assert {page_for(beginning).slug for beginning, _ in FITTING} <= set(SLUGS)  # type: ignore[union-attr]
    for name, slug in (("integrations:conflicts", "conflicts"), ("integrations:import-contacts", "importing")):
        dialog = client.get(reverse(name)).content.decode().partition('id="keys"')[2]
        assert f'href="/help/{slug}/"' in dialog and 'href="/help/"' in dialog
    assert 'href="/help/"' in client.get("/account/").content.decode().partition('id="keys"')[2]


def test_beside_the_quickbooks_card_stand_the_titles(client: Client) -> None:
    client.force_login(make_user())
    html = client.get("/settings/integrations/").content.decode()
    assert all(f'<a href="/help/{slug}/">' in html for slug in SLUGS)


def test_an_agent_answers_changes_the_answer_and_may_not_read_answers(client: Client, agent: User) -> None:
    answer = client.post("/help/conflicts/", {"has_helped": "no", "sentence": " Where is\r\nthe list? "}, follow=True)
    assert answer.redirect_chain == [("/help/conflicts/", 302)] and "Your answer is kept" in answer.content.decode()
    assert "Where is the list?" in shown(client, "conflicts") and "Change my answer" in shown(client, "conflicts")
    client.post("/help/conflicts/", {"has_helped": "yes"})
    client.post("/help/importing/", {"has_helped": "yes"})
    rows = HelpAnswer.objects.order_by("page").values_list("user", "page", "has_helped", "sentence")
    assert list(rows) == [(agent.pk, "conflicts", True, ""), (agent.pk, "importing", True, "")]
    assert client.get(ANSWERS).status_code == 403


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"sentence": "Hm."}, "Choose Yes or No."),
        ({"has_helped": "perhaps"}, "Select a valid choice"),
        ({"has_helped": "no", "sentence": "x" * 1001}, "at most 1000 characters; these are 1001"),
    ],
)
def test_an_answer_that_is_none_is_not_kept(client: Client, agent: User, sent: dict[str, str], said: str) -> None:
    answer = client.post("/help/conflicts/", sent)
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not HelpAnswer.objects.exists()


def test_a_sentence_may_have_a_thousand_characters_however_its_lines_end(client: Client, agent: User) -> None:
    client.post("/help/conflicts/", {"has_helped": "no", "sentence": "x" * 499 + "\r\n" + "y" * 500})
    assert len(HelpAnswer.objects.get().sentence) == 1000


def test_admins_read_counts_and_sentences_newest_first_and_html_is_text(client: Client) -> None:
    client.force_login(make_user())
    assert "Nobody has answered yet" in client.get(ANSWERS).content.decode()
    said(1, "conflicts", False, "<b>Bold</b> & first")
    said(2, "conflicts", True, "Second")
    said(3, "gone-since", True, "")
    html = client.get(ANSWERS).content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; first" in html and "<b>Bold" not in html
    assert html.index("Second") < html.index("&lt;b&gt;Bold") and "gone-since" in html
    assert re.search(r'>Conflicts</a></th><td class="num">1</td><td class="num">1</td>', html)


def test_answers_come_in_pages_at_the_same_number_of_queries(client: Client) -> None:
    client.force_login(make_user())
    said(0, "conflicts", True, "Sentence 0.")
    client.get(ANSWERS)  # the first page of all makes the business's row
    with CaptureQueriesContext(connection) as few:
        client.get(ANSWERS)
    for number in range(1, 60):
        said(number, "conflicts", True, f"Sentence {number}.")
    with CaptureQueriesContext(connection) as many:
        html = client.get(ANSWERS).content.decode()
    assert len(few) == len(many)
    assert "Sentence 59." in html and "Sentence 9." not in html
    following = re.search(r'rel="next" href="([^"]+)"', html)
    assert following and "Sentence 9." in client.get(following[1]).content.decode()


def said(number: int, page: str, has_helped: bool, sentence: str) -> None:
    HelpAnswer.objects.create(
        user=make_agent(f"agent{number}@example.com"),
        page=page,
        has_helped=has_helped,
        sentence=sentence,
        answered_at=timezone.now(),
    )

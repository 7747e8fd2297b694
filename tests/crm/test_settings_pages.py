"""Settings of the business, its logo, and the dashboard of the first day."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from crm.models import Activity, Business, User
from tests.factories import make_agent, make_contact, make_user

pytestmark = pytest.mark.django_db
FIELDS = {
    **{"name": "Byron & Daughters", "email": "", "phone": "", "street": "", "city": "", "region": ""},
    **{"postal_code": "", "country": "GB", "time_zone": "Europe/London", "currency": "GBP"},
}


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def admin(client: Client) -> User:
    admin = make_user()
    client.force_login(admin)
    return admin


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), **options: object) -> SimpleUploadedFile:
    drawn = BytesIO()
    Image.new("RGB", size, "#12603f").save(drawn, kind, **options)
    return SimpleUploadedFile(f"logo.{kind.lower()}", drawn.getvalue(), content_type=f"image/{kind.lower()}")


def save(client: Client, **changes: object) -> str:
    """Save the page; "" when it was taken, otherwise what the page said."""
    answer = client.post(reverse("staff:business"), {**FIELDS, **changes})
    return "" if answer.status_code == 302 else answer.content.decode()


def test_business_is_saved_with_before_and_after_in_the_trail(admin: User, client: Client) -> None:
    assert save(client) == ""
    business = Business.load()
    assert (business.name, business.country, business.currency) == ("Byron & Daughters", "GB", "GBP")
    trail = Activity.objects.get()
    assert (trail.subject_type, trail.verb, trail.actor) == ("business", "business.changed", admin)
    assert trail.changes["name"] == ["My business", "Byron & Daughters"]
    assert trail.changes["currency"] == ["USD", "GBP"] and "email" not in trail.changes
    assert save(client) == ""
    assert Activity.objects.count() == 1, "saving without a change is not a fact"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "  "}, "Write the name of the business."),
        ({"email": "nobody"}, "Write a whole address"),
        ({"phone": "12"}, "not a whole phone number"),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice"),
        ({"currency": "XXX"}, "Select a valid choice"),
        ({"country": "EU"}, "Select a valid choice"),
    ],
)
def test_mistakes_are_told_at_the_top_and_beside_the_field(
    admin: User, client: Client, change: dict[str, str], said: str
) -> None:
    page = save(client, **change)
    assert page.count(said) == 2
    [field] = change
    assert f'href="#id_{field}"' in page and f'aria-describedby="id_{field}' in page
    assert not Activity.objects.exists()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_logo_is_drawn_anew_and_shown_to_everybody(admin: User, client: Client, kind: str) -> None:
    assert save(client, logo=picture(kind)) == ""
    answer = Client().get(reverse("staff:logo"))
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age" in answer.headers["Cache-Control"]
    assert Image.open(BytesIO(answer.getvalue())).size == (40, 20)
    assert reverse("staff:logo") in client.get("/").content.decode()


def test_nothing_of_the_uploaded_file_but_its_picture_is_kept(admin: User, client: Client) -> None:
    note = PngInfo()
    note.add_text("comment", "<script>alert(1)</script>")
    assert save(client, logo=picture("PNG", (2000, 1000), pnginfo=note)) == ""
    stored = Client().get(reverse("staff:logo")).getvalue()
    assert b"script" not in stored
    assert max(Image.open(BytesIO(stored)).size) == 1024


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (SimpleUploadedFile("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "not a PNG, JPEG or WebP"),
        (SimpleUploadedFile("logo.png", b"\x89PNG\r\n\x1a\nbroken"), "not a PNG, JPEG or WebP"),
        (SimpleUploadedFile("logo.png", b"\x89PNG" + b"0" * (2 * 1024 * 1024)), "larger than 2 MB"),
        (picture("GIF"), "not a PNG, JPEG or WebP"),
        (picture("PNG", (9000, 5000)), "too many pixels"),
    ],
)
def test_other_files_are_refused_with_a_sentence(
    admin: User, client: Client, file: SimpleUploadedFile, said: str
) -> None:
    file.seek(0)
    assert said in save(client, logo=file)
    assert Client().get(reverse("staff:logo")).status_code == 404


def test_new_logo_replaces_the_file_and_removing_deletes_it(
    admin: User, client: Client, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    def files() -> list[Path]:
        return [path for path in media.rglob("*") if path.is_file()]

    with django_capture_on_commit_callbacks(execute=True):
        save(client, logo=picture())
    first = files()
    with django_capture_on_commit_callbacks(execute=True):
        save(client, logo=picture("JPEG"))
    second = files()
    assert len(first) == len(second) == 1 and first != second
    with django_capture_on_commit_callbacks(execute=True):
        assert save(client, remove_logo="on") == ""
    assert not Business.load().logo and not files()
    assert Client().get(reverse("staff:logo")).status_code == 404


def test_second_factor_is_required_by_a_switch_that_leaves_a_trail(admin: User, client: Client) -> None:
    client.post(reverse("staff:second-factor"), {"required": "on"})
    assert Business.load().second_factor_required
    assert Activity.objects.get().changes == {"second_factor_required": [False, True]}


def test_dashboard_of_the_first_day_leads_an_admin_to_the_connection(admin: User, client: Client) -> None:
    page = client.get("/").content.decode()
    assert "Connect QuickBooks" in page and reverse("integrations:settings") in page


def test_dashboard_of_the_first_day_sends_an_agent_to_an_admin(client: Client) -> None:
    client.force_login(make_agent())
    page = client.get("/").content.decode()
    assert "Ask an admin" in page and reverse("integrations:settings") not in page


def test_dashboard_counts_contacts(admin: User, client: Client) -> None:
    make_contact("Ada Lovelace", email="ada@example.com")
    page = client.get("/").content.decode()
    assert "Connect QuickBooks" not in page and "<strong>1</strong> contact" in page

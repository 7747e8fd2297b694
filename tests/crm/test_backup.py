"""Backup and restore, on whichever database the tests run on."""

import io
import json
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from crm import backups, heartbeats
from tests.own_database import execute, manage, own_database

pytestmark = pytest.mark.django_db
NAME = "SELECT name FROM crm_contact ORDER BY id"
NEW = (
    "INSERT INTO crm_contact (id, owner, name, first_name, last_name, company, email, email_typed, phone, phone_typed, "
    "other_phone, website, street, city, region, postal_code, country, ship_to, notes, created_at, changed_at, "
    "sort_name, search_text) VALUES (%s, 'ours', %s, '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', '', "
    "'2026-01-01', '2026-01-01', '', '')"
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A database with Ada in it, and an upload."""
    with own_database(tmp_path) as url:
        execute(url, NEW, 1, "Ada Lovelace")
        logo = tmp_path / "media" / "logo" / "ours.png"
        logo.parent.mkdir(parents=True)
        logo.write_bytes(b"a picture")
        yield url, tmp_path


def test_what_was_backed_up_comes_back_and_nothing_else(house: tuple[str, Path]) -> None:
    url, folder = house
    file = folder / "all.tar.gz"
    manage(folder, "backup", str(file), DATABASE_URL=url)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    execute(url, NEW, 2, "Ben Franklin")
    execute(url, "UPDATE crm_contact SET name = 'Somebody' WHERE id = 1")
    execute(url, "CREATE TABLE of_a_later_version (id integer)")
    (folder / "media" / "later.png").write_bytes(b"later")
    (folder / "media" / "logo" / "ours.png").write_bytes(b"changed")

    done = manage(folder, "restore", str(file), said="yes\n", DATABASE_URL=url)

    assert "Restored what was backed up at" in done.stdout
    assert execute(url, NAME) == [("Ada Lovelace",)]
    assert not (folder / "media" / "later.png").exists()
    assert (folder / "media" / "logo" / "ours.png").read_bytes() == b"a picture"
    with pytest.raises(Exception, match="of_a_later_version"):
        execute(url, "SELECT * FROM of_a_later_version")
    assert not [path for path in folder.iterdir() if path.name.startswith((".backup", ".restore"))]


def test_backup_goes_into_an_empty_database(house: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> None:
    url, folder = house
    manage(folder, "backup", str(folder / "all.tar.gz"), DATABASE_URL=url)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with own_database(elsewhere, empty=True) as other:
        done = manage(
            elsewhere, "restore", str(folder / "all.tar.gz"), "--yes",
            DATABASE_URL=other, FIELD_ENCRYPTION_KEYS="MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        )  # fmt: skip
        assert execute(other, NAME) == [("Ada Lovelace",)]
        assert (elsewhere / "media" / "logo" / "ours.png").read_bytes() == b"a picture"
    assert "other FIELD_ENCRYPTION_KEYS" in done.stderr


def test_restore_asks_first_and_waits_until_the_worker_has_stopped(
    tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path / "data", tmp_path / "data" / "media"
    file = str(tmp_path / "all.tar.gz")
    call_command("backup", file, stdout=io.StringIO())
    monkeypatch.setattr("sys.stdin", io.StringIO("well\n"))
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("restore", file, stdout=io.StringIO())
    heartbeats.beat(heartbeats.RUNNER)
    with pytest.raises(CommandError, match="Stop web and worker first"):
        call_command("restore", file, "--yes")


def test_backup_overwrites_only_when_told_to(tmp_path: Path) -> None:
    file = tmp_path / "all.tar.gz"
    call_command("backup", str(file), stdout=io.StringIO())
    with pytest.raises(CommandError, match="is there already"):
        call_command("backup", str(file))
    call_command("backup", str(file), "--force", stdout=io.StringIO())
    with pytest.raises(CommandError, match="There is no folder"):
        call_command("backup", str(tmp_path / "nowhere" / "all.tar.gz"))


def spoil_a_byte(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    files["database"] = files["database"][:-1] + b"?"


def leave_out_the_database(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    del files["database"], manifest["files"]["database"]


def climb_out(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    name = "media/../../../outside"
    files[name] = b"evil"
    manifest["files"][name] = backups.hashlib.sha256(b"evil").hexdigest()


def take_the_folders_place(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    files["media/"] = b"evil"
    manifest["files"]["media/"] = backups.hashlib.sha256(b"evil").hexdigest()


def smuggle_a_file(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    files["media/extra"] = b"not in the manifest"


def come_from_another_database(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    manifest["database"] = "oracle"


def come_from_the_future(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    manifest["migrations"].append("crm.9999_of_tomorrow")


def be_of_another_program(manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    manifest["product"] = "ledger"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_a_byte, "not those of its manifest"),
        (leave_out_the_database, "not those of its manifest"),
        (climb_out, "does not belong into it"),
        (take_the_folders_place, "does not belong into it"),
        (smuggle_a_file, "does not belong into it"),
        (come_from_another_database, "The backup holds a oracle database"),
        (come_from_the_future, "newer Tallybook, whose crm.9999_of_tomorrow"),
        (be_of_another_program, "its manifest is not ours"),
    ],
)
def test_a_spoiled_backup_is_refused_before_anything_is_touched(
    tmp_path: Path, settings: Any, spoil: Callable[..., None], words: str
) -> None:
    settings.DATA_DIR, settings.MEDIA_ROOT = tmp_path / "data", tmp_path / "data" / "media"
    good, bad = tmp_path / "good.tar.gz", tmp_path / "bad.tar.gz"
    call_command("backup", str(good), stdout=io.StringIO())
    manifest, files = read(good)
    spoil(manifest, files)
    write(bad, manifest, files)
    with pytest.raises(CommandError, match=words):
        call_command("restore", str(bad), "--yes")
    assert not (tmp_path / "outside").exists()
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("manifest", ["1", "[]", "[" * 100_000, '{"product": "tallybook", "files": {}}', "{"])
def test_a_manifest_of_another_making_is_refused(tmp_path: Path, manifest: str) -> None:
    file = tmp_path / "odd.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(manifest)
        archive.addfile(entry, io.BytesIO(manifest.encode()))
    with pytest.raises(CommandError, match="damaged or no backup"):
        call_command("restore", str(file), "--yes")


def test_what_is_no_archive_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.tar.gz").write_text("hello")
    with pytest.raises(CommandError, match="damaged or no backup"):
        call_command("restore", str(tmp_path / "text.tar.gz"), "--yes")
    with pytest.raises(CommandError, match="There is no file"):
        call_command("restore", str(tmp_path / "nothing.tar.gz"), "--yes")


def read(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    with tarfile.open(path) as archive:
        files = {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]
    return json.loads(files.pop("manifest.json")), files


def write(path: Path, manifest: dict[str, Any], files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {"manifest.json": json.dumps(manifest).encode(), **files}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))

"""One file that holds the whole installation: its database and its uploads, but none of its secrets' keys.

A ``.tar.gz`` with ``manifest.json`` first: which database, when, by which version, and the digest of every file.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

import crm
from crm import dumps

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
MEDIA = "media/"
CHUNK = 1 << 20
# What reading a file raises that is not what a backup wrote, whoever wrote it.
DAMAGE = (
    *(tarfile.TarError, zlib.error, OSError, EOFError),
    *(ValueError, KeyError, TypeError, AttributeError, RecursionError),
)


class BackupError(Exception):
    """A sentence for the operator; nothing was changed."""


@dataclass
class Manifest:
    product: str
    format: int
    version: str
    database: str
    made_at: str
    migrations: list[str]
    keys: list[str]
    files: dict[str, str] = field(default_factory=dict)


def make(target: Path, *, overwrite: bool = False) -> Manifest:
    """Write a backup to ``target``, whole or not at all, readable by its owner alone."""
    if target.exists() and not overwrite:
        raise BackupError(f"{target} is there already. Choose another name, or add --force.")
    if not target.parent.is_dir():
        raise BackupError(f"There is no folder {target.parent}.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        dump, part = Path(folder) / DATABASE, Path(folder) / "part"
        dumps.dump(dump)
        files = {DATABASE: dump, **{MEDIA + name: path for name, path in uploads()}}
        manifest = describe({name: digest_of(path) for name, path in files.items()})
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            write(file, manifest, files)
            file.flush()
            os.fsync(file.fileno())
        if target.exists() and not overwrite:
            raise BackupError(f"{target} has appeared meanwhile and was left alone.")
        os.replace(part, target)
    return manifest


def uploads() -> Iterator[tuple[str, Path]]:
    root = Path(settings.MEDIA_ROOT)
    for path in sorted(root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(root).as_posix(), path


def describe(files: dict[str, str]) -> Manifest:
    applied = MigrationRecorder(connection).applied_migrations()
    return Manifest(
        product="tallybook",
        format=FORMAT,
        version=crm.__version__,
        database=connection.vendor,
        made_at=timezone.now().isoformat(timespec="seconds"),
        migrations=sorted(f"{app}.{name}" for app, name in applied),
        keys=key_marks(),
        files=files,
    )


def key_marks() -> list[str]:
    """A mark of each encryption key, too short to be of any use but to tell one key from another."""
    return [hashlib.sha256(key.encode()).hexdigest()[:12] for key in settings.FIELD_ENCRYPTION_KEYS]


def write(file: IO[bytes], manifest: Manifest, files: dict[str, Path]) -> None:
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        text = json.dumps(asdict(manifest), indent=1).encode()
        entry = tarfile.TarInfo(MANIFEST)
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
        for name, path in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = path.stat().st_size
            with path.open("rb") as source:
                archive.addfile(entry, source)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def opened(source: Path) -> Iterator[tuple[Manifest, Path]]:
    """The manifest and a folder with the files, all of them checked. Raises BackupError."""
    Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix=".restore-") as folder:
        try:
            with tarfile.open(source, mode="r:gz") as archive:
                manifest = read_manifest(archive)
                unpack(archive, manifest, Path(folder))
        except FileNotFoundError as error:
            raise BackupError(f"There is no file {source}.") from error
        except DAMAGE as error:
            raise BackupError(f"{source} is damaged or no backup of Tallybook ({error}).") from error
        yield manifest, Path(folder)


def read_manifest(archive: tarfile.TarFile) -> Manifest:
    entry = archive.next()
    text = archive.extractfile(entry) if entry and entry.name == MANIFEST and entry.isfile() else None
    if text is None:
        raise ValueError("it has no manifest")
    fields: dict[str, Any] = json.load(text)
    if fields.get("product") != "tallybook" or not isinstance(fields.get("files"), dict):
        raise ValueError("its manifest is not ours")
    if fields["format"] > FORMAT:
        raise BackupError("The backup was made by a newer Tallybook. Install that version first.")
    return Manifest(**fields)


def unpack(archive: tarfile.TarFile, manifest: Manifest, folder: Path) -> None:
    """Write exactly the files of the manifest below ``folder``, each under a name that stays below it."""
    found: dict[str, str] = {}
    while entry := archive.next():
        if entry.name not in manifest.files or not entry.isfile() or not is_safe(entry.name):
            raise ValueError(f"{entry.name!r} does not belong into it")
        source = archive.extractfile(entry)
        if source is None:
            raise ValueError(f"{entry.name!r} cannot be read")
        path = folder / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            shutil.copyfileobj(source, file, CHUNK)
        found[entry.name] = digest_of(path)
    if DATABASE not in found or found != manifest.files:
        raise ValueError("its files are not those of its manifest")


def is_safe(name: str) -> bool:
    path = PurePosixPath(name)
    is_ours = name == DATABASE or (name.startswith(MEDIA) and len(path.parts) > 1)
    return is_ours and not path.is_absolute() and ".." not in path.parts and "\\" not in name and "\0" not in name


def refuse_if_foreign(manifest: Manifest) -> None:
    """Raises BackupError for another kind of database, and for one from a version that is newer than this."""
    if manifest.database != connection.vendor:
        raise BackupError(
            f"The backup holds a {manifest.database} database, and DATABASE_URL names a {connection.vendor} one."
        )
    # Other people's apps may drop old migrations; ours stay.
    ours = {config.label for config in apps.get_app_configs() if Path(config.path).parent == settings.BASE_DIR}
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    unknown = sorted(name for name in set(manifest.migrations) - known if name.split(".")[0] in ours)
    if unknown:
        raise BackupError(f"The backup was made by a newer Tallybook, whose {unknown[-1]} is unknown here.")


def has_other_keys(manifest: Manifest) -> bool:
    """Whether stored secrets of the backup cannot be read with today's FIELD_ENCRYPTION_KEYS."""
    return bool(manifest.keys) and not set(manifest.keys) & set(key_marks())


def put_back(folder: Path) -> None:
    """Database first, in one transaction; then the uploads, in one move."""
    dumps.load(folder / DATABASE)
    new, root = folder / MEDIA, Path(settings.MEDIA_ROOT)
    new.mkdir(exist_ok=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    if root.exists():
        os.replace(root, folder / "before")
    shutil.move(new, root)

from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.models.signals import post_migrate


class CrmConfig(AppConfig):
    name = "crm"

    def ready(self) -> None:
        from crm import people_receivers  # noqa: F401 - connects by being imported

        post_migrate.connect(
            make_schedules, sender=apps.get_app_config("django_q"), dispatch_uid="crm.schedules", weak=False
        )
        # Imports django-q's own settings, which have to be loaded first.
        from crm.runner import desk

        desk.connect()


def make_schedules(using: str, **kwargs: Any) -> None:
    """After a migrate the rows of the schedules are there, so that a plain qcluster keeps time too."""
    from django_q.models import Schedule

    from crm.schedules import ensure_schedules

    if Schedule._meta.db_table in connections[using].introspection.table_names():
        ensure_schedules()

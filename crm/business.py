"""Changes of the business itself, with their audit trail."""

from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from crm import audit
from crm.models import Business, User


def change_business(values: dict[str, Any], *, by: User, logo: ContentFile | bool | None = None) -> None:
    """Set fields of the business. ``logo``: a picture, False to remove it, None to leave it.

    The old picture is deleted once the change is in the database, so a failed one loses nothing.
    """
    with transaction.atomic():
        business = Business.objects.select_for_update().get(pk=Business.load().pk)
        changes = audit.set_fields(business, values)
        old = business.logo.name if logo is not None else ""
        if logo is not None:
            business.logo = logo or ""
        business.save()
        if logo is not None and old != business.logo.name:
            changes["logo"] = [old, business.logo.name]
        if changes:
            audit.record("business", business, verb="business.changed", actor=by, origin="staff", changes=changes)
        if old and old != business.logo.name:
            transaction.on_commit(lambda: business.logo.storage.delete(old))

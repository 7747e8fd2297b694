"""Changes of how customers may pay, with their audit trail."""

from typing import Any

from django.db import transaction

from crm import audit
from crm.models import User
from invoicing.models import PaymentSettings


@transaction.atomic
def change_payment_settings(values: dict[str, Any], *, by: User) -> None:
    PaymentSettings.objects.get_or_create(pk=1)
    settings = PaymentSettings.objects.select_for_update().get(pk=1)
    changes = audit.set_fields(settings, values)
    if changes:
        settings.save()
        audit.record(
            "payment_settings",
            settings,
            verb="payment_settings.changed",
            actor=by,
            origin="staff",
            changes=changes,
        )

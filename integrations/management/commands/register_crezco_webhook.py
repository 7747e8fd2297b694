"""``manage.py register_crezco_webhook``: have Crezco tell this installation of payments."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from integrations.crezco import client
from integrations.errors import IntegrationError


class Command(BaseCommand):
    help = "Have Crezco tell this installation of payments. Harmless to repeat, and it wakes one that was switched off."

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.CREZCO_API_KEY and settings.CREZCO_USER_ID and settings.CREZCO_WEBHOOK_SECRET):
            raise CommandError("Set CREZCO_API_KEY, CREZCO_USER_ID and CREZCO_WEBHOOK_SECRET first.")
        path = reverse("integrations:crezco-webhook", args=[settings.CREZCO_WEBHOOK_SECRET])
        try:
            client.register_webhook(f"{settings.SITE_URL.rstrip('/')}{path}")
        except IntegrationError as error:
            raise CommandError(error.in_full) from error
        self.stdout.write("Crezco tells this installation of payments.")

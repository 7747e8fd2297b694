"""Hears every announcement of contacts, invoices and payments, in whichever process it is made."""

from typing import Any

from django.apps import AppConfig
from django.dispatch import Signal

SUBJECTS = ("invoice", "payment", "loser", "contact")  # of a merge the loser: it happens to each once


class LedgerConfig(AppConfig):
    name = "campaign.ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from crm import signals as of_contacts
        from invoicing import signals as of_invoices

        for module in (of_contacts, of_invoices):
            for name, signal in vars(module).items():
                if isinstance(signal, Signal):
                    signal.connect(_writer(name), weak=False, dispatch_uid=f"campaign.{name}")


def _writer(name: str) -> Any:
    def write_down(sender: Any, **facts: Any) -> None:
        from campaign.ledger.models import Heard

        row = next(facts[subject] for subject in SUBJECTS if facts.get(subject) is not None)
        # In the transaction of the change itself: both land, or neither.
        Heard.objects.create(name=name, subject=row.pk, origin=facts.get("origin", ""))
        for invoice in _below_zero(facts):
            Heard.objects.create(name="negative", subject=invoice, origin=name)

    return write_down


def _below_zero(facts: dict[str, Any]) -> list[int]:
    """Of the invoices that this is about: those whose balance no moment may see."""
    from invoicing.models import Invoice

    named, payment = facts.get("invoice"), facts.get("payment")
    if named is None and payment is None:
        return []
    about = {"pk": named.pk} if named is not None else {"allocations__payment": payment}
    return list(Invoice.objects.filter(balance__lt=0, **about).values_list("pk", flat=True))

"""The addresses under which customers see an invoice, or all of theirs, without logging in."""

from django.db import models
from django.db.models import Q

from invoicing.models.invoices import Invoice


class SecretLink(models.Model):
    """An address. The secret in it is the only key, so it can be replaced: the old one is dead then."""

    token = models.CharField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class PublicLink(SecretLink):
    """One address of an invoice."""

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="public_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(replaced_at=None), name="link_one_living_per_invoice"
            )
        ]

    def __str__(self) -> str:
        return f"Link of {self.invoice}"  # never the token: logs and the admin show this


class StatementLink(SecretLink):
    """One address of everything that a contact owes."""

    contact = models.ForeignKey("crm.Contact", models.CASCADE, related_name="statement_links")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["contact"], condition=Q(replaced_at=None), name="statement_one_living_per_contact"
            )
        ]

    def __str__(self) -> str:
        return f"Statement link of {self.contact}"

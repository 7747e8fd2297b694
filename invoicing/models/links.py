"""The address under which a customer sees an invoice without logging in."""

from django.db import models
from django.db.models import Q

from invoicing.models.invoices import Invoice


class PublicLink(models.Model):
    """One address of an invoice. The secret in it is the only key, so it can be replaced: the old one is dead then."""

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="public_links")
    token = models.CharField(max_length=32, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    replaced_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(replaced_at=None), name="link_one_living_per_invoice"
            )
        ]

    def __str__(self) -> str:
        return f"Link of {self.invoice}"  # never the token: logs and the admin show this

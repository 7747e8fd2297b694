"""That a customer has looked at an invoice."""

from django.db import models

from invoicing.models.invoices import Invoice


class InvoiceView(models.Model):
    """One time that a person had the page of an invoice open; staff, previews and robots are not counted."""

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="views")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["invoice", "-at"], name="view_by_invoice")]

    def __str__(self) -> str:
        return f"{self.invoice} seen"

"""A payment as staff note it by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from invoicing.methods import get_methods
from invoicing.models import Invoice
from invoicing.money import quantize

NO_AMOUNT = ("required", "invalid", "max_digits", "max_decimal_places", "max_whole_digits")
LARGEST = Decimal("99999999.99")


class PaymentForm(forms.Form):
    """``key`` is made with the page and makes a second click the same payment."""

    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "Load this page again: something of it was lost."),
    )
    amount = forms.DecimalField(
        max_digits=19, decimal_places=4, error_messages=dict.fromkeys(NO_AMOUNT, "Write an amount, such as 120.00.")
    )
    received_on = forms.DateField(
        label="Received on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    method = forms.ChoiceField(label="How it was paid", error_messages={"required": "Choose how it was paid."})
    memo = forms.CharField(
        label="Reference", max_length=100, required=False, help_text="Such as the number of a cheque or a transfer."
    )

    def __init__(self, *args: Any, invoice: Invoice, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invoice, self.today = invoice, today
        self.fields["amount"].label = f"Amount in {invoice.currency}"
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}
        methods = [(name, name) for name in get_methods()]
        # Nothing is chosen beforehand: the first name of the list would be booked unread.
        self.fields["method"].choices = [("", "Choose…"), *methods]  # type: ignore[attr-defined]

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if not 0 < amount <= LARGEST or amount != quantize(amount, self.invoice.currency):
            raise forms.ValidationError(f"Write an amount of {self.invoice.currency} above 0.")
        if amount > self.invoice.balance:
            owed = f"{quantize(self.invoice.balance, self.invoice.currency):,f}"
            raise forms.ValidationError(f"Only {owed} {self.invoice.currency} is owed. Note the rest in QuickBooks.")
        return amount

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if day > self.today:
            raise forms.ValidationError("That day is still to come.")
        return day

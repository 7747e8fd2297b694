"""A refund as an admin asks for it."""

from decimal import Decimal
from typing import Any

from django import forms

from invoicing.forms_payment import NO_AMOUNT
from invoicing.models import Payment
from invoicing.money import quantize


class RefundForm(forms.Form):
    """``key`` is made with the page and makes a second click the same refund."""

    key = forms.UUIDField(
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("required", "invalid"), "Load this page again: something of it was lost."),
    )
    amount = forms.DecimalField(
        max_digits=19, decimal_places=4, error_messages=dict.fromkeys(NO_AMOUNT, "Write an amount, such as 120.00.")
    )
    reason = forms.CharField(
        max_length=200, required=False, help_text="For you and your colleagues; the customer does not see it."
    )

    def __init__(self, *args: Any, payment: Payment, most: Decimal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payment, self.most = payment, most
        self.fields["amount"].label = f"Amount in {payment.currency}"
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        currency = self.payment.currency
        if amount <= 0 or amount != quantize(amount, currency):
            raise forms.ValidationError(f"Write an amount of {currency} above 0.")
        if amount > self.most:
            raise forms.ValidationError(f"At most {quantize(self.most, currency):,f} {currency} can be refunded.")
        return amount

"""Settings > Payments: which buttons customers see, and whether a part may be paid."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms

from crm.models import Business
from invoicing.gateways import PaymentGateway, all_gateways
from invoicing.models import Invoice, PaymentSettings

NO_AMOUNT = ("invalid", "max_digits", "max_decimal_places", "max_whole_digits", "min_value")


class PaymentSettingsForm(forms.Form):
    allows_part = forms.BooleanField(
        required=False,
        label="Customers may pay a part",
        help_text="Their page then has a field for the amount; all that is owed stands in it at first.",
    )
    least_part = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=10,
        decimal_places=2,
        label="Smallest part",
        help_text="In the currency of the invoice. What is owed in all may always be paid.",
        error_messages=dict.fromkeys(NO_AMOUNT, "Write an amount, such as 10.00."),
    )

    def __init__(self, *args: Any, instance: PaymentSettings, **kwargs: Any) -> None:
        initial = {"allows_part": instance.allows_part, "least_part": f"{instance.least_part:.2f}"}
        super().__init__(*args, **{"initial": initial, **kwargs})
        self.instance = instance
        self.gateways = all_gateways()
        self.currencies = currencies_in_use()
        self.fields["least_part"].widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        for gateway, currency in self._pairs():
            is_on = not instance.is_off(gateway.name, currency)
            label = f"{gateway.label} in {currency}"
            self.fields[f"{gateway.name} {currency}"] = forms.BooleanField(required=False, initial=is_on, label=label)

    def rows(self) -> list[dict[str, Any]]:
        """The table: a currency, and for each gateway its box, or None where it does not take that currency."""
        names = [gateway.name for gateway in self.gateways]
        return [
            {"currency": one, "boxes": [self[name] if (name := f"{gw} {one}") in self.fields else None for gw in names]}
            for one in self.currencies
        ]

    def values(self) -> dict[str, Any]:
        """What the form decides. Gateways and currencies that it does not show stay as they are."""
        shown = {f"{gateway.name} {currency}" for gateway, currency in self._pairs()}
        off = {pair for pair in shown if not self.cleaned_data[pair]}
        return {
            "switched_off": sorted(off | (set(self.instance.switched_off) - shown)),
            "allows_part": self.cleaned_data["allows_part"],
            "least_part": self.cleaned_data["least_part"] or Decimal(0),
        }

    def _pairs(self) -> Iterator[tuple[PaymentGateway, str]]:
        for currency in self.currencies:
            for gateway in self.gateways:
                if gateway.takes(currency):
                    yield gateway, currency


def currencies_in_use() -> list[str]:
    """The home currency first, then those of the invoices there are."""
    home = Business.load().currency
    others = set(Invoice.objects.order_by().values_list("currency", flat=True).distinct())
    return [home, *sorted(others - {home})]

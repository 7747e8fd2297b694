"""Database columns for money, rates and currencies."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models


class MoneyField(models.DecimalField):
    """An amount in the document's currency. Four decimals: one more than any currency in use has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 19)
        kwargs.setdefault("decimal_places", 4)
        super().__init__(*args, **kwargs)


class RateField(models.DecimalField):
    """A unit price, quantity, percentage or exchange rate. QuickBooks carries up to seven decimals."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 22)
        kwargs.setdefault("decimal_places", 7)
        super().__init__(*args, **kwargs)


class CurrencyField(models.CharField):
    """An ISO 4217 code, such as USD."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 3)
        kwargs.setdefault("validators", [RegexValidator(r"^[A-Z]{3}$", "Write a currency code such as USD.")])
        super().__init__(*args, **kwargs)

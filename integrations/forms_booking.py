"""How payments are booked in QuickBooks, as an admin sets it."""

from typing import Any

from django import forms

from crm import audit
from crm.models import User
from integrations.models import BookingSettings

UNDEPOSITED = "Undeposited Funds"
GONE = "It is not offered in QuickBooks any more. Choose another."


class BookingForm(forms.Form):
    account = forms.ChoiceField(
        required=False,
        label="Account in which payments are booked",
        help_text="From Undeposited Funds you make the bank deposit in QuickBooks. Choose a bank account only if each "
        "payment arrives there by itself.",
        error_messages={"invalid_choice": GONE},
    )
    methods = forms.MultipleChoiceField(
        label="Payment methods that staff may note by hand",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one.", "invalid_choice": GONE},
    )
    all_optional = True

    def __init__(
        self, *args: Any, instance: BookingSettings, accounts: dict[str, str], methods: dict[str, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.instance, self.accounts = instance, accounts
        self.fields["account"].choices = [("", UNDEPOSITED), *accounts.items()]  # type: ignore[attr-defined]
        self.fields["methods"].choices = list(methods.items())  # type: ignore[attr-defined]
        if not methods:
            self.fields["methods"].required = False

    @property
    def gone(self) -> str:
        """The account that was chosen and cannot be any more."""
        chosen = self.instance
        return chosen.account_name if chosen.account_id and chosen.account_id not in self.accounts else ""

    def apply(self, by: User) -> None:
        """Write what was changed. Call it in a transaction."""
        connection, account = self.instance.connection, self.cleaned_data["account"]
        BookingSettings.objects.get_or_create(connection=connection)
        chosen = BookingSettings.objects.select_for_update().get(connection=connection)
        values = {"account_id": account, "account_name": self.accounts.get(account, "")}
        changes = audit.set_fields(chosen, {**values, "methods": self.cleaned_data["methods"]})
        if changes:
            chosen.save(update_fields=list(changes))
            audit.record("connection", connection, verb="connection.changed", actor=by, origin="staff", changes=changes)

"""How the books are followed, as an admin sets it."""

from django import forms

from crm import audit
from crm.models import User
from integrations.models import SyncState

FIELDS = ("poll_minutes", "keep_log_days", "contacts_by_themselves")


def _whole_number(label: str, least: int, most: int, *, unit: str, help_text: str) -> forms.IntegerField:
    sentence = f"Write a whole number of {unit} from {least} to {most:,}."
    return forms.IntegerField(
        min_value=least,
        max_value=most,
        label=label,
        help_text=help_text,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class SyncForm(forms.ModelForm):
    poll_minutes = _whole_number(
        "Look every … minutes", 1, 60, unit="minutes", help_text="Webhooks bring most changes sooner."
    )
    keep_log_days = _whole_number(
        "Keep the sync log for … days", 7, 3650, unit="days", help_text="Older entries are deleted every night."
    )
    contacts_by_themselves = forms.BooleanField(
        required=False,
        label="Bring customers in by themselves",
        help_text="A customer that is new in QuickBooks becomes a contact here without an import.",
    )

    class Meta:
        model = SyncState
        fields = FIELDS

    def apply(self, by: User) -> None:
        """Write what was changed and nothing else of the row, which workers write too. Call it in a transaction."""
        state = SyncState.objects.select_for_update().get(pk=self.instance.pk)
        changes = audit.set_fields(state, {name: self.cleaned_data[name] for name in FIELDS})
        if not changes:
            return
        state.save(update_fields=list(changes))
        audit.record(
            "connection",
            state.connection_id,
            verb="connection.changed",
            actor=by,
            origin="staff",
            changes=changes,
        )

"""The form of a contact."""

from typing import Any, ClassVar

import phonenumbers
from django import forms

from crm.emails import first_address
from crm.models import Contact
from crm.phone import readable, to_e164
from crm.services import CONTACT_FIELDS, facts_of

_KEYBOARDS: dict[str, dict[str, Any]] = {
    "first_name": {"autocomplete": "off"},
    "last_name": {"autocomplete": "off"},
    "email_typed": {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"},
    "phone_typed": {"inputmode": "tel"},
    "other_phone": {"inputmode": "tel"},
    "website": {"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"},
    "street": {"rows": 2},
    "ship_to": {"rows": 3},
    "notes": {"rows": 4},
}


class ContactForm(forms.ModelForm):
    """What staff type of a contact.

    Every field carries what its person saw along, so ``changed_data`` is what this person touched even when
    somebody else has changed the contact meanwhile.
    """

    all_optional = True  # said once, at the name, and not at each of fifteen fields

    class Meta:
        model = Contact
        fields: ClassVar = list(CONTACT_FIELDS)
        help_texts: ClassVar = {
            "name": "How the contact is listed. Left empty, it is made of the names below. Nothing else is needed.",
            "notes": "For your team. QuickBooks never gets or replaces them.",
        }

    def __init__(self, data: Any = None, *, country: str, contact: Contact | None = None) -> None:
        super().__init__(data, initial=facts_of(contact) if contact else {})
        self.country = country
        self.fields["name"].required = False
        for name, field in self.fields.items():
            field.show_hidden_initial = contact is not None
            field.widget.attrs |= {"autocomplete": "off", **_KEYBOARDS.get(name, {})}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for field, value in cleaned.items():
            cleaned[field] = value.replace("\r\n", "\n")  # what browsers send for a line's end
        if not cleaned.get("name") and "name" not in self.errors:
            cleaned["name"] = _display_name(cleaned)
            if not cleaned["name"]:
                self.add_error("name", "Write a display name, a first or last name, or a company.")
        return cleaned

    def clean_email_typed(self) -> str:
        typed = self.cleaned_data["email_typed"].strip()
        if typed and "email_typed" in self.changed_data and not first_address(typed):
            raise forms.ValidationError("Write an email address such as ada@example.com, or leave it empty.")
        return typed

    def clean_phone_typed(self) -> str:
        typed = self.cleaned_data["phone_typed"].strip()
        if typed and "phone_typed" in self.changed_data and not to_e164(typed, self.country):
            raise forms.ValidationError(
                f"This is not a whole phone number. Write it with its area code, such as {_example(self.country)}."
            )
        return typed

    def touched(self) -> dict[str, Any]:
        """The fields that this person changed; a name made of others too."""
        names = {*self.changed_data, "name"} if not self.data.get("name", "").strip() else self.changed_data
        return {name: self.cleaned_data[name] for name in CONTACT_FIELDS if name in names}

    def clash_with(self, field: str, value: str, other: Contact) -> None:
        """Say beside the field whose email or number it is."""
        shown = readable(value, self.country) if field == "phone" else value
        self.add_error(f"{field}_typed", f"{shown} already belongs to {other.name}.")


def _display_name(cleaned: dict[str, Any]) -> str:
    person = f"{cleaned.get('first_name', '')} {cleaned.get('last_name', '')}".strip()
    return person or cleaned.get("company", "")


def _example(country: str) -> str:
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.FIXED_LINE)
    if number is None:
        return "+1 201 555 0123"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)

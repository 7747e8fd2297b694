"""Forms about people: inviting them, and joining."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError

from crm.models import User


class InviteForm(forms.Form):
    email = forms.EmailField(
        label="Email",
        help_text="They get a link that works once, for seven days.",
        widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
        error_messages={
            "required": "Write the email address of the person to invite.",
            "invalid": "Write a whole address, such as sam@example.com.",
        },
    )
    role = forms.ChoiceField(
        label="Role",
        choices=[
            (User.Role.AGENT, "Agent: works with contacts and invoices"),
            (User.Role.ADMIN, "Admin: may do everything, settings and people too"),
        ],
        initial=User.Role.AGENT,
        widget=forms.RadioSelect,
    )


class JoinForm(forms.Form):
    """Name and password of somebody who accepts an invitation."""

    name = forms.CharField(
        label="Your name",
        max_length=150,
        help_text="As your colleagues see it.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Write your name."},
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Choose a password."},
    )
    again = forms.CharField(
        label="Password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Write the password a second time."},
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password:
            try:
                validate_password(password, User(email=self.email, name=cleaned.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        if password and cleaned.get("again") and password != cleaned["again"]:
            self.add_error("again", "The two passwords differ. Write the same one twice.")
        return cleaned

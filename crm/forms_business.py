"""Settings of the business."""

import secrets
from io import BytesIO
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from babel import Locale
from babel.numbers import get_territory_currencies
from django import forms
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import lazy
from PIL import Image, ImageOps

from crm.models import Business
from crm.phone import to_e164

LOGO_BYTES = 2 * 1024 * 1024
LOGO_SIDE = 1024
# A picture of few bytes may unfold to gigabytes; 40 million pixels are more than any camera's logo needs.
LOGO_PIXELS = 40_000_000
LOGO_FORMATS = ("PNG", "JPEG", "WEBP")


def countries() -> list[tuple[str, str]]:
    """Countries by their English names; groups such as the European Union are not one."""
    names = Locale("en").territories
    known = [(code, names[code]) for code in phonenumbers.SUPPORTED_REGIONS if code in names]
    return sorted(known, key=lambda pair: pair[1])


def currencies() -> list[tuple[str, str]]:
    """Currencies that some country uses today."""
    names = Locale("en").currencies
    used = {code for country, _ in countries() for code in get_territory_currencies(country)}
    return [(code, f"{code} – {names[code]}") for code in sorted(used) if code in names]


def time_zones() -> list[tuple[str, str]]:
    zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
    return [("UTC", "UTC"), *[(zone, zone.replace("_", " ")) for zone in zones]]


class BusinessForm(forms.ModelForm):
    country = forms.ChoiceField(choices=lazy(countries, list)(), help_text="Phone numbers are read as of this country.")
    time_zone = forms.ChoiceField(
        choices=lazy(time_zones, list)(), help_text="Decides when a day begins, and so when an invoice is overdue."
    )
    currency = forms.ChoiceField(choices=lazy(currencies, list)(), help_text="Your home currency.")
    logo = forms.FileField(
        required=False,
        help_text="PNG, JPEG or WebP, at most 2 MB. Shown at the top of the menu.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    remove_logo = forms.BooleanField(required=False, label="Remove the logo")

    class Meta:
        model = Business
        fields = (
            *("name", "logo", "email", "phone", "street", "city", "region"),
            *("postal_code", "country", "time_zone", "currency"),
        )
        labels = {"street": "Street", "name": "Name of the business"}
        help_texts = {"name": "As your customers know it."}
        error_messages = {
            "name": {"required": "Write the name of the business."},
            "email": {"invalid": "Write a whole address, such as accounts@example.com."},
        }
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "organization"}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
            "street": forms.Textarea(attrs={"rows": 2, "autocomplete": "street-address"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "region": forms.TextInput(attrs={"autocomplete": "address-level1"}),
            "postal_code": forms.TextInput(attrs={"autocomplete": "postal-code"}),
        }

    field_order = (
        *("name", "logo", "remove_logo", "email", "phone", "street", "city", "region", "postal_code"),
        *("country", "time_zone", "currency"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep_unlisted("currency", "time_zone", "country")
        if not self.instance.logo:
            del self.fields["remove_logo"]

    def keep_unlisted(self, *names: str) -> None:
        """A value that stands there already stays possible, even when today's lists have dropped it."""
        for name in names:
            field, value = self.fields[name], getattr(self.instance, name)
            if value and value not in dict(field.choices):  # type: ignore[attr-defined]
                field.choices = [(value, value), *field.choices]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_logo(self) -> Any:
        upload = self.cleaned_data.get("logo")
        return redrawn(upload) if isinstance(upload, UploadedFile) else upload

    def new_logo(self) -> ContentFile | bool | None:
        """The picture to put in place, False to remove the one there is, None to leave it."""
        if self.cleaned_data.get("remove_logo"):
            return False
        return self.cleaned_data["logo"] if "logo" in self.changed_data else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        phone, country = cleaned.get("phone"), cleaned.get("country")
        if phone and country and not to_e164(phone, country):
            self.add_error("phone", "That is not a whole phone number. Write it with its area code.")
        return cleaned


def redrawn(upload: UploadedFile) -> ContentFile:
    """The picture of an upload, drawn anew: nothing of the file itself, such as metadata or a script, is kept."""
    if (upload.size or 0) > LOGO_BYTES:
        raise forms.ValidationError("This file is larger than 2 MB. Make it smaller and choose it again.")
    wrong = forms.ValidationError("This is not a PNG, JPEG or WebP picture. Choose another file.")
    try:
        picture: Image.Image = Image.open(upload, formats=LOGO_FORMATS)
        if picture.width * picture.height > LOGO_PIXELS:
            raise forms.ValidationError("This picture has too many pixels. Make it smaller and choose it again.")
        picture = ImageOps.exif_transpose(picture)
        picture.thumbnail((LOGO_SIDE, LOGO_SIDE))
        drawn = BytesIO()
        picture.convert("RGBA").save(drawn, "PNG", optimize=True)
    except forms.ValidationError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise wrong from error
    return ContentFile(drawn.getvalue(), name=f"logo-{secrets.token_hex(4)}.png")

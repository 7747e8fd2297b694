"""Phone numbers: E.164 in and out. Pure."""

import re
from functools import lru_cache

import phonenumbers

_NOT_DIGIT = re.compile(r"\D")


def digits(typed: str) -> str:
    """Only the ASCII digits of what was typed."""
    return _NOT_DIGIT.sub("", typed.translate(_ASCII_DIGITS)) if typed else ""


# Arabic-Indic and full-width digits are digits too.
_ASCII_DIGITS = {base + value: str(value) for base in (0x0660, 0x06F0, 0xFF10) for value in range(10)}


@lru_cache(maxsize=20_000)
def to_e164(typed: str, country: str) -> str:
    """``+14155550123`` for a number typed in any format, read as one of ``country`` (ISO 3166 code).

    An extension is dropped; what cannot be a whole number gives "" (it stays as typed elsewhere). Ranges that
    are not handed out count too: the number is for recognising people, the network says what can be texted.
    """
    if not typed:
        return ""
    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def readable(e164: str, country: str) -> str:
    """The number as people of ``country`` write it; with its country code if it is from elsewhere."""
    try:
        number = phonenumbers.parse(e164, country)
    except phonenumbers.NumberParseException:
        return e164
    home = phonenumbers.country_code_for_region(country) == number.country_code
    style = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)

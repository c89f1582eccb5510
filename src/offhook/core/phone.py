"""Telephone numbers: what a customer keyed in, checked and spelled as Connect stores it (E.164)."""

import re
from typing import Literal

import phonenumbers

# The pattern of the Connect API: a plus sign and 2 to 15 digits. Made-up numbers such as +15550100000 pass.
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")


def is_e164(text: str) -> bool:
    """Whether the text is spelled as E.164; not whether anybody can be reached there."""
    return _E164.fullmatch(text) is not None


def country_of(number: str) -> str:
    """The two letters of the country of a number in E.164, `001` for those of no country, empty where unknown."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    # several countries share a calling code; a made-up number is of the first of them
    known = phonenumbers.region_code_for_number(parsed)
    return known or phonenumbers.region_code_for_country_code(parsed.country_code or 0) or ""


def normalise(digits: str, number_format: Literal["Local", "E164"], country_code: str) -> str | None:
    """The number in E.164, or None when it is not valid.

    Local: a number as it is dialled inside `country_code` (two letters, any case); Connect adds the country's
    calling code. E164: the customer keys the calling code in, without a plus sign.
    Source: adminguide/store-customer-input.html. That valid means assigned by the numbering plan, and that Local
    refuses numbers of another calling code, is ours.
    """
    if not (digits.isascii() and digits.isdigit()):
        return None
    region = country_code.upper() if number_format == "Local" else None
    try:
        number = phonenumbers.parse(digits if region else f"+{digits}", region)
    except phonenumbers.NumberParseException:
        return None
    if region and number.country_code != phonenumbers.country_code_for_region(region):
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

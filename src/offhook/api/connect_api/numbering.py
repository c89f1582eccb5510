"""Telephone numbers that can be claimed: nobody has them, they only look as those of a country do."""

from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumberType

_KINDS = {
    "TOLL_FREE": (PhoneNumberType.TOLL_FREE,),
    "DID": (PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE),
}
_LAST_DIGITS = 4  # they are counted through
_MOST_TRIED = 1_000


def type_of(number: str) -> str:
    """TOLL_FREE or DID, of a number in E.164. A number that cannot be is a DID: made-up ones are welcome."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return "DID"
    return "TOLL_FREE" if phonenumbers.number_type(parsed) in _KINDS["TOLL_FREE"] else "DID"


def calling_code(country: str) -> str:
    """`+1` of `US`; "+0" for a country without one."""
    return f"+{phonenumbers.country_code_for_region(country)}"


def numbers(country: str, kind: str, prefix: str) -> Iterator[str]:
    """Numbers of a country (two letters) that begin so, in E.164; none where it has no such numbers."""
    for example in _examples(country, kind):
        start = (prefix + example[len(prefix) :])[: max(len(prefix), len(example) - _LAST_DIGITS)]
        free = len(example) - len(start)
        if free < 0:
            continue
        for count in range(min(10**free, _MOST_TRIED)):
            number = start + (f"{count:0{free}d}" if free else "")
            if type_of(number) == kind:
                yield number


def _examples(country: str, kind: str) -> Iterator[str]:
    for each in _KINDS.get(kind, ()):
        example = phonenumbers.example_number_for_type(country, each)
        if example is not None:
            yield phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.core.phone import country_of, is_e164, normalise


@pytest.mark.parametrize("text", ["+15550100000", "+12065550100", "+442079460000", "+12", "+123456789012345"])
def test_a_plus_sign_and_up_to_fifteen_digits_are_e164(text: str) -> None:
    assert is_e164(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "+1",
        "12065550100",
        "+02065550100",
        "+1234567890123456",
        "+1 206 555 0100",
        "+1206555010O",
        "+1٣٣٣٣",
        "+12\n",
    ],
)
def test_other_spellings_are_not_e164(text: str) -> None:
    assert not is_e164(text)


@pytest.mark.parametrize(
    ("digits", "country_code", "number"),
    [
        ("2065550100", "US", "+12065550100"),
        ("12065550100", "US", "+12065550100"),
        ("2065550100", "us", "+12065550100"),
        ("02079460000", "GB", "+442079460000"),
        ("2079460000", "GB", "+442079460000"),
        ("0312345678", "JP", "+81312345678"),
        ("4165550100", "US", "+14165550100"),
    ],
)
def test_a_local_number_gets_its_country_s_calling_code(digits: str, country_code: str, number: str) -> None:
    assert normalise(digits, "Local", country_code) == number


@pytest.mark.parametrize("digits", ["12065550100", "442079460000", "81312345678"])
def test_an_international_number_gets_its_plus_sign(digits: str) -> None:
    assert normalise(digits, "E164", "") == f"+{digits}"


def test_an_international_number_does_not_depend_on_the_country() -> None:
    assert normalise("442079460000", "E164", "US") == "+442079460000"


@pytest.mark.parametrize(
    ("digits", "number_format", "country_code"),
    [
        ("", "Local", "US"),
        ("", "E164", ""),
        ("1", "Local", "US"),
        ("555", "Local", "US"),
        ("5550100000", "Local", "US"),
        ("206555010", "Local", "US"),
        ("20655501000", "Local", "US"),
        ("2065550100", "Local", "ZZ"),
        ("2065550100", "E164", "US"),
        ("011442079460000", "Local", "US"),
        ("00442079460000", "E164", ""),
        ("999999999999", "E164", ""),
        ("206555#100", "Local", "US"),
        ("*2065550100", "Local", "US"),
        ("+12065550100", "E164", ""),
        ("٢٠٦٥٥٥٠١٠٠", "Local", "US"),
        ("9" * 1000, "E164", ""),
    ],
)
def test_an_invalid_number_is_none(digits: str, number_format: str, country_code: str) -> None:
    assert normalise(digits, number_format, country_code) is None


def test_a_local_number_without_a_country_is_none() -> None:
    assert normalise("2065550100", "Local", "") is None


@given(st.text(alphabet="0123456789*#", max_size=20), st.sampled_from(["Local", "E164"]), st.sampled_from(["US", "JP"]))
def test_what_is_stored_is_e164_and_stays_the_same_when_keyed_in_again(
    digits: str, number_format: str, country_code: str
) -> None:
    number = normalise(digits, number_format, country_code)

    assert number is None or (is_e164(number) and normalise(number[1:], "E164", "") == number)


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+12065550100", "US"),
        ("+14165550123", "CA"),
        ("+442079460000", "GB"),
        ("+15550100000", "US"),
        ("+80012345678", "001"),
        ("+210123456", ""),
        ("none", ""),
    ],
)
def test_a_number_is_of_the_country_whose_plan_has_it_or_of_the_first_of_its_calling_code(
    number: str, country: str
) -> None:
    assert country_of(number) == country

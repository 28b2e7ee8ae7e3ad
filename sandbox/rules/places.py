"""Countries, states and telephone numbers: what is one, and where it belongs.

Numbers are judged by `phonenumbers`, Google's tables of every country's numbering plan.
"""

import re

import phonenumbers

COUNTRIES: frozenset[str] = frozenset(phonenumbers.SUPPORTED_REGIONS)
EUROPEAN_UNION = frozenset(("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU")) | {
    "IE",
    "IT",
    "LT",
    "LU",
    "LV",
    "MT",
    "NL",
    "PL",
    "PT",
    "RO",
    "SE",
    "SI",
    "SK",
}
TEST_NUMBER = "0000000000"  # docs.stripe.com/connect/testing
STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky",
    "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota",
    "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire",
    "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota",
    "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island",
    "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont",
    "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
SPELLINGS = frozenset(word.casefold() for pair in STATES.items() for word in pair)
SHARED = {"GG": "GB", "IM": "GB", "JE": "GB"}  # islands with numbers of the country's plan


def is_state(text: str) -> bool:
    """Whether it is one of the fifty states of the US or DC, by its letters or its name; insular areas are none."""
    return text.strip().casefold() in SPELLINGS


def phone_country(text: str, country: str) -> str | None:
    """The country of a telephone number that is written as in `country` or with its code; None for what is none.

    "" is a number that belongs to no country, or Stripe's test number.
    """
    if re.sub(r"^\+1|[\s().-]", "", text.strip()) == TEST_NUMBER:
        return ""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    found = phonenumbers.region_code_for_number(number) or ""
    return SHARED.get(found, "" if found == "001" else found)

"""The function behind "Look up the state": which US state is a phone number from?

Amazon Connect calls `handler` with the contact, and the flow finds each key of the answer under `$.External`. With
STRING_MAP in the block, an answer is a flat object of text. Raising an exception sends the contact to the block's
error branch, after a few retries.
"""

from typing import Any

# The keys are states, the values some of their area codes.
AREA_CODES = {
    "Alabama": "205 251 256 334",
    "Alaska": "907",
    "Arizona": "480 520 602 623 928",
    "Arkansas": "479 501 870",
    "California": "213 310 408 415 510 619 650 818 916",
    "Colorado": "303 719 970",
    "Connecticut": "203 860",
    "Delaware": "302",
    "Florida": "305 407 561 813 904",
    "Georgia": "404 706 770 912",
    "Hawaii": "808",
    "Idaho": "208",
    "Illinois": "217 312 630 773",
    "Maine": "207",
    "Massachusetts": "413 508 617 978",
    "Minnesota": "218 507 612 651",
    "Montana": "406",
    "Nevada": "702 775",
    "New Hampshire": "603",
    "New Jersey": "201 609 732 973",
    "New York": "212 516 518 585 716 718 917",
    "Oregon": "503 541",
    "Rhode Island": "401",
    "Texas": "210 214 512 713 817",
    "Vermont": "802",
    "Washington": "206 253 360 425 509",
    "Wyoming": "307",
}
STATES = {code: state for state, codes in AREA_CODES.items() for code in codes.split()}

FACTS = (
    "The first telephone call was made in Boston, Massachusetts, in 1876.",
    "The first commercial telephone exchange opened in New Haven, Connecticut, in 1878.",
    "The first call from a hand-held mobile phone was made on a street in New York in 1973.",
    "The first 911 call was made in Haleyville, Alabama, in 1968.",
    "In 1951 a caller in Englewood, New Jersey, was the first to dial across the country without an operator.",
    "Maine is the only state of the US that borders exactly one other state.",
    "Washington is the only state of the US that is named after a president.",
)


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    contact = event["Details"]["ContactData"]
    channel = event["Details"]["Parameters"].get("channel", contact["Channel"])
    print(f"looking up a {channel} contact")  # shows up in `offhook run --trace`
    return {"State": state_of(contact["CustomerEndpoint"]), "Fact": fact_for(contact["ContactId"])}


def state_of(endpoint: dict[str, str] | None) -> str:
    """The state that a phone number belongs to. A chat has no phone number: its endpoint is None."""
    number = endpoint["Address"] if endpoint else ""
    area_code = number.removeprefix("+1")[:3]
    return STATES.get(area_code, "a place we do not know")


def fact_for(contact_id: str) -> str:
    """Any of the facts, but the same one whenever this contact asks again."""
    return FACTS[sum(contact_id.encode()) % len(FACTS)]

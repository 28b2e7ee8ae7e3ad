"""What Stripe asks of a cardholder, in words."""

import pytest

from issuing.cardholders import words as cardholders_words


def test_past_due_keys_become_one_line_for_each_thing() -> None:
    asked = cardholders_words.asked(
        [
            "individual.card_issuing.user_terms_acceptance.date",
            "individual.card_issuing.user_terms_acceptance.ip",
            "individual.dob.day",
            "individual.dob.month",
            "individual.shoe_size",
        ]
    )
    assert [(each.title, each.move, len(each.keys)) for each in asked] == [
        ("Acceptance of the authorized-user terms, by themselves", "holder", 2),
        ("Date of birth", "staff", 2),
        ("individual.shoe_size", "staff", 1),
    ]


@pytest.mark.parametrize(
    ("why", "move"),
    [("listed", "stripe"), ("requirements.past_due", "staff"), ("under_review", "stripe"), ("of_tomorrow", "stripe")],
)
def test_a_disabled_cardholder_is_explained(why: str, move: str) -> None:
    sentence, whose = cardholders_words.disabled(why)
    assert sentence.endswith(".")
    assert whose == move
    assert (why == "of_tomorrow") == (why in sentence)

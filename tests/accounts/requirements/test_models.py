"""Whether anybody has begun to give what Stripe asks for."""

from accounts.requirements import models as requirements_models
from tests.accounts.builders import account_data, requirements


def test_account_that_nobody_began_is_told_from_one_in_the_middle() -> None:
    keys = ["company.phone"]
    new = account_data(details_submitted=False, requirements=requirements(past_due=keys, currently_due=keys))
    assert not requirements_models.began(new)
    assert requirements_models.began({**new, "tos_acceptance": {"date": 1}})
    assert requirements_models.began({**new, "settings": {"card_issuing": {"tos_acceptance": {"date": 1}}}})
    assert requirements_models.began({**new, "requirements": requirements(errors=[{"code": "x"}])})
    assert requirements_models.began({**new, "details_submitted": True})

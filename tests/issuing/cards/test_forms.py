"""For whom a card may be made."""

import pytest

from console.operations.fields import Where
from console.operations.verbs import get
from issuing.cardholders.models import Cardholder
from tests.issuing import rows
from tests.issuing.acting import errors
from tests.people import ACCOUNT, OTHER_ACCOUNT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("accounts")]


def test_a_card_is_for_a_cardholder_of_this_account() -> None:
    own, others, blocked = rows.cardholder(), rows.cardholder(OTHER_ACCOUNT), rows.cardholder()
    Cardholder.every.filter(pk=blocked.pk).update(status="blocked")
    here = Where(ACCOUNT)
    assert errors("create_card", here, cardholder=own.pk) == {}
    for row_id in (others.pk, blocked.pk, "ich_nothing", ""):
        assert list(errors("create_card", here, cardholder=row_id)) == ["cardholder"]
    form = get("issuing.create_card").form(where=here)
    assert [value for value, _ in form.fields["cardholder"].widget.choices] == ["", own.pk]


def test_where_there_are_too_many_cardholders_the_id_is_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("issuing.cards.forms.MOST_CHOICES", 1)
    one, _ = rows.cardholder(), rows.cardholder()
    form = get("issuing.create_card").form({"cardholder": one.pk}, where=Where(ACCOUNT))
    assert form.fields["cardholder"].widget.input_type == "text"
    assert form.is_valid()

"""What staff do with cardholders."""

from datetime import UTC, datetime
from typing import Any

from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb, register
from issuing import base
from issuing.acts import (
    SHOWN_MARK,
    UPDATE_MARK,
    changing,
    found_by_mark,
    found_by_status,
    found_by_update_mark,
    get,
    mark,
    outcome,
    page_of,
    said,
    shown,
    status_effects,
    status_request,
)
from issuing.base import SHOWN_AS, given
from issuing.cardholders.forms import CreateCardholderForm, UpdateCardholderForm, changes, current
from issuing.cardholders.models import Cardholder

Data = dict[str, Any]


def cardholder_body(values: Data, marks: Data) -> Data:
    """The body of a cardholder's creation or update: only what is given. `marks` become its metadata."""
    address = {name: values.get(name) for name in ("line1", "line2", "city", "state", "postal_code", "country")}
    body = {
        **{name: values.get(name) for name in ("type", "name", "email", "phone_number")},
        "billing": {"address": address} if values.get("line1") else None,
        "individual": _individual(values),
        "company": {"tax_id": values.get("tax_id")},
        "metadata": marks,
    }
    return given(body)


def _individual(values: Data) -> Data:
    return {
        "first_name": values.get("first_name"),
        "last_name": values.get("last_name"),
        "dob": _date(values.get("dob")),
        "card_issuing": {
            "user_terms_acceptance": {
                "date": unix(values.get("terms_date")),
                "ip": values.get("terms_ip"),
                "user_agent": values.get("terms_user_agent"),
            }
        },
    }


def _date(value: Any) -> Data:
    """1990-01-31 as Stripe wants dates."""
    if not value:
        return {}
    parts = [SHOWN_AS] * 3 if value == SHOWN_AS else [int(part) for part in str(value).split("-")]
    return dict(zip(("year", "month", "day"), parts, strict=True))


def unix(value: datetime | str | None) -> int | None:
    """A moment in unix seconds; UTC where it names no zone."""
    if not value:
        return None
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


PERSONAL = (
    *("name", "email", "phone_number", "first_name", "last_name"),
    *("line1", "line2", "city", "state", "postal_code", "terms_ip", "terms_user_agent"),
)
SENSITIVE = ("dob", "tax_id")


def _create_cardholder(operation: Operation, values: Data) -> Outcome:
    body = cardholder_body(values, mark(operation))
    row, answer = Cardholder.create_cardholder(account_id=operation.account_id, key=operation.key, params=body)
    return outcome(row, answer.request_id)


def _create_cardholder_request(account_id: str, values: Data) -> Request:
    return Request(
        "POST",
        "/v1/issuing/cardholders",
        account_id,
        cardholder_body(values, SHOWN_MARK),
        undo="It can be deactivated, never deleted. Name and type stay.",
    )


def _first_address(account_id: str) -> Data:
    """The account's own country: its cardholders mostly live there."""
    country = base.country_of(account_id)
    return {"country": country} if country else {}


def _update_cardholder(operation: Operation, values: Data) -> Outcome:
    row: Cardholder = get(Cardholder, operation)
    body = cardholder_body(values, {UPDATE_MARK: str(operation.pk)})
    row, answer = row.update(key=operation.key, params=body)
    return outcome(row, answer.request_id)


def _update_cardholder_request(account_id: str, values: Data) -> Request:
    row = shown(Cardholder, values)
    before, changed = current(row), changes(row, values)
    return Request(
        "POST",
        f"/v1/issuing/cardholders/{row.pk}",
        account_id,
        cardholder_body(changed, {UPDATE_MARK: "<this operation>"}),
        changes=tuple((name, before.get(name), value) for name, value in changed.items() if value != before.get(name)),
        undo="Change it back.",
    )


def _cardholder_objection(row: Cardholder) -> str:
    if row.status == "blocked":
        return f"Stripe has blocked {row} for good: nothing can be changed."
    return f"{row} is not at Stripe any more." if row.gone else ""


create_cardholder = register(
    Verb(
        name="issuing.create_cardholder",
        many=False,
        label="Create cardholder",
        permission="issuing.create_cardholder",
        send=_create_cardholder,
        form=CreateCardholderForm,
        request=_create_cardholder_request,
        initial=_first_address,
        find=found_by_mark(Cardholder),
        sensitive=SENSITIVE,
        personal=PERSONAL,
        done=said("{} was created.", "Cardholder"),
        next_url=page_of("cardholder"),
        stripe_object="issuing.cardholder",
    )
)
update_cardholder = register(
    Verb(
        name="issuing.update_cardholder",
        many=False,
        label="Update cardholder",
        permission="issuing.update_cardholder",
        send=_update_cardholder,
        form=UpdateCardholderForm,
        request=_update_cardholder_request,
        initial=lambda cardholder_id: current(shown(Cardholder, {"cardholder": cardholder_id})),
        find=found_by_update_mark(Cardholder),
        noun=Cardholder,
        objection=_cardholder_objection,
        sensitive=SENSITIVE,
        personal=PERSONAL,
        done=said("{} was changed.", "Cardholder"),
        next_url=page_of("cardholder"),
        stripe_object="issuing.cardholder",
    )
)
activate_cardholder = register(
    Verb(
        name="issuing.activate_cardholder",
        label="Activate cardholder",
        permission="issuing.update_cardholder",
        send=changing(Cardholder, Cardholder.activate),
        request=status_request(Cardholder, "active", "Deactivate the cardholder again."),
        find=found_by_status(Cardholder, "active"),
        noun=Cardholder,
        objection=_cardholder_objection,
        effects=status_effects("active"),
        done=said("{} is active: their active cards work.", "Cardholder"),
        next_url=page_of("cardholder"),
        stripe_object="issuing.cardholder",
    )
)
deactivate_cardholder = register(
    Verb(
        name="issuing.deactivate_cardholder",
        label="Deactivate cardholder",
        permission="issuing.update_cardholder",
        send=changing(Cardholder, Cardholder.deactivate),
        request=status_request(
            Cardholder, "inactive", "Activate the cardholder again. Until then each of their cards is declined."
        ),
        find=found_by_status(Cardholder, "inactive"),
        noun=Cardholder,
        objection=_cardholder_objection,
        effects=status_effects("inactive"),
        done=said("{} is inactive: each of their cards is declined.", "Cardholder"),
        next_url=page_of("cardholder"),
        stripe_object="issuing.cardholder",
    )
)

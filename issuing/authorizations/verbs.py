"""Make, capture and reverse authorizations, in the sandbox and in test mode."""

from typing import Any

from console.operations.models import Operation
from console.operations.verbs import Outcome, Request, Verb, register
from console.shell import formats
from gateway import client
from issuing.acts import absorbed, created_since, get, outcome, page_of, said, shown, since
from issuing.authorizations import words as authorizations_words
from issuing.authorizations.forms import CaptureForm, CreateTestAuthorizationForm, ReverseForm
from issuing.authorizations.models import HELPERS, Authorization
from issuing.base import given, minor
from issuing.cards.models import Card

Data = dict[str, Any]


def authorization_body(values: Data, currency: str) -> Data:
    """The body of a test purchase."""
    return given(
        {
            "card": values.get("card"),
            "amount": minor(values.get("amount"), currency),
            "currency": currency,
            "authorization_method": values.get("authorization_method") or "online",
            "merchant_data": {"name": values.get("merchant_name"), "category": values.get("category")},
        }
    )


def capture_body(values: Data, currency: str) -> Data:
    """The body of a capture; empty takes all and closes."""
    body: Data = given({"capture_amount": minor(values.get("capture_amount"), currency)})
    return body | ({"close_authorization": False} if values.get("keep_open") else {})


def reverse_body(values: Data, currency: str) -> Data:
    """The body of a reversal; empty gives all back."""
    return given({"reverse_amount": minor(values.get("reverse_amount"), currency)})


TEST_MODES = frozenset({"sandbox", "test"})


def _create_test_authorization(operation: Operation, values: Data) -> Outcome:
    body = authorization_body(values, _card_currency(values))
    row, answer = Authorization.create_test(account_id=operation.account_id, key=operation.key, params=body)
    return _purchase(row, answer.request_id)


def _purchase(row: Authorization, request_id: str = "") -> Outcome:
    amount = formats.amount(row.amount if row.approved else row.requested, row.currency)
    return outcome(row, request_id, name=amount, approved=row.approved, reason=row.reason)


def _card_currency(values: Data) -> str:
    found = Card.objects.filter(pk=values.get("card")).values_list("currency", flat=True).first()
    return found or "usd"


def _authorization_request(account_id: str, values: Data) -> Request:
    body = authorization_body(values, _card_currency(values))
    return Request("POST", HELPERS, account_id, body, undo="Reverse it. It is a test: no money moves at any bank.")


def _find_authorization(operation: Operation) -> Outcome | None:
    """The card's purchase of that moment that no other operation made. Test helpers take no metadata."""
    body = authorization_body(operation.params, _card_currency(operation.params))
    for data, page in created_since(Authorization, operation, card=str(body["card"])):
        asked = (data.get("request_history") or [{}])[0].get("amount")
        merchant = (data.get("merchant_data") or {}).get("name")
        alike = (asked, merchant) == (body["amount"], body["merchant_data"]["name"])
        if alike and not Operation.objects.filter(object_id=data["id"], verb=operation.verb).exists():
            return _purchase(absorbed(Authorization, data, page, operation.account_id), page.request_id)
    return None


def _approved(operation: Operation) -> bool:
    return bool(operation.result.get("approved", True))


def _purchase_done(operation: Operation) -> str:
    """A decline is an outcome: what Stripe decided, and why."""
    if "approved" not in operation.result:
        return "Stripe decided about the test purchase."
    amount = operation.result["name"]
    if operation.result["approved"]:
        return f"Approved: {amount} is held."
    why = authorizations_words.reason(operation.result["reason"])
    return f"Declined: {why.title}. {why.sentence}"


def _capture(operation: Operation, values: Data) -> Outcome:
    row: Authorization = get(Authorization, operation)
    row, answer = row.capture_test(key=operation.key, params=capture_body(values, row.currency))
    return outcome(row, answer.request_id)


def _reverse(operation: Operation, values: Data) -> Outcome:
    row: Authorization = get(Authorization, operation)
    row, answer = row.reverse_test(key=operation.key, params=reverse_body(values, row.currency))
    return outcome(row, answer.request_id)


def _helper_request(what: str, body: Any, undo: str) -> Any:
    def request(account_id: str, values: Data) -> Request:
        row = shown(Authorization, values)
        facts = (("Status", row.status), ("Held", formats.amount(row.amount, row.currency)))
        path = f"{HELPERS}/{row.pk}/{what}"
        return Request("POST", path, account_id, body(values, row.currency), facts=facts, undo=undo)

    return request


def _find_capture(operation: Operation) -> Outcome | None:
    """The authorization, where it has a capture of that moment and amount."""
    row: Authorization = get(Authorization, operation)
    answer = client.get(f"{Authorization.listed_at}/{row.pk}", account=operation.account_id)
    wanted = capture_body(operation.params, row.currency).get("capture_amount")
    for made in answer.data.get("transactions") or ():
        if made["type"] == "capture" and made["created"] >= since(operation) and wanted in (None, -made["amount"]):
            return outcome(row.refresh())
    return None


def _find_reversal(operation: Operation) -> Outcome | None:
    """The authorization, where nothing of it is held any more. A part that was given back leaves no sign."""
    row = get(Authorization, operation).refresh()
    return outcome(row) if row.status == "reversed" else None


def _capture_objection(row: Authorization) -> str:
    return "" if row.approved else "It was declined: there is nothing that a merchant could take."


def _reverse_objection(row: Authorization) -> str:
    if not row.approved:
        return "It was declined: nothing is held."
    over = row.status in ("closed", "reversed", "expired")
    return f"It is {row.status}: nothing is held any more." if over else ""


create_test_authorization = register(
    Verb(
        name="issuing.create_test_authorization",
        many=False,
        label="Create test authorization",
        permission="issuing.test_authorization",
        send=_create_test_authorization,
        form=CreateTestAuthorizationForm,
        request=_authorization_request,
        find=_find_authorization,
        modes=TEST_MODES,
        done=_purchase_done,
        went_well=_approved,
        next_url=page_of("authorization"),
        stripe_object="issuing.authorization",
    )
)
capture_test_authorization = register(
    Verb(
        name="issuing.capture_test_authorization",
        many=False,
        label="Capture test authorization",
        permission="issuing.test_authorization",
        send=_capture,
        form=CaptureForm,
        request=_helper_request("capture", capture_body, "None. A refund gives the money back."),
        find=_find_capture,
        noun=Authorization,
        objection=_capture_objection,
        modes=TEST_MODES,
        done=said("It was captured: the transaction is below.", "Authorization"),
        next_url=page_of("authorization"),
        stripe_object="issuing.authorization",
    )
)
reverse_test_authorization = register(
    Verb(
        name="issuing.reverse_test_authorization",
        many=False,
        label="Reverse test authorization",
        permission="issuing.test_authorization",
        send=_reverse,
        form=ReverseForm,
        request=_helper_request("reverse", reverse_body, "None. The merchant has to ask again."),
        find=_find_reversal,
        noun=Authorization,
        objection=_reverse_objection,
        modes=TEST_MODES,
        done=said("What was held is given back to the Issuing balance.", "Authorization"),
        next_url=page_of("authorization"),
        stripe_object="issuing.authorization",
    )
)

"""Make, capture and reverse authorizations, in the sandbox and in test mode."""

from typing import Any, ClassVar

from console.operations import finding
from console.operations.fields import minor
from console.operations.models import Operation
from console.operations.verbs import TEST_MODES, CreateVerb, ObjectVerb, Outcome, Request, given
from console.shell import formats
from gateway import client
from gateway.client import Answer
from gateway.shapes import hashes_at, integer_at, text_at, value_at
from issuing.authorizations import words
from issuing.authorizations.forms import CaptureForm, CreateTestAuthorizationForm, ReverseForm
from issuing.authorizations.models import HELPERS, Authorization
from issuing.cards.models import Card

Data = dict[str, Any]


class CreateTestAuthorization(CreateVerb):
    """Try to pay with a card. A decline is an outcome, not an error."""

    name = "issuing.create_test_authorization"
    label = "Create test authorization"
    permission = "issuing.test_authorization"
    form = CreateTestAuthorizationForm
    makes = Authorization
    modes = TEST_MODES
    stripe_object = "issuing.authorization"
    page = "authorization"
    undo = "Reverse it. It is a test: no money moves at any bank."

    def body(self, account_id: str, values: Data) -> Data:
        """In the card's currency."""
        cards = Card.objects.filter(pk=values.get("card"))
        currency = cards.values_list("currency", flat=True).first() or "usd"
        body = {
            "card": values.get("card"),
            "amount": minor(values.get("amount"), currency),
            "currency": currency,
            "authorization_method": values.get("authorization_method") or "online",
            "merchant_data": {"name": values.get("merchant_name"), "category": values.get("category")},
        }
        return given(body)

    def request(self, row: Any, values: Data) -> Request:
        """The POST to the test helper, which takes no metadata."""
        return Request("POST", HELPERS, row.pk, self.body(row.pk, values), undo=self.undo)

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Without a mark: test helpers take no metadata."""
        body = self.body(operation.account_id, values)
        row, answer = Authorization.create_test(account_id=operation.account_id, key=operation.key, params=body)
        return self.outcome(row, answer.request_id)

    def find(self, operation: Operation) -> Outcome | None:
        """The card's authorization, created since, with this amount and merchant, that no other operation made."""
        body = self.body(operation.account_id, operation.params)
        asked = (body["amount"], body["merchant_data"]["name"])
        listed = finding.created_since(
            Authorization.listed_at, operation, account=operation.account_id, card=str(body["card"])
        )
        for data, page in listed:
            first = next(iter(hashes_at(data, "request_history")), {})
            same = (first.get("amount"), value_at(data, "merchant_data.name")) == asked
            if same and not Operation.objects.filter(object_id=data["id"], verb=operation.verb).exists():
                row = finding.absorbed(Authorization, data, page, operation.account_id)
                return self.outcome(row, page.request_id)
        return None

    def outcome(self, row: Any, request_id: str = "", **result: Any) -> Outcome:
        """Named by its amount, with what Stripe decided."""
        amount = formats.amount(row.amount if row.approved else row.requested, row.currency)
        return super().outcome(row, request_id, name=amount, approved=row.approved, reason=row.reason)

    def done(self, operation: Operation) -> str:
        """What Stripe decided, and why."""
        if "approved" not in operation.result:
            return "Stripe decided about the test authorization."
        if operation.result["approved"]:
            return f"Approved: {operation.result['name']} is held."
        why = words.reason(operation.result["reason"])
        return f"Declined: {why.title}. {why.sentence}"

    def went_well(self, operation: Operation) -> bool:
        """Whether it was approved."""
        return bool(operation.result.get("approved", True))


class HelperVerb(ObjectVerb):
    """What a merchant does with an authorization, by a test helper named `helper`."""

    permission = "issuing.test_authorization"
    noun = Authorization
    many = False
    modes = TEST_MODES
    stripe_object = "issuing.authorization"
    page, unnamed = "authorization", "Authorization"
    helper: ClassVar[str]

    def body(self, row: Authorization, values: Data) -> Data:
        """The helper's parameters."""
        raise NotImplementedError(self.name)

    def call(self, row: Authorization, operation: Operation, params: Data) -> tuple[Authorization, Answer]:
        """The model's call."""
        raise NotImplementedError(self.name)

    def request(self, row: Authorization, values: Data) -> Request:
        """The POST, and what is held now."""
        facts = (("Status", row.status), ("Held", formats.amount(row.amount, row.currency)))
        path = f"{HELPERS}/{row.pk}/{self.helper}"
        return Request("POST", path, row.account_id or "", self.body(row, values), facts=facts, undo=self.undo)

    def send(self, operation: Operation, values: Data) -> Outcome:
        """Have the helper do it."""
        row = self.target(operation)
        row, answer = self.call(row, operation, self.body(row, values))
        return self.outcome(row, answer.request_id)


class CaptureTestAuthorization(HelperVerb):
    """The merchant takes the money, or a part of it."""

    name = "issuing.capture_test_authorization"
    label = "Capture test authorization"
    form = CaptureForm
    helper = "capture"
    undo = "None. A refund gives the money back."
    sentence = "It was captured: the transaction is below."

    def objection(self, row: Authorization) -> str:
        """Only what was approved."""
        return "" if row.approved else "It was declined: there is nothing that a merchant could take."

    def body(self, row: Authorization, values: Data) -> Data:
        """Empty takes all and closes."""
        body: Data = given({"capture_amount": minor(values.get("capture_amount"), row.currency)})
        return body | ({"close_authorization": False} if values.get("keep_open") else {})

    def call(self, row: Authorization, operation: Operation, params: Data) -> tuple[Authorization, Answer]:
        """Capture."""
        return row.capture_test(key=operation.key, params=params)

    def find(self, operation: Operation) -> Outcome | None:
        """The authorization, where it has a capture of this amount, created since."""
        row: Authorization = self.target(operation)
        answer = client.get(self.path(row), account=operation.account_id)
        wanted = self.body(row, operation.params).get("capture_amount")
        since = finding.since(operation)
        for made in hashes_at(answer.data, "transactions"):
            created, amount = integer_at(made, "created") or 0, integer_at(made, "amount") or 0
            if text_at(made, "type") == "capture" and created >= since and wanted in (None, -amount):
                return self.outcome(row.refresh())
        return None


class ReverseTestAuthorization(HelperVerb):
    """The merchant gives the hold back, or a part of it."""

    name = "issuing.reverse_test_authorization"
    label = "Reverse test authorization"
    form = ReverseForm
    helper = "reverse"
    undo = "None. The merchant has to ask again."
    sentence = "What was held is given back to the Issuing balance."

    def objection(self, row: Authorization) -> str:
        """Only what is held."""
        if not row.approved:
            return "It was declined: nothing is held."
        over = row.status in ("closed", "reversed", "expired")
        return f"It is {row.status}: nothing is held any more." if over else ""

    def body(self, row: Authorization, values: Data) -> Data:
        """Empty gives all back."""
        return given({"reverse_amount": minor(values.get("reverse_amount"), row.currency)})

    def call(self, row: Authorization, operation: Operation, params: Data) -> tuple[Authorization, Answer]:
        """Reverse."""
        return row.reverse_test(key=operation.key, params=params)

    def find(self, operation: Operation) -> Outcome | None:
        """The authorization, where nothing of it is held any more. A reversal of a part cannot be found."""
        row = self.target(operation).refresh()
        return self.outcome(row) if row.status == "reversed" else None

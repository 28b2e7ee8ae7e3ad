"""What Stripe found wrong: every fault is shown, also of what is nowhere due."""

from typing import Any

from accounts.requirements.models import Row, Rule, rows
from tests.accounts.builders import account_data, requirements


def fault(code: str, requirement: Any = "company.tax_id") -> dict[str, Any]:
    return {"code": code, "reason": f"{code}!", "requirement": requirement}


def found(capability: dict[str, Any] | None = None, **lists: Any) -> list[Row]:
    own = {"id": "card_issuing", "requirements": capability or {}}
    return rows(account_data(requirements=requirements(**lists)), [own])


def test_several_faults_of_one_key_are_all_shown() -> None:
    (row,) = found(past_due=["company.tax_id"], errors=[fault("a"), fault("b"), fault("a")])
    assert (row.codes, row.cause) == (("a", "b"), "a! b!")


def test_a_fault_that_the_capability_alone_names_stands_beside_the_accounts() -> None:
    (row,) = found({"errors": [fault("b")]}, past_due=["company.tax_id"], errors=[fault("a")])
    assert row.codes == ("a", "b")


def test_a_fault_of_a_key_that_is_nowhere_due_has_a_row() -> None:
    (row,) = found({"errors": [fault("b")]})
    assert (row.title, row.state, row.capabilities) == ("The company: tax ID", "faulty", ["card_issuing"])
    assert not Rule().counts(row)  # Stripe asks for nothing


def test_a_fault_without_a_key_has_a_row() -> None:
    (row,) = found(errors=[{"code": "verification_supportability", "reason": "No alcohol."}])
    assert (row.title, row.cause) == ("Stripe found a fault and names no requirement", "No alcohol.")


def test_a_fault_of_what_is_being_verified_is_told_there() -> None:
    (row,) = found(pending_verification=["company.tax_id"], errors=[fault("a")])
    assert (row.state, row.cause) == ("pending_verification", "a!")


def test_faults_of_odd_shape_are_passed_over() -> None:
    assert found(errors=["x", None, {}, {"requirement": "company.name"}]) == []

"""Stripe's errors: the exception a noun raises and the envelope it becomes (https://docs.stripe.com/api/errors)."""

from typing import Any


class StripeError(Exception):
    """A refusal in Stripe's words. `status` is the HTTP status; `headers` go out with the answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.type = status, message, kind
        self.code, self.param, self.headers = code, param, headers or {}

    def body(self, log_url: str = "") -> dict[str, Any]:
        """`{"error": {...}}` as Stripe sends it: absent members are left out, not null. `log_url`: of the request."""
        error: dict[str, Any] = {"message": self.message, "type": self.type}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        if log_url:
            error["request_log_url"] = log_url
        return {"error": error}


def invalid(message: str, code: str | None = None, param: str | None = None) -> StripeError:
    """A 400 `invalid_request_error`, to be raised."""
    return StripeError(400, message, code=code, param=param)


def missing(kind: str, object_id: str, param: str = "id") -> StripeError:
    """`No such person: 'person_1'`: 404 when the path named it (param `id`), 400 when a parameter did."""
    words = kind.replace("_", " ").replace(".", " ")
    status = 404 if param == "id" else 400
    return StripeError(status, f"No such {words}: '{object_id}'", code="resource_missing", param=param)


def no_access(key: str, account: str) -> StripeError:
    """403 `account_invalid`: the account is unknown, or not this platform's. `key` is shown masked."""
    return StripeError(
        403,
        f"The provided key '{mask(key)}' does not have access to account '{account}' (or that account does not"
        " exist). Application access may have been revoked.",
        code="account_invalid",
    )


def world_ended() -> StripeError:
    """503 `api_error`: what the request began in has been forgotten by a reset, or the sandbox is ending."""
    words = "The sandbox was reset, or ended, while this request was under way."
    return StripeError(503, words, kind="api_error")


def mask(key: str) -> str:
    """`sk_test_abcdefgh1234` as `sk_test_********1234`; of a short or strange key only its length."""
    prefix = key[: key.find("_", 3) + 1] if key[2:3] == "_" else ""
    rest = key[len(prefix) :]
    shown = rest[-4:] if len(rest) > 8 else ""
    return prefix + "*" * (len(rest) - len(shown)) + shown

"""The two ways a call to Stripe can end without an answer. Nothing else leaves the gateway."""

import random

BACK_OFF = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before the second, third … try
LONGEST_WAIT = 60.0
NOT_SENT = "not_sent"  # our own code, beside Stripe's: nothing reached Stripe, and it cannot be tried again by us


class Refused(Exception):  # noqa: N818  (Stripe's answer, not our fault)
    """Stripe said no, and will say no again to the same request: 4xx other than 409 and 429.

    `message`, `code` and `param` are Stripe's own words (https://docs.stripe.com/api/errors); `decline` holds the
    decline codes of a card error, else {}.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        param: str = "",
        request_id: str = "",
        status: int = 0,
        type: str = "",  # noqa: A002  (Stripe's word)
        decline: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.request_id = request_id
        self.status = status
        self.type = type
        self.decline = decline or {}


class Unreachable(Exception):  # noqa: N818  (a state of the world, not an error of the code)
    """No answer that settles anything: the outcome of a write is not known, or it is to be tried later.

    `status` is 0 where nothing was answered. `retry_after` is seconds, where Stripe named a time. `replayed`: this
    very answer was stored for the idempotency key, so the same key will never get another one. `sent` is False only
    where it is certain that nothing reached Stripe.
    """

    def __init__(
        self,
        message: str,
        *,
        request_id: str = "",
        status: int = 0,
        retry_after: float | None = None,
        replayed: bool = False,
        sent: bool = True,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.request_id = request_id
        self.status = status
        self.retry_after = retry_after
        self.replayed = replayed
        self.sent = sent

    def wait(self, tries: int) -> float:
        """Seconds before the next try after `tries` tries: what Stripe named, else doubling with jitter."""
        if self.retry_after is not None:
            return min(self.retry_after, LONGEST_WAIT)
        longest = BACK_OFF[min(tries, len(BACK_OFF)) - 1]
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  (spreads callers out; guards nothing)

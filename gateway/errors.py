"""The two exceptions of a call to Stripe. No other leaves the gateway."""

from gateway import back_off

LONGEST_WAIT = 60.0  # seconds, of what Stripe names
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
    """There was no answer, or none that says what happened: a write may have been made, a read can be tried later.

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

    def wait(self, tries: int, *, longest: float = back_off.LONGEST) -> float:
        """Seconds before the next try after `tries` tries: back_off.pause, and what Stripe named up to LONGEST_WAIT."""
        return back_off.pause(tries, longest=longest, named=min(self.retry_after or 0.0, LONGEST_WAIT))


def means_gone(refused: Refused) -> bool:
    """Whether Stripe's no says that the object is not ours to see any more, and not that our key lacks a right."""
    return refused.status == 404 or (refused.status == 403 and "permission" not in refused.message.lower())

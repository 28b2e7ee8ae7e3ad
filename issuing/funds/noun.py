"""What the shell may ask about funds: nothing. Events that move money are asked for and noted here."""

from console.shell.nouns import Noun
from issuing.funds.models import note, on_events

NOUN = Noun(
    event_types=(
        "issuing_dispute.closed",
        "issuing_dispute.created",
        "issuing_dispute.funds_reinstated",
        "issuing_dispute.funds_rescinded",
        "issuing_dispute.submitted",
        "issuing_dispute.updated",
        "payout.canceled",
        "payout.created",
        "payout.failed",
        "payout.paid",
        "payout.reconciliation_completed",
        "payout.updated",
    ),
    notes=note,
    on_events=on_events,
)

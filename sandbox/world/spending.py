"""What cards have used up, summed by day: a decision costs the same however many authorizations came before it."""

from sandbox.rules.decision import DAY, Spend
from sandbox.world.store import Store


def since(store: Store, account: str, cardholder: str, start: int) -> tuple[Spend, ...]:
    """What the cardholder's cards used up from `start` on (unix second, a midnight UTC): a Spend a day and category."""
    rows = store.sql.execute(
        "SELECT card, amount, day, category FROM spend WHERE account = ? AND cardholder = ? AND day >= ?",
        (account, cardholder, start),
    )
    return tuple(Spend(*row) for row in rows)


def add(store: Store, account: str, cardholder: str, spend: Spend) -> None:
    """Count what was used up; a negative amount takes it back."""
    day = spend.created - spend.created % DAY
    store.sql.execute(
        "INSERT INTO spend (account, cardholder, day, card, category, amount) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
        (account, cardholder, day, spend.card, spend.category, spend.amount),
    )

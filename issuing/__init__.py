"""The room of Issuing: who holds cards, what they buy, and the money behind it."""

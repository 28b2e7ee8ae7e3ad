"""What the rooms use of the one rule of what is masked (console.masking)."""

from console.masking import MASK, Mask, email, masked, quoting

__all__ = ["MASK", "Mask", "email", "masked", "quoting"]

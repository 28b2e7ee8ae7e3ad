"""Change what a card may spend."""

import argparse
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from console.operations.commands import Target, VerbCommand
from issuing.cards.models import Card
from issuing.controls import forms


def limit(text: str) -> dict[str, str]:
    """One limit as it is typed: "200 monthly", "2,000 USD monthly", "200 monthly book_stores"."""
    try:
        return forms.typed_limit(text)
    except ValidationError as problem:
        raise argparse.ArgumentTypeError(problem.message) from None


class Command(VerbCommand):
    """The verb as a command: only what is given changes."""

    help = "Change what cards may spend: what is not given stays as it is."
    verb_name = "issuing.update_card"

    def add_fields(self, parser: CommandParser) -> None:
        """The form's fields."""
        text = "AMOUNT INTERVAL [CATEGORIES]; repeat it for several. They replace all limits that are set."
        parser.add_argument("--limit", dest=forms.LIMITS, action="append", type=limit, metavar="LIMIT", help=text)
        for name, label in forms.LABELS.items():
            if name != forms.LIMITS:
                parser.add_argument(f"--{name.replace('_', '-')}", help=f"{label}, with commas between.")
        text = "Lift a control altogether; repeat it for several. Wants --sure."
        parser.add_argument("--lift", action="append", choices=forms.NAMES, help=text)

    def entries(self, options: dict[str, Any], target: Target) -> dict[str, Any]:
        """What is set, under what was given."""
        return forms.current(Card.objects.get(pk=target.object_id)) | super().entries(options, target)

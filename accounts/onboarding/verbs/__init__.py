"""One file an act."""

from accounts.onboarding.verbs import create_account_link, fill_test_values

__all__ = ["create_account_link", "fill_test_values"]

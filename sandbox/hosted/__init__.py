"""The hosted onboarding form."""

"""The hosted onboarding form, tried as a browser sees it."""

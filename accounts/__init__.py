"""Connected accounts, persons, capabilities, requirements, onboarding."""

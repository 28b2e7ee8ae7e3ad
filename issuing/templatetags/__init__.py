"""Tags of the Issuing templates."""

"""Commands of the Issuing room."""

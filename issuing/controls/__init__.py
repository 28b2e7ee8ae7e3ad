"""What cards may spend."""

"""Writing what changed, once."""

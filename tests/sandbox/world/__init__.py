"""What the sandbox remembers, and what of it survives."""

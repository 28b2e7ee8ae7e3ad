"""What the sandbox remembers: its clock, its store, its objects and its books."""

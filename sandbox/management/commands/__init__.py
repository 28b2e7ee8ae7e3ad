"""The sandbox's one command."""

"""Configuration errors of the shell, as system checks with ids and hints."""

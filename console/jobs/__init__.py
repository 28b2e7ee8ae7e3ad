"""Long work with progress, a result and an end: begun by a page or a command, worked off by the worker."""

"""The shell: settings, site, operations, view-as, roles, audit, and the worker's supervisor."""

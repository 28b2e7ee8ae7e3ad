"""The referee: holds recorded traffic against the API description."""

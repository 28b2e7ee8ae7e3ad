"""The sandbox, tried from outside over HTTP."""

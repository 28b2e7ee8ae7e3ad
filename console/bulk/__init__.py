"""Bulk runs: one verb for many rows, worked off in the worker, each row once."""

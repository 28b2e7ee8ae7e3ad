"""Brakes: what an administrator has stopped, by whom, since when, why. The door and the worker ask `objection`."""

from console.brakes.standing import objection

__all__ = ["objection"]

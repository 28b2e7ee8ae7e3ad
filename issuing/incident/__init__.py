"""The incident switch: every active card of what is named, frozen at once."""

"""A small Stripe that remembers: Stripe's wire format on a local port, with a clock that can be moved.

It imports nothing of the console and the console imports nothing of it; they speak HTTP only.
"""

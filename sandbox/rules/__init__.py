"""Stripe's rules as pure functions: plain data in, plain data out; no clock, no store, no HTTP."""

"""HTTP: what comes in and goes out, held to Stripe’s description."""

"""Where payouts of an account go."""

"""A second pair of eyes: what waits for another person, by a policy that is data."""

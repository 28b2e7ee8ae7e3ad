"""Settings of a live start in the tests: a stub stands where Stripe does, and a second factor is said to be there.

The product has no exception for tests, so what it takes for Stripe's own address is replaced here.
"""

from console.settings import *  # noqa: F403
from console.settings import MIDDLEWARE, STRIPE_API_BASE
from gateway import addresses

addresses.OWN = dict.fromkeys(addresses.OWN, STRIPE_API_BASE)
MIDDLEWARE = [*MIDDLEWARE, "console.middleware.second_factor"]

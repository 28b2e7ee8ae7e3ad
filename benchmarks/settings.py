"""The console's settings with two more views to compare with."""

from console.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"

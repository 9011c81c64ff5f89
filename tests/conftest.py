"""Settings that every test shares."""

import os

from hypothesis import HealthCheck, settings

# No window opens where there is a screen.
os.environ.setdefault("MPLBACKEND", "Agg")

# The same examples in every run, and none fails because the machine was busy.
settings.register_profile(
    "repository",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repository")

"""Properties are tried however busy the machine is: what hypothesis would fail for being slow is left to benchmarks."""

from hypothesis import HealthCheck, settings

# Beside what it does by itself where CI is set, such as trying the same examples each time.
settings.register_profile(
    "unhurried",
    settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")

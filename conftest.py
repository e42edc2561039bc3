"""Properties are tested without a clock: a machine may be busy."""

from hypothesis import HealthCheck, Phase, settings

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("busy", BUSY)
settings.register_profile("mutants", BUSY, phases=[Phase.explicit, Phase.generate], database=None)  # no failure is made smaller
settings.load_profile("busy")

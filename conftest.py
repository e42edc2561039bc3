"""Properties are tested without a clock: a machine may be busy."""

from hypothesis import HealthCheck, Phase, settings

BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("busy", BUSY)
# no failure is made smaller
settings.register_profile("mutants", BUSY, phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile("busy")

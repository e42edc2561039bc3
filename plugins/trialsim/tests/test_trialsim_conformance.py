"""TrialSim passes what every plugin must."""

from healthsim_core.testing import PluginConformance


class TestConformance(PluginConformance):
    plugin = "trialsim"

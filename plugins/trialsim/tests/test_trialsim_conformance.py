"""TrialSim passes what every plugin must."""

from healthsim_core.conformance import PluginConformance


class TestConformance(PluginConformance):
    plugin = "trialsim"

"""RxMemberSim owes what every plugin owes."""

from healthsim_core.conformance import PluginConformance


class TestConformance(PluginConformance):
    plugin = "rxmembersim"

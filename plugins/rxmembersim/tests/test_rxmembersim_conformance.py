"""RxMemberSim owes what every plugin owes."""

from healthsim_core.testing import PluginConformance


class TestConformance(PluginConformance):
    plugin = "rxmembersim"

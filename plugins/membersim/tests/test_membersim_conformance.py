"""MemberSim keeps the promises of every plugin."""

from healthsim_core.testing import PluginConformance


class TestMemberSim(PluginConformance):
    plugin = "membersim"

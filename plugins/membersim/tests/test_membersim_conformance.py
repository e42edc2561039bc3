"""MemberSim keeps the promises of every plugin."""

from healthsim_core.conformance import PluginConformance


class TestMemberSim(PluginConformance):
    plugin = "membersim"

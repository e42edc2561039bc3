"""RxMemberSim's output formats."""

"""Who people's records refer to: clinicians, organizations and payers of the run's tables, found by their number."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from healthsim_core import KeyedTables


class Directory(KeyedTables):
    """The clinicians, facilities and payers that a run has met so far;
    each is empty where its product is not installed.

    Attributes:
        providers: networksim.provider by NPI.
        facilities: networksim.facility by NPI.
        payers: membersim.payer by payer_id.
    """

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        super().__init__({"networksim.provider": "npi", "networksim.facility": "npi", "membersim.payer": "payer_id"})
        self.providers, self.facilities, self.payers = self.by_name.values()
        self.learn(tables)

"""The same care costs the same whatever is installed: prices depend on the provider's kind and place,
never on an NPI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from healthsim import generate

SPECIALTIES = ["cardiology", "dermatology", "orthopedic_surgery", "family_medicine", "psychiatry"]
CARE: dict[str, Any] = {
    "journey_id": "much-care",
    "duration_days": 300,
    "events": [
        *(
            {"event_id": name, "event_type": "encounter", "delay": {"days": [5, 200]},
             "repeat": {"every": {"days": 20}, "count": 3},
             "parameters": {"class": "AMB", "specialty": name, "reason_code": "I10"}}
            for name in SPECIALTIES
        ),
        {"event_id": "emergency", "event_type": "encounter", "delay": {"days": [5, 200]},
         "parameters": {"class": "EMER", "reason_code": "R07.9"}},
        {"event_id": "in", "event_type": "admission", "delay": {"days": [30, 90]},
         "parameters": {"reason_code": "M17.11", "admission_type": "3"}},
        {"event_id": "out", "event_type": "discharge", "depends_on": "in", "delay": {"days": [1, 5]},
         "parameters": {"reason_code": "M17.11", "drg": "470"}},
        {"event_id": "pills", "event_type": "medication_order", "delay": {"days": [1, 20]},
         "parameters": {"ndc": "00378395177", "description": "atorvastatin calcium 20 MG Oral Tablet",
                        "drug_class": "statin",
                        "days_supply": 30, "quantity": 30, "refills": 5}},
    ],
}  # fmt: skip
CLAIM = (
    "membersim.claim",
    "claim_id",
    ("billed", "allowed", "paid", "member_share", "network", "status", "denial_reason"),
)
FILL = (
    "rxmembersim.fill",
    "fill_id",
    ("gross_amount_due", "usual_and_customary", "allowed", "patient_pay", "plan_paid"),
)


def told(profile: str) -> dict[str, Any]:
    return {"profile": profile, "journey": CARE, "count": 40, "seed": 5, "persist": False}


def amounts(table: pa.Table, key: str, names: tuple[str, ...]) -> dict[int, tuple[Any, ...]]:
    return {row[key]: tuple(row[name] for name in names) for row in table.select([key, *names]).to_pylist()}


@pytest.fixture(scope="module", params=["commercial-family", "medicare-diabetic"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, pa.Table], Path]:
    """What a run makes with everything installed, and the folder of the same tables of a run without NetworkSim."""
    folder = tmp_path_factory.mktemp("without")
    program = (
        "import json, healthsim, pyarrow.parquet as pq\n"
        f"tables = healthsim.generate(**json.loads({json.dumps(told(request.param))!r})).tables\n"
        f"[pq.write_table(tables[name], f'{folder}/{{name}}') for name in ({CLAIM[0]!r}, {FILL[0]!r})]\n"
    )
    absent = {**os.environ, "HEALTHSIM_DISABLE_PLUGINS": "networksim"}
    subprocess.run([sys.executable, "-c", program], env=absent, cwd=folder, check=True)
    return dict(generate(**told(request.param)).tables), folder


@pytest.mark.parametrize("table", [CLAIM, FILL], ids=lambda table: table[0])
def test_no_amount_depends_on_whether_a_network_is_installed(
    both: tuple[dict[str, pa.Table], Path], table: Any
) -> None:
    name, key, names = table
    with_network, folder = both
    expected = amounts(with_network[name], key, names)
    assert len(expected) > 100
    assert amounts(pq.read_table(folder / name), key, names) == expected


def test_one_code_has_many_prices_among_those_who_negotiate() -> None:
    tables = generate(**told("commercial-family")).tables
    lines = tables["membersim.claim_line"].to_pylist()
    prices: dict[str, list[Any]] = {}
    for line in lines:
        if line["allowed"] and line["code_system"] == "HCPCS":
            prices.setdefault(line["service_code"], []).append(line["allowed"] / int(line["units"]))
    usual = max(prices.values(), key=len)
    assert len(set(usual)) > len(usual) / 3

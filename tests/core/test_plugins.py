"""Plugins: how they are found, loaded, blocked and reported, and what they may not do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
from clinic import BILL, REASON, SCORE, VISIT, adults, bill, catalog, event, journey, plugin, visit

from healthsim_core import EventHandler, Journey, Profile, Trigger, hookimpl, hookspecs
from healthsim_core.catalog import Catalog
from healthsim_core.errors import ConflictError, PluginError, TableError, UnknownNameError
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.request import make_request
from healthsim_core.plugins import Plugin, load

PRODUCTS = ("patientsim", "membersim", "rxmembersim", "trialsim", "populationsim", "networksim")
PROFILE = Profile("adults", adults(), description="Adults.")


def test_a_plugin_that_implements_an_unknown_hook_is_reported() -> None:
    @hookimpl
    def healthsim_profile():
        return ()

    failed = load("clinic", SimpleNamespace(healthsim_profile=healthsim_profile), "clinic-dist", "1.0")
    assert failed.status == "failed" and "healthsim_profile" in failed.cause


def test_a_hook_that_raises_fails_its_plugin_alone() -> None:
    @hookimpl
    def healthsim_profiles():
        raise RuntimeError("out of\npaper")

    broken = load("broken", SimpleNamespace(healthsim_profiles=healthsim_profiles), "broken-dist", "1.0")
    offered = Catalog((broken, plugin(healthsim_profiles=[PROFILE])))
    assert (broken.status, broken.cause) == ("failed", "RuntimeError: out of paper")
    assert list(offered.profiles) == ["adults"]


def test_a_plugin_that_ends_the_process_is_reported_and_ends_nothing() -> None:
    @hookimpl
    def healthsim_profiles():
        raise SystemExit(3)

    left = load("left", SimpleNamespace(healthsim_profiles=healthsim_profiles), "left-dist", "1.0")
    assert (left.status, left.cause) == ("failed", "SystemExit: 3")


def test_a_hook_that_returns_something_else_than_offers_fails_its_plugin() -> None:
    assert plugin(healthsim_profiles=[{"id": "adults"}]).cause.endswith("which is not an offer")


def test_the_same_name_offered_twice_names_both_distributions() -> None:
    other = load("other", SimpleNamespace(**{"healthsim_profiles": hookimpl(_profiles)}), "other-dist", "2.0")
    with pytest.raises(ConflictError, match=r'"adults" by clinic \(clinic-dist 1.0\) and other \(other-dist 2.0\)'):
        Catalog((plugin(healthsim_profiles=[PROFILE]), other))


def _profiles():
    return [Profile("adults", adults())]


_profiles.__name__ = "healthsim_profiles"


def test_a_table_of_two_plugins_is_a_conflict() -> None:
    with pytest.raises(ConflictError, match=r'table "clinic.visit" is written by clinic .* and second'):
        Catalog((plugin(), plugin("second", healthsim_skill_resolvers=[], healthsim_triggers=[])))


def test_triggers_in_a_circle_are_an_error() -> None:
    circle = [Trigger("clinic_visit", "clinic_bill"), Trigger("clinic_bill", "clinic_visit")]
    with pytest.raises(
        PluginError, match=r"of clinic \(clinic-dist 1.0\) run in a circle: clinic_visit -> clinic_bill -> clinic_visit"
    ):
        catalog(healthsim_triggers=circle)


def test_what_a_trigger_into_an_absent_product_causes_happens_and_the_plan_says_so() -> None:
    offered = catalog(healthsim_triggers=[Trigger("clinic_visit", "claim_professional")])
    plan = compile_plan(make_request(adults(), journey(event("see", "clinic_visit")), catalog=offered), offered)
    assert [node.event_type for node in plan.nodes] == ["clinic_visit", "claim_professional"]
    assert plan.notes == (
        "claim_professional: on the timeline only, membersim would make records of it, and is not installed",
    )


def test_an_event_that_nobody_handles_stays_on_the_timeline_and_the_plan_says_so() -> None:
    offered = catalog(healthsim_triggers=[Trigger("clinic_visit", "clinic_bill"), Trigger("fax", "clinic_bill")])
    plan = compile_plan(make_request(adults(), journey(event("paper", "fax")), catalog=offered), offered)
    assert plan.notes == ("fax: on the timeline only, no installed product makes records of it",)


@pytest.mark.parametrize("name", ["One-Checkup", "one_checkup", "ONE-checkup"])
def test_template_names_match_with_hyphen_and_underscore_alike(name: str) -> None:
    assert (
        catalog(healthsim_journeys=[Journey("one-checkup", journey(event()))]).find("journey", name).name
        == "one-checkup"
    )


def test_an_unknown_name_suggests_the_nearest_and_who_offers_it() -> None:
    offered = catalog(healthsim_journeys=[Journey("pregnancy_journey", journey(event()))])
    with pytest.raises(
        UnknownNameError, match=r'Did you mean "pregnancy_journey" \(clinic\)\? `healthsim journeys list` shows all 1'
    ):
        offered.find("journey", "pregnancy_jorney")


def test_a_handler_that_writes_an_undeclared_table_is_an_error() -> None:
    handler = EventHandler("clinic_visit", visit, writes=[BILL], parameters=[REASON, SCORE])
    offered = catalog(healthsim_event_handlers=[handler], healthsim_triggers=[])
    with pytest.raises(TableError, match=r"clinic.clinic_visit: writes \['clinic.visit'\], which it does not declare"):
        ProfileJourneyOrchestrator(adults(), journey(event("see", "clinic_visit")), count=2, catalog=offered).execute()


def test_two_products_may_handle_one_event_type() -> None:
    second = load("second", _second(), "second-dist", "1.0")
    offered = Catalog(
        (
            plugin(
                healthsim_event_handlers=[EventHandler("clinic_visit", _visit, writes=[VISIT])], healthsim_triggers=[]
            ),
            second,
        )
    )
    result = ProfileJourneyOrchestrator(
        adults(), journey(event("see", "clinic_visit")), count=3, catalog=offered
    ).execute()
    assert (result.rows["clinic.visit"], result.rows["clinic.bill"]) == (3, 3)


def _visit(events):
    return {"clinic.visit": {"visit_id": events.id, "person_id": events.person}}


def _second() -> SimpleNamespace:
    def healthsim_event_handlers():
        return [
            EventHandler(
                "clinic_visit", lambda e: {"clinic.bill": {"bill_id": e.id, "person_id": e.person}}, writes=[BILL]
            )
        ]

    return SimpleNamespace(healthsim_event_handlers=hookimpl(healthsim_event_handlers))


def installed(tmp_path: Path, source: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `healthsim` where one more plugin, `stranger`, is installed."""
    (tmp_path / "stranger.py").write_text(textwrap.dedent(source), encoding="utf-8")
    info = tmp_path / "stranger-3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger-dist\nVersion: 3.1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[healthsim]\nstranger = stranger\n", encoding="utf-8")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-c", "from healthsim_core.cli import main; main()", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path, **environment}, check=False
    )


def test_a_plugin_that_does_not_import_is_reported_with_its_cause_and_the_others_go_on(tmp_path: Path) -> None:
    done = installed(tmp_path, "import nosuchmodule\n", "plugins", "list")
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert (
        "stranger-dist" in lines["stranger"]
        and "3.1" in lines["stranger"]
        and "No module named 'nosuchmodule'" in lines["stranger"]
    )
    assert "active" in lines["dentalsim"]


def test_a_blocked_plugin_is_not_imported(tmp_path: Path) -> None:
    done = installed(
        tmp_path, "raise SystemExit('imported')\n", "plugins", "list", HEALTHSIM_DISABLE_PLUGINS="stranger"
    )
    assert "blocked" in next(line for line in done.stdout.splitlines() if line.startswith("stranger"))


def test_bill_is_a_handler_of_the_clinic() -> None:
    assert [handler.handle for handler in catalog().handlers("clinic_bill")] == [bill]


BILLS = [Trigger("clinic_visit", "clinic_bill", delay=(2, 4))]
BY_HAND = {"event_type": "clinic_bill"}


def bill_ids(*others: str, triggers: list[Trigger] = BILLS, asked: list[str] | None = None) -> dict[str, int]:
    """The id of the clinic's bill and of the one that the journey asks for, by their nodes,
    beside others who bill visits too."""
    rivals = [
        load(name, SimpleNamespace(healthsim_triggers=hookimpl(_rival)), f"{name}-dist", "1.0") for name in others
    ]
    visited = journey(event("see", "clinic_visit", triggers=[BY_HAND]))
    offered = Catalog((*rivals, plugin(healthsim_triggers=triggers)))
    result = ProfileJourneyOrchestrator(adults(), visited, count=1, catalog=offered, products=asked).execute()
    return {row["node"]: row["event_id"] for row in result.timeline.to_pylist() if row["event_type"] == "clinic_bill"}


def _rival():
    return BILLS


_rival.__name__ = "healthsim_triggers"


@pytest.mark.parametrize(
    ("others", "asked"), [(["a_rival"], None), (["a_rival", "b_rival"], None), (["a_rival"], ["clinic"])]
)
def test_the_ids_of_what_triggers_cause_do_not_depend_on_whose_triggers_take_part(
    others: list[str], asked: list[str] | None
) -> None:
    alone, beside = bill_ids(), bill_ids(*others, asked=asked)
    assert len(alone) == 2
    assert {node: beside[node] for node in alone} == alone
    assert len(set(beside.values())) == (2 if asked else 2 + len(others))


def test_the_ids_of_what_a_journey_causes_do_not_depend_on_triggers() -> None:
    assert bill_ids(triggers=[]).items() <= bill_ids().items()


def written_for(api: object) -> Plugin:
    return load("clinic", SimpleNamespace(HEALTHSIM_API=api), "clinic-dist", "1.0")


def test_a_plugin_of_this_api_is_active_and_says_so() -> None:
    found = written_for(hookspecs.API)
    assert (found.status, found.api) == ("active", hookspecs.API)


def test_a_plugin_that_states_no_api_is_active() -> None:
    found = plugin()
    assert (found.status, found.api) == ("active", None)


def test_a_plugin_of_a_newer_api_is_told_to_upgrade_the_core() -> None:
    found = written_for(hookspecs.API + 1)
    assert found.status == "failed"
    assert "was written for API 2, and this core has API 1: `pip install --upgrade healthsim-core`" in found.cause


def test_a_plugin_of_an_older_api_works_where_nothing_asks_for_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hookspecs, "API", 3)
    monkeypatch.setattr(hookspecs, "CHANGES", {1: "Everything."})
    assert written_for(1).status == "active"


def test_a_plugin_of_an_older_api_is_told_what_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hookspecs, "API", 3)
    monkeypatch.setattr(hookspecs, "CHANGES", {2: "Rename `handle` to `make`.", 3: "Sort by person."})
    found = written_for(2)
    assert found.status == "failed" and "\n" not in found.cause
    assert found.cause.endswith("then write `HEALTHSIM_API = 3`. API 3: Sort by person.")


@pytest.mark.parametrize("api", ["1", 0, 1.5, True])
def test_an_api_that_is_no_version_is_told_what_to_write(api: object) -> None:
    assert written_for(api).cause.endswith("which is no version: write `HEALTHSIM_API = 1`.")


def test_a_plugin_of_a_newer_api_that_does_not_import_is_told_to_upgrade_the_core(tmp_path: Path) -> None:
    source = "from healthsim_core import Tomorrow\n\nHEALTHSIM_API = 7\n"
    done = installed(tmp_path, source, "plugins", "list", "--json")
    stranger = next(row for row in json.loads(done.stdout) if row["name"] == "stranger")
    assert (stranger["status"], stranger["api"]) == ("failed", 7)
    assert stranger["cause"].startswith("it was written for API 7, and this core has API 1")


def test_the_list_shows_the_api_of_every_plugin(tmp_path: Path) -> None:
    done = installed(tmp_path, "HEALTHSIM_API = 1\n", "plugins", "list", "--json")
    found = {row["name"]: row["api"] for row in json.loads(done.stdout)}
    assert dict.fromkeys(["dentalsim", "stranger", *PRODUCTS], 1).items() <= found.items()

"""A name that nobody offers: the message says which plugin has it that did not load, or which product to install."""

from __future__ import annotations

import attrs
import pytest
from clinic import adults, event, journey, plugin

from healthsim_core import Journey, Profile
from healthsim_core.absent import first_party
from healthsim_core.catalog import Catalog, default_catalog
from healthsim_core.errors import SpecificationError, UnknownNameError, suggestion
from healthsim_core.generation.executor import ProfileJourneyOrchestrator
from healthsim_core.planning.compiling import compile_plan
from healthsim_core.planning.request import make_request
from healthsim_core.plugins import Plugin

BROKEN = Plugin(
    "hospice", "hospice-dist", "2.0", status="failed", cause="ImportError: no module named morphine", module="hospice"
)


@pytest.fixture
def hospice(tmp_path, monkeypatch):
    """A plugin that lies there and cannot be imported."""
    package = tmp_path / "hospice"
    (package / "journeys").mkdir(parents=True)
    (package / "__init__.py").write_text(
        'import morphine\nPROFILE = Profile("last-days", {"id": "last-days"})\nTYPE = "comfort_visit"\n'
    )
    (package / "journeys" / "last_year.json").write_text('{"journey_id": "last_year"}')
    monkeypatch.syspath_prepend(str(tmp_path))
    return Catalog((plugin(healthsim_profiles=[Profile("first-days", adults())]), BROKEN))


@pytest.mark.parametrize(
    ("kind", "name"), [("profile", "last-days"), ("profile", "last_days"), ("journey", "last-year")]
)
def test_a_template_of_a_plugin_that_did_not_load_is_said_to_be_there(hospice, kind, name):
    with pytest.raises(
        UnknownNameError, match="it is in hospice, which did not load: ImportError: no module named morphine"
    ) as refused:
        hospice.find(kind, name)
    assert "first-days" not in str(refused.value)


def test_so_is_an_event_type(hospice):
    with pytest.raises(UnknownNameError, match="hospice, which did not load"):
        hospice.event_type("Comfort-Visit")


def test_a_name_that_no_file_of_it_has_is_unknown_and_the_failure_is_told_too(hospice):
    with pytest.raises(
        UnknownNameError, match=r'(?s)no profile is called "first-day".*"first-days".*hospice did not load'
    ):
        hospice.find("profile", "first-day")


def test_a_plugin_that_is_blocked_is_named_with_what_blocks_it(hospice):
    blocked = attrs.evolve(BROKEN, status="blocked", cause="HEALTHSIM_DISABLE_PLUGINS")
    with pytest.raises(UnknownNameError, match="hospice, which HEALTHSIM_DISABLE_PLUGINS blocks"):
        Catalog((plugin(), blocked)).find("profile", "last-days")


@pytest.mark.parametrize("distribution", sorted(first_party()))
@pytest.mark.parametrize("kind", ["profile", "journey", "plan", "format", "skill"])
def test_what_a_product_offers_that_is_not_installed_says_what_to_install(distribution, kind):
    without = Catalog(tuple(each for each in default_catalog().plugins if each.distribution != distribution))
    for name in first_party()[distribution][kind]:
        with pytest.raises(UnknownNameError, match=f"pip install {distribution}`"):
            without.find(kind, name)


def test_so_does_a_product_itself_and_a_format_that_needs_its_tables():
    without = Catalog(tuple(each for each in default_catalog().plugins if each.name != "rxmembersim"))
    with pytest.raises(SpecificationError, match="pip install healthsim-rxmembersim"):
        make_request(adults(), catalog=without, products=["RxMemberSim"])


def test_every_run_says_which_plugin_did_not_load(hospice):
    made = ProfileJourneyOrchestrator(adults(), journey(event()), catalog=hospice, count=1, products=[]).execute()
    assert made.notes[0] == "hospice did not load: ImportError: no module named morphine"
    assert "hospice did not load" in str(made) and "hospice did not load" in made._repr_html_()


def test_names_are_found_with_minus_and_underscore_alike(hospice):
    offered = default_catalog()
    request = make_request(
        adults(), catalog=offered, products=["PatientSim", "patientsim"], formats=["FHIR-R4", "fhir_r4", "x12-834"]
    )
    assert (request.products, request.formats) == (("patientsim",), ("fhir_r4", "x12_834"))
    assert offered.find("skill", "Diabetes_Management").skill == "diabetes-management"
    assert offered.event_type("LAB-ORDER") == "lab_order"


SCENARIO = {"scenario": "A family", "profile": "commercial-family"}
JOURNEY = {"journey_id": "one", "duration_days": 60, "events": [event()]}
PROFILE = {"demographics": {"age": 44}}


@pytest.mark.parametrize(
    ("document", "kind", "how"),
    [
        (SCENARIO, "scenario", "healthsim run"),
        (JOURNEY, "journey", "--journey"),
        ({"events": []}, "journey", "--journey"),
    ],
)
def test_what_is_given_as_a_profile_and_is_none_is_named(document, kind, how):
    with pytest.raises(SpecificationError, match="this is a ") as refused:
        make_request(document, catalog=default_catalog())
    assert f"this is a {kind}, not a profile" in str(refused.value) and how in refused.value.remedy


@pytest.mark.parametrize(("document", "kind"), [(SCENARIO, "scenario"), (PROFILE, "profile")])
def test_what_is_given_as_a_journey_and_is_none_is_named(document, kind):
    with pytest.raises(SpecificationError, match=f"this is a {kind}, not a journey"):
        make_request(adults(), document, catalog=default_catalog())


@pytest.mark.parametrize(("name", "wanted"), [("diabetic-first-year", "profile"), ("medicare_diabetic", "journey")])
def test_a_template_of_the_other_kind_is_named(name, wanted):
    other = {"profile": "journey", "journey": "profile"}[wanted]
    with pytest.raises(UnknownNameError, match=f"is a {other}, not a {wanted}"):
        default_catalog().find(wanted, name)


def test_a_journey_of_the_catalog_stays_a_journey():
    offered = Catalog((plugin(healthsim_journeys=[Journey("one", JOURNEY)]),))
    assert compile_plan(make_request(adults(), "ONE", catalog=offered), offered).nodes


@pytest.mark.parametrize("written", ["id", "template", "loinc"])
def test_what_was_written_is_never_suggested(written):
    assert (
        written
        not in suggestion(written, ["id", "template", "loinc"])
        .replace('"', " ")
        .replace(".", " ")
        .replace(",", " ")
        .split()
    )
    assert suggestion("loin", ["id", "loinc"]) == 'Did you mean "loinc"?'

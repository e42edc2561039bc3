"""What was done: each claim's dates, diagnoses, place and kind of service, before anybody puts a price on it."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Columns, Coverages, Events, Plans, Text, text, whole_years
from membersim.billable import billable, classes, groups
from membersim.facts import SERVICES, document, longest_prefix
from membersim.generation import SKILLS
from membersim.handlers.payday import Days, spans_of
from membersim.pricing import Providers

PROFESSIONAL, INSTITUTIONAL, PHARMACY = 0, 1, 2
CLAIM_TYPES = {"claim_professional": PROFESSIONAL, "claim_institutional": INSTITUTIONAL, "claim_pharmacy": PHARMACY}
_PLACE = {"AMB": "11", "EMER": "23", "VR": "10", "HH": "12"}
_PAYER_GROUP = {"medicare": "medicare", "medicare_advantage": "medicare", "commercial": "commercial"}

_BILLING = next(skill for skill in SKILLS if skill.skill == "professional-billing")
_DOCTORS = [SERVICES.index(name) for name in ("primary", "specialist", "urgent")]


@attrs.frozen(eq=False)
class Services:
    """What is billed in a chunk, a row each: covered claims, or what nobody covers.

    Attributes:
        events: Their events.
        type: 0 professional, 1 institutional, 2 pharmacy.
        span: Index of the span of coverage; -1 where nobody covers it, so the next.
        plan: Index of the plan's design.
        kind: Kind of payer; null for none.
        origin: Id of the encounter or admission; 0 for none.
        service_from: First day of service.
        service_to: Last day of service.
        admitted: Moment of admission; NaT where not a stay.
        discharged: Moment of discharge; NaT where not a stay.
        diagnosis: First (principal) diagnosis; null for pharmacy.
        second: Second diagnosis.
        admitting: Admitting diagnosis of a stay.
        admission_type: Of a stay.
        drg: Of a stay.
        visit_class: AMB, EMER, VR, HH; null where not a visit.
        specialty: As the event names it.
        place: Place of service of a professional claim.
        category: Index into `facts.SERVICES`.
        preventive: Whether the whole claim is preventive care.
        facility: NPI of the place: of a drug, the person's pharmacy.
        billing: NPI of whoever bills: the place, else the clinician.
        providers: Kind and place of whoever bills, on which prices depend.
    """

    events: Events
    type: NDArray[np.int64]
    span: NDArray[np.int64]
    plan: NDArray[np.int64]
    kind: Text
    origin: NDArray[np.int64]
    service_from: Days
    service_to: Days
    admitted: NDArray[np.datetime64]
    discharged: NDArray[np.datetime64]
    diagnosis: Text
    second: Text
    admitting: Text
    admission_type: Text
    drg: Text
    visit_class: Text
    specialty: Text
    place: Text
    category: NDArray[np.int64]
    preventive: NDArray[np.bool_]
    facility: Text
    billing: Text
    providers: Providers

    def __len__(self) -> int:
        return len(self.type)

    def take(self, rows: NDArray[np.intp], **others: Any) -> Services:
        """The claims at `rows`, one as often as it is named, with other columns in the place of some."""
        parts = {field.name: getattr(self, field.name) for field in attrs.fields(Services) if field.name not in others}
        events: Events = parts.pop("events")
        return Services(events=events.take(rows), **{name: part[rows] for name, part in parts.items()}, **others)


def services_of(events: Events, spans: Coverages, plans: Plans) -> tuple[Services, Services | None]:
    """What is billed of the claims among `events`: those whose patient was covered on the first day of service, and
    the others; None, where there is no other."""
    kinds = events.type.map(lambda name: CLAIM_TYPES.get(name, -1), np.int64, -1)
    claims, kind = events.where(kinds >= 0), kinds[kinds >= 0]
    admissions = events.where(events.type == "admission")
    billed = billable(claims, classes(claims, admissions))
    if not billed.all():
        claims, kind = claims.where(billed), kind[billed]
    dates = _dates(claims, kind)
    span = spans_of(claims, dates[0], spans, plans)

    def some(rows: NDArray[np.bool_]) -> Services:
        chosen = dates[0][rows], dates[1][rows], dates[2][rows]
        return _services(claims.where(rows), admissions, kind[rows], chosen, span[rows], spans, plans)

    covered = span >= 0
    if covered.all():
        return _services(claims, admissions, kind, dates, span, spans, plans), None
    return some(covered), some(~covered)


Dates = tuple[Days, NDArray[np.datetime64], NDArray[np.datetime64]]


def _dates(claims: Events, kind: NDArray[np.int64]) -> Dates:
    """First day of service, and of stays the moments of admission and discharge.

    What is billed is the encounter or stay that the claim belongs to; without one, what triggered the claim, such as a
    dental visit; else the claim is all that is known of it. A drug is filled on a day of its own,
    whichever visit led to it.
    """
    never = np.datetime64("NaT", "s")
    visit, admission, discharge = (
        np.asarray(claims.ancestor(name)["time"]) for name in ("encounter", "admission", "discharge")
    )
    stay = kind == INSTITUTIONAL
    done = np.where(claims.triggered, claims.caused_by.array("time"), claims.time)
    discharged = np.where(np.isnat(discharge), done, discharge)
    admitted = np.where(np.isnat(admission), discharged, admission)
    own = np.isnat(visit) | (kind == PHARMACY)
    day = np.where(stay, admitted, np.where(own, done, visit)).astype("datetime64[D]")
    return day, np.where(stay, admitted, never), np.where(stay, discharged, never)


def _services(
    claims: Events,
    admissions: Events,
    kind: NDArray[np.int64],
    dates: Dates,
    span: NDArray[np.int64],
    spans: Coverages,
    plans: Plans,
) -> Services:
    parameters = claims.parameters
    service_from, admitted, discharged = dates
    stay, drug = kind == INSTITUTIONAL, kind == PHARMACY
    plan = np.append(spans.plan, -1)[span]
    visit_class = parameters.text("class").or_else("AMB").only(kind == PROFESSIONAL)
    admission, encounter, said = claims.ancestor("admission"), claims.ancestor("encounter"), admissions.parameters
    admission_row = text.positions(admissions.id, admission.array("id"))
    admitted_for = said.text("reason_code").take_or_null(admission_row).only(stay)
    diagnosis = parameters.text("reason_code").or_else(admitted_for).or_else(_usual_diagnosis(claims)).only(~drug)
    admitting = admitted_for.or_else(diagnosis)
    admission_type = (
        parameters.text("admission_type").or_else(said.text("admission_type").take_or_null(admission_row)).or_else("1")
    )
    specialty = parameters.text("specialty").or_else(said.text("specialty").take_or_null(admission_row))
    facility = claims.facility_npi.only(~drug).or_else(claims.people["pharmacy_npi"].only(drug))
    billing = facility.or_else(claims.provider_npi.only(~drug))
    place = parameters.text("place_of_service").or_else(visit_class.recode(lambda name: _PLACE.get(name, "11")))
    category, second = _categories(kind, visit_class, specialty, place), parameters.text("secondary_code")
    return Services(
        events=claims, type=kind, span=span, plan=plan, kind=plans.text(plan, "kind").only(span >= 0),
        origin=np.where(stay, admission.array("id"), encounter.array("id")),
        service_from=service_from,
        service_to=np.where(stay, discharged.astype("datetime64[D]"), service_from),
        admitted=admitted, discharged=discharged, diagnosis=diagnosis,
        second=second.only(~drug & (second != diagnosis)),
        admitting=admitting.only(stay), admission_type=admission_type.only(stay),
        drg=groups(claims, parameters.text("drg"), stay),
        visit_class=visit_class, specialty=specialty, place=place.only(kind == PROFESSIONAL),
        category=category,
        preventive=(kind == PROFESSIONAL) & diagnosis.map(_is_preventive, np.bool_, False),
        facility=facility, billing=billing, providers=_providers(claims, category, specialty),
    )  # fmt: skip


def _usual_diagnosis(claims: Events) -> Text:
    """For a claim that says none: the first condition that the person has, else a routine examination."""
    chronic: Text = claims.people["conditions"].recode(lambda codes: codes.split(" ")[0] or None)
    child = whole_years(claims.people["birth_date"], claims.date) < 18
    return chronic.or_else(Text(child.astype(np.int32), ["Z00.00", "Z00.129"]))


def _is_preventive(code: str) -> bool:
    rules = document("diagnosis_kinds")["preventive"]
    return reason_kind(code) in rules["kinds"] or code.startswith(tuple(rules["codes"]))


def reason_kind(code: str) -> str:
    """Kind of reason for a visit."""
    return longest_prefix(code, document("diagnosis_kinds")["reasons"]) or "other"


def specialty_kind(specialty: str) -> str:
    """Kind of specialty; one that no list names is a specialist's."""
    kinds = document("diagnosis_kinds")["specialties"]
    return next((kind for kind, names in kinds.items() if specialty.lower() in names), "specialist")


def _categories(kind: NDArray[np.int64], visit_class: Text, specialty: Text, place: Text) -> NDArray[np.int64]:
    index = {name: position for position, name in enumerate(SERVICES)}
    by_specialty = {"primary": "primary", "urgent": "urgent"}
    usual = specialty.map(
        lambda name: index[by_specialty.get(specialty_kind(name), "specialist")], np.int64, index["primary"]
    )
    visit = np.where(place == "20", index["urgent"], usual)
    visit = np.where((visit_class == "EMER") | (place == "23"), index["emergency"], visit)
    visit = np.where(visit_class == "HH", index["other"], visit)
    return np.where(kind == INSTITUTIONAL, index["inpatient"], np.where(kind == PHARMACY, index["pharmacy"], visit))


def _providers(claims: Events, category: NDArray[np.int64], specialty: Text) -> Providers:
    """Kind and place of whoever bills: the specialty of a doctor's visit, else what the category of service says."""
    elsewhere = Text(category, list(SERVICES)).only(~np.isin(category, _DOCTORS))
    kind = elsewhere.or_else(specialty.recode(str.lower)).or_else("primary")
    return Providers(kind, claims.people["zip"].map(int, np.int64, 0))


def billed_services(services: Services, at: NDArray[np.intp]) -> Columns:
    """What the billing skill gives for the claims `at`: service_code, units, add_on."""
    classes = ("AMB", "EMER", "VR", "HH")
    context = {
        "class": services.visit_class[at].recode(lambda name: name if name in classes else "AMB").or_else("AMB"),
        "reason": services.diagnosis[at].recode(reason_kind).or_else("other"),
        "payer": services.kind[at].recode(lambda name: _PAYER_GROUP.get(name, "medicaid")).or_else("commercial"),
        "specialty": services.specialty[at].recode(specialty_kind).or_else("primary"),
    }
    draw = services.events.run.draws("membersim.billing", services.events.id[at])
    return _BILLING.resolve("service", Columns(context, len(at)), draw)

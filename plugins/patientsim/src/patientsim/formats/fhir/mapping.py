"""Which table becomes which resource, in the order in which references can be followed."""

from __future__ import annotations

from patientsim.formats.fhir.clinical import condition, immunization, procedure
from patientsim.formats.fhir.encounter import encounter
from patientsim.formats.fhir.observation import observation
from patientsim.formats.fhir.orders import care_plan, lab_order, medication_request, referral
from patientsim.formats.fhir.people import coverage, patient
from patientsim.formats.fhir.resources import Resource

RESOURCES = (
    Resource("Patient", "patientsim.patient", "person_id", patient),
    Resource("Coverage", "membersim.coverage", "coverage_id", coverage),
    Resource("Encounter", "patientsim.encounter", "encounter_id", encounter),
    Resource("Condition", "patientsim.condition", "condition_id", condition),
    Resource("ServiceRequest", "patientsim.lab_order", "lab_order_id", lab_order),
    Resource("ServiceRequest", "patientsim.referral", "referral_id", referral),
    Resource("Observation", "patientsim.observation", "observation_id", observation),
    Resource(
        "Procedure", "patientsim.procedure", "procedure_id", procedure, where=lambda rows: rows["system"] != "CVX"
    ),
    Resource(
        "Immunization", "patientsim.procedure", "procedure_id", immunization, where=lambda rows: rows["system"] == "CVX"
    ),
    Resource("MedicationRequest", "patientsim.medication_request", "medication_request_id", medication_request),
    Resource("CarePlan", "patientsim.care_plan", "care_plan_id", care_plan),
)

-- MedicationRequest, ServiceRequest (laboratory orders and referrals) and CarePlan: what the tables say they should be.

-- name: MedicationRequest
WITH listed AS (
    SELECT rxnorm, display('RxNorm', rxnorm) AS display FROM (SELECT DISTINCT rxnorm FROM "patientsim.medication_request")
)
SELECT
    id(t.person_id) AS bundle,
    'MedicationRequest' AS resourceType,
    id(t.medication_request_id) AS id,
    profile('us-core-medicationrequest') AS meta,
    t.status,
    'order' AS intent,
    [{'coding': [{
        'system': 'http://terminology.hl7.org/CodeSystem/medicationrequest-category', 'code': 'community', 'display': 'Community'
    }]}] AS category,
    false AS reportedBoolean,
    {
        'coding': there([coding('RxNorm', t.rxnorm, l.display), coding('NDC', t.ndc, NULL)]),
        'text': words(t.description)
    } AS medicationCodeableConcept,
    record(t.medication_request_id) AS identifier,
    refers('Patient', t.person_id) AS subject,
    refers('Encounter', t.encounter_id) AS encounter,
    moment(t.authored, h.zone) AS authoredOn,
    clinician(t.provider_npi, v.npi, v.name) AS requester,
    [{'text': words(t.sig), 'doseAndRate': [{'doseQuantity': ucum(t.dose, t.dose_unit)}]}] AS dosageInstruction,
    {
        'numberOfRepeatsAllowed': CAST(t.refills AS DOUBLE),
        'quantity': {'value': CAST(t.quantity AS DOUBLE)},
        'expectedSupplyDuration': CASE WHEN t.days_supply IS NOT NULL THEN {
            'value': CAST(t.days_supply AS DOUBLE), 'unit': 'day', 'system': 'http://unitsofmeasure.org', 'code': 'd'
        } END
    } AS dispenseRequest
FROM "patientsim.medication_request" t
JOIN "fhir.home" h USING (person_id)
LEFT JOIN listed l USING (rxnorm)
LEFT JOIN "fhir.clinician" v ON v.npi = t.provider_npi

-- name: ServiceRequest
WITH
listed AS (
    SELECT system, code, display(system, code) AS display
    FROM (
        SELECT DISTINCT 'LOINC' AS system, CAST(loinc AS VARCHAR) AS code FROM "patientsim.lab_order"
        UNION
        SELECT DISTINCT 'ICD-10-CM', CAST(reason_code AS VARCHAR) FROM "patientsim.referral"
    )
),
asked AS (
    SELECT
        t.lab_order_id AS number, t.person_id, t.encounter_id, t.authored, t.provider_npi,
        CASE WHEN EXISTS (SELECT 1 FROM "patientsim.observation" o WHERE o.lab_order_id = t.lab_order_id) THEN 'completed' ELSE 'active' END
            AS status,
        'Laboratory procedure' AS category,
        concept(coding('LOINC', t.loinc, l.display), words(t.description)) AS code,
        NULL AS reason,
        t.authored AS occurrence
    FROM "patientsim.lab_order" t
    LEFT JOIN listed l ON l.system = 'LOINC' AND l.code = t.loinc
    UNION ALL
    SELECT
        t.referral_id, t.person_id, t.encounter_id, t.authored, t.provider_npi,
        t.status,
        'Patient referral',
        {'coding': NULL, 'text': 'Referral to ' || coalesce(replace(kept(t.specialty), '_', ' '), 'a specialist')},
        icd(t.reason_code, l.display, words(t.description)),
        NULL
    FROM "patientsim.referral" t
    LEFT JOIN listed l ON l.system = 'ICD-10-CM' AND l.code = t.reason_code
)
SELECT
    id(t.person_id) AS bundle,
    'ServiceRequest' AS resourceType,
    id(t.number) AS id,
    profile('us-core-servicerequest') AS meta,
    t.status,
    'order' AS intent,
    [{'text': t.category}] AS category,
    t.code,
    [t.reason] AS reasonCode,
    record(t.number) AS identifier,
    refers('Patient', t.person_id) AS subject,
    refers('Encounter', t.encounter_id) AS encounter,
    moment(t.authored, h.zone) AS authoredOn,
    moment(t.occurrence, h.zone) AS occurrenceDateTime,
    clinician(t.provider_npi, v.npi, v.name) AS requester
FROM asked t
JOIN "fhir.home" h USING (person_id)
LEFT JOIN "fhir.clinician" v ON v.npi = t.provider_npi

-- name: CarePlan
SELECT
    id(t.person_id) AS bundle,
    'CarePlan' AS resourceType,
    id(t.care_plan_id) AS id,
    profile('us-core-careplan') AS meta,
    {
        'status': 'generated',
        'div': '<div xmlns="http://www.w3.org/1999/xhtml">'
            || replace(replace(replace(coalesce(words(t.description), 'Care plan'), '&', '&amp;'), '<', '&lt;'), '>', '&gt;')
            || '</div>'
    } AS text,
    'active' AS status,
    'plan' AS intent,
    [{'coding': [{'system': 'http://hl7.org/fhir/us/core/CodeSystem/careplan-category', 'code': 'assess-plan'}]}] AS category,
    words(t.description) AS description,
    record(t.care_plan_id) AS identifier,
    refers('Patient', t.person_id) AS subject,
    refers('Encounter', t.encounter_id) AS encounter,
    moment(t.created, h.zone) AS created,
    clinician(t.provider_npi, v.npi, v.name) AS author
FROM "patientsim.care_plan" t
JOIN "fhir.home" h USING (person_id)
LEFT JOIN "fhir.clinician" v ON v.npi = t.provider_npi

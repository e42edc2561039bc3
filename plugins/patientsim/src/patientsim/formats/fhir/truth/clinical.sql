-- Condition, Procedure and Immunization: what the tables say they should be.

-- name: Condition
WITH listed AS (SELECT code, display('ICD-10-CM', code) AS display FROM (SELECT DISTINCT code FROM "patientsim.condition"))
SELECT
    id(t.person_id) AS bundle,
    'Condition' AS resourceType,
    id(t.condition_id) AS id,
    profile(CASE t.category
        WHEN 'problem-list-item' THEN 'us-core-condition-problems-health-concerns' ELSE 'us-core-condition-encounter-diagnosis'
    END) AS meta,
    concept(coding('clinical_status', t.clinical_status, NULL), NULL::VARCHAR) AS clinicalStatus,
    concept(coding('verification', 'confirmed', NULL), NULL::VARCHAR) AS verificationStatus,
    [concept(coding('condition_category', t.category, NULL), NULL::VARCHAR)] AS category,
    {'text': words(t.severity)} AS severity,
    concept(coding('ICD-10-CM', t.code, l.display), words(t.description)) AS code,
    CASE WHEN t.category = 'problem-list-item' THEN [{
        'url': 'http://hl7.org/fhir/StructureDefinition/condition-assertedDate', 'valueDateTime': day(t.recorded_date)
    }] END AS extension,
    record(t.condition_id) AS identifier,
    refers('Patient', t.person_id) AS subject,
    refers('Encounter', t.encounter_id) AS encounter,
    day(t.onset_date) AS onsetDateTime,
    day(t.recorded_date) AS recordedDate
FROM "patientsim.condition" t
LEFT JOIN listed l USING (code)

-- name: Procedure
WITH listed AS (
    SELECT system, code, display(system, code) AS display FROM (SELECT DISTINCT system, code FROM "patientsim.procedure")
)
SELECT
    id(t.person_id) AS bundle,
    'Procedure' AS resourceType,
    id(t.procedure_id) AS id,
    profile('us-core-procedure') AS meta,
    'completed' AS status,
    concept(coding(t.system, t.code, l.display), words(t.description)) AS code,
    record(t.procedure_id) AS identifier,
    refers('Patient', t.person_id) AS subject,
    refers('Encounter', t.encounter_id) AS encounter,
    moment(t.performed, h.zone) AS performedDateTime,
    CASE WHEN t.provider_npi IS NOT NULL THEN
        [{'actor': clinician(t.provider_npi, v.npi, v.name)}]
    END AS performer
FROM "patientsim.procedure" t
JOIN "fhir.home" h USING (person_id)
LEFT JOIN listed l USING (system, code)
LEFT JOIN "fhir.clinician" v ON v.npi = t.provider_npi
WHERE t.system <> 'CVX'

-- name: Immunization
WITH listed AS (
    SELECT code, display('CVX', code) AS display FROM (SELECT DISTINCT code FROM "patientsim.procedure" WHERE system = 'CVX')
)
SELECT
    id(t.person_id) AS bundle,
    'Immunization' AS resourceType,
    id(t.procedure_id) AS id,
    profile('us-core-immunization') AS meta,
    'completed' AS status,
    concept(coding('CVX', t.code, l.display), words(t.description)) AS vaccineCode,
    record(t.procedure_id) AS identifier,
    refers('Patient', t.person_id) AS patient,
    refers('Encounter', t.encounter_id) AS encounter,
    moment(t.performed, h.zone) AS occurrenceDateTime,
    true AS primarySource,
    CASE WHEN t.provider_npi IS NOT NULL THEN
        [{'actor': clinician(t.provider_npi, v.npi, v.name)}]
    END AS performer
FROM "patientsim.procedure" t
JOIN "fhir.home" h USING (person_id)
LEFT JOIN listed l USING (code)
LEFT JOIN "fhir.clinician" v ON v.npi = t.provider_npi
WHERE t.system = 'CVX'

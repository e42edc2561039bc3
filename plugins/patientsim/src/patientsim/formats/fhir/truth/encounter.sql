-- Encounter: visits, and stays with what they were admitted for and discharged with, from unit to unit.

-- name: Encounter
WITH
visit AS (  -- with what the reason is: of a stay what its admission says
    SELECT
        t.*,
        h.zone,
        coalesce(t.admission_type, t.admitting_code) IS NOT NULL AS stay,
        CASE WHEN t.admitting_code IS NOT NULL THEN t.admitting_code ELSE t.reason_code END AS why,
        CASE WHEN t.admitting_code IS NOT NULL THEN t.admitting_description ELSE t.reason_description END AS why_words,
        CASE WHEN t.admitting_code IS NOT NULL THEN t.admitting_secondary_code ELSE t.secondary_code END AS also,
        CASE WHEN t.admitting_code IS NOT NULL THEN t.admitting_secondary_description ELSE t.secondary_description END AS also_words
    FROM "patientsim.encounter" t
    JOIN "fhir.home" h USING (person_id)
),
listed AS (
    SELECT code, display('ICD-10-CM', code) AS display
    FROM (
        SELECT DISTINCT unnest([reason_code, secondary_code, admitting_code, admitting_secondary_code]) AS code FROM "patientsim.encounter"
    )
),
written AS (  -- the Condition of an encounter that has a code: of several the first
    SELECT encounter_id, code, arg_min(condition_id, nth) AS condition_id
    FROM (SELECT encounter_id, code, condition_id, row_number() OVER () AS nth FROM "patientsim.condition")
    WHERE encounter_id IS NOT NULL
    GROUP BY encounter_id, code
),
diagnosed AS (  -- what a stay is for, and what it turned out to be
    SELECT d.*, w.condition_id, l.display
    FROM (
        SELECT encounter_id, person_id, 1 AS nth, 'admitting' AS name, 'AD' AS use, 'Admission diagnosis' AS called, NULL AS rank,
            admitting_code AS code, admitting_description AS text
        FROM visit WHERE stay
        UNION ALL
        SELECT encounter_id, person_id, 2, 'discharge', 'DD', 'Discharge diagnosis', 1.0::DOUBLE, reason_code, reason_description
        FROM visit WHERE stay AND "end" IS NOT NULL
        UNION ALL
        SELECT encounter_id, person_id, 3, 'discharge-2', 'DD', 'Discharge diagnosis', 2.0::DOUBLE, secondary_code, secondary_description
        FROM visit WHERE stay AND "end" IS NOT NULL
    ) d
    LEFT JOIN written w USING (encounter_id, code)
    LEFT JOIN listed l USING (code)
    WHERE d.code IS NOT NULL
),
diagnoses AS (
    SELECT
        encounter_id,
        list({
            'condition': {'reference': coalesce('Condition/' || id(condition_id), '#' || name)},
            'use': {'coding': [{'system': 'http://terminology.hl7.org/CodeSystem/diagnosis-role', 'code': use, 'display': called}]},
            'rank': rank
        } ORDER BY nth) AS elements,
        list({
            'resourceType': 'Condition',
            'id': name,
            'category': [encounter_diagnosis()],
            'code': concept(coding('ICD-10-CM', code, display), words(text)),
            'subject': refers('Patient', person_id)
        } ORDER BY nth) FILTER (WHERE condition_id IS NULL) AS contained
    FROM diagnosed
    GROUP BY encounter_id
),
moved AS (  -- from unit to unit, each until the next
    SELECT
        m.encounter_id,
        list({
            'location': {'reference': NULL::VARCHAR, 'display': kept(coalesce(m.unit, 'another unit'))},
            'id': id(m.transfer_id),
            'period': {'start': moment(m.time, m.zone), 'end': moment(m.until, m.zone)}
        } ORDER BY m.time, m.nth) AS units
    FROM (
        SELECT t.*, e.zone, coalesce(lead(t.time) OVER (PARTITION BY t.encounter_id ORDER BY t.time, t.nth), e."end") AS until
        FROM (SELECT *, row_number() OVER () AS nth FROM "patientsim.transfer") t
        JOIN visit e USING (encounter_id)
    ) m
    GROUP BY m.encounter_id
)
SELECT
    id(t.person_id) AS bundle,
    'Encounter' AS resourceType,
    id(t.encounter_id) AS id,
    profile('us-core-encounter') AS meta,
    t.status,
    {'system': 'http://terminology.hl7.org/CodeSystem/v3-ActCode', 'code': class(t.class)[1], 'display': class(t.class)[2]} AS class,
    [concept(
        CASE WHEN type_of_class(t.class) IS NOT NULL THEN coding('role', t.class, type_of_class(t.class)) END,
        coalesce(words(t.type), class(t.class)[3])
    )] AS type,
    {'text': replace(words(t.specialty), '_', ' ')} AS serviceType,
    d.contained,
    record(t.encounter_id) AS identifier,
    refers('Patient', t.person_id) AS subject,
    CASE WHEN t.provider_npi IS NOT NULL THEN [{
        'type': [{'coding': [{
            'system': 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'code': 'ATND', 'display': 'attender'
        }]}],
        'individual': clinician(t.provider_npi, v.npi, v.name)
    }] END AS participant,
    {'start': moment(t.start, t.zone), 'end': moment(t."end", t.zone)} AS period,
    there([icd(t.why, one.display, words(t.why_words)), icd(t.also, two.display, words(t.also_words))]) AS reasonCode,
    d.elements AS diagnosis,
    CASE WHEN t.discharge_disposition IS NOT NULL THEN {'dischargeDisposition': {'coding': [
        coding('disposition', coalesce(disposition(t.discharge_disposition), 'oth'), NULL),
        coding('ub_disposition', t.discharge_disposition, NULL)
    ]}} END AS hospitalization,
    list_concat(
        CASE WHEN f.npi IS NOT NULL THEN [{
            'location': {'reference': 'Location/npi-' || f.npi, 'display': f.name},
            'id': NULL::VARCHAR,
            'period': {'start': NULL::VARCHAR, 'end': NULL::VARCHAR}
        }] END,
        m.units
    ) AS location,
    facility(t.facility_npi, f.npi, f.name) AS serviceProvider
FROM visit t
LEFT JOIN listed one ON one.code = t.why
LEFT JOIN listed two ON two.code = t.also
LEFT JOIN diagnoses d USING (encounter_id)
LEFT JOIN moved m USING (encounter_id)
LEFT JOIN "fhir.clinician" v ON v.npi = t.provider_npi
LEFT JOIN "fhir.facility" f ON f.npi = t.facility_npi

-- Observation: laboratory results and vital signs; two values are the components of a panel.

-- name: Observation
WITH
listed AS (
    SELECT code, display('LOINC', code) AS display
    FROM (SELECT DISTINCT unnest([loinc, second_loinc]) AS code FROM "patientsim.observation")
),
kind AS (  -- what is measured, once for each kind: everything but the values
    SELECT
        t.*,
        profile(coalesce(
            vital_sign_profile(coalesce(panel_of_second(t.second_loinc)['code'], t.loinc)),
            observation_profile(t.category),
            'us-core-observation-clinical-result'
        )) AS meta,
        [concept(coding('observation_category', t.category, observation_category(t.category)), NULL::VARCHAR)] AS categories,
        {
            'coding': there([
                CASE WHEN panel_of_second(t.second_loinc) IS NOT NULL
                    THEN coding('LOINC', panel_of_second(t.second_loinc)['code'], panel_of_second(t.second_loinc)['description'])
                    ELSE coding('LOINC', t.loinc, one.display)
                END,
                coding(
                    'LOINC',
                    further_coding(coalesce(panel_of_second(t.second_loinc)['code'], t.loinc))[1],
                    further_coding(coalesce(panel_of_second(t.second_loinc)['code'], t.loinc))[2]
                )
            ]),
            'text': coalesce(panel_of_second(t.second_loinc)['description'], words(t.description))
        } AS code,
        CASE
            WHEN t.loinc = panel_of_second(t.second_loinc)['code'] THEN concept(
                coding('LOINC', panel_of_second(t.second_loinc)['first'], panel_of_second(t.second_loinc)['first_description']),
                panel_of_second(t.second_loinc)['first_description']
            )
            ELSE concept(coding('LOINC', t.loinc, one.display), words(t.description))
        END AS first_code,
        concept(coding('LOINC', t.second_loinc, two.display), words(t.second_description)) AS second_code
    FROM (SELECT DISTINCT category, loinc, description, second_loinc, second_description FROM "patientsim.observation") t
    LEFT JOIN listed one ON one.code = t.loinc
    LEFT JOIN listed two ON two.code = t.second_loinc
)
SELECT
    id(t.person_id) AS bundle,
    'Observation' AS resourceType,
    id(t.observation_id) AS id,
    k.meta,
    'final' AS status,
    k.categories AS category,
    k.code,
    record(t.observation_id) AS identifier,
    CASE WHEN t.lab_order_id IS NOT NULL THEN [refers('ServiceRequest', t.lab_order_id)] END AS basedOn,
    refers('Patient', t.person_id) AS subject,
    refers('Encounter', t.encounter_id) AS encounter,
    moment(t.effective, h.zone) AS effectiveDateTime,
    moment(t.issued, h.zone) AS issued,
    CASE WHEN t.provider_npi IS NOT NULL THEN [clinician(t.provider_npi, v.npi, v.name)] END AS performer,
    CASE WHEN t.second_loinc IS NULL THEN ucum(t.value, t.unit) END AS valueQuantity,
    CASE WHEN t.second_loinc IS NULL AND t.value IS NULL THEN absent() END AS dataAbsentReason,
    CASE WHEN t.second_loinc IS NOT NULL THEN [
        {
            'code': k.first_code,
            'valueQuantity': ucum(t.value, t.unit),
            'dataAbsentReason': CASE WHEN t.value IS NULL THEN absent() END
        },
        {
            'code': k.second_code,
            'valueQuantity': ucum(t.second_value, t.unit),
            'dataAbsentReason': CASE WHEN t.second_value IS NULL THEN absent() END
        }
    ] END AS component,
    CASE WHEN t.interpretation IS NOT NULL THEN
        [concept(coding('interpretation', t.interpretation, NULL), NULL::VARCHAR)]
    END AS interpretation,
    CASE WHEN coalesce(t.low, t.high) IS NOT NULL THEN
        [{'low': ucum(t.low, t.unit), 'high': ucum(t.high, t.unit)}]
    END AS referenceRange
FROM "patientsim.observation" t
JOIN "fhir.home" h USING (person_id)
JOIN kind k ON k.category = t.category AND k.loinc = t.loinc AND k.description IS NOT DISTINCT FROM t.description
    AND k.second_loinc IS NOT DISTINCT FROM t.second_loinc AND k.second_description IS NOT DISTINCT FROM t.second_description
LEFT JOIN "fhir.clinician" v ON v.npi = t.provider_npi

-- Patient and Coverage: what the tables say they should be.

-- name: Patient
SELECT
    id(t.person_id) AS bundle,
    'Patient' AS resourceType,
    id(t.person_id) AS id,
    profile('us-core-patient') AS meta,
    [
        {
            'url': 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race',
            'extension': there([
                CASE WHEN race(p.race)[1] IS NOT NULL THEN {
                    'url': 'ombCategory', 'valueCoding': coding('race', race(p.race)[1], race(p.race)[2]), 'valueString': NULL::VARCHAR
                } END,
                {'url': 'text', 'valueCoding': NULL, 'valueString': coalesce(race(p.race)[2], words(p.race))}
            ]),
            'valueCode': NULL::VARCHAR
        },
        {
            'url': 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity',
            'extension': there([
                CASE WHEN ethnicity(p.ethnicity)[1] IS NOT NULL THEN {
                    'url': 'ombCategory',
                    'valueCoding': coding('race', ethnicity(p.ethnicity)[1], ethnicity(p.ethnicity)[2]),
                    'valueString': NULL::VARCHAR
                } END,
                {'url': 'text', 'valueCoding': NULL, 'valueString': coalesce(ethnicity(p.ethnicity)[2], words(p.ethnicity))}
            ]),
            'valueCode': NULL::VARCHAR
        },
        {'url': 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex', 'extension': NULL, 'valueCode': p.sex}
    ] AS extension,
    gender(p.sex) AS gender,
    [{
        'language': {'coding': [{'system': 'urn:ietf:bcp:47', 'code': words(p.language), 'display': language(p.language)}]},
        'preferred': true
    }] AS communication,
    there([
        typed('MR', 'mrn', kept(t.mrn)),
        CASE WHEN p.coverage_type <> 'uninsured' THEN typed('MB', 'member', kept(p.member_number)) END,
        CASE WHEN p.ssn IS NOT NULL THEN typed('SS', 'ssn', kept(p.ssn)) END
    ]) AS identifier,
    true AS active,
    [{'use': 'official', 'family': kept(p.last_name), 'given': [kept(p.first_name)]}] AS name,
    [
        {'system': 'phone', 'value': kept(p.phone), 'use': 'home'},
        {'system': 'email', 'value': kept(p.email), 'use': NULL}
    ] AS telecom,
    [{
        'use': 'home', 'line': [kept(p.address)], 'city': words(p.city), 'district': c.name, 'state': words(p.state),
        'postalCode': words(p.zip), 'country': 'US'
    }] AS address,
    day(p.birth_date) AS birthDate,
    day(t.deceased_date) AS deceasedDateTime,
    CASE WHEN t.general_practitioner_npi IS NOT NULL THEN
        [clinician(t.general_practitioner_npi, v.npi, v.name)]
    END AS generalPractitioner,
    facility(t.managing_organization_npi, f.npi, f.name) AS managingOrganization
FROM "patientsim.patient" t
JOIN "core.person" p USING (person_id)
JOIN "facts.county" c USING (county_fips)
LEFT JOIN "fhir.clinician" v ON v.npi = t.general_practitioner_npi
LEFT JOIN "fhir.facility" f ON f.npi = t.managing_organization_npi

-- name: Coverage
SELECT
    id(t.person_id) AS bundle,
    'Coverage' AS resourceType,
    id(t.coverage_id) AS id,
    profile('us-core-coverage') AS meta,
    CASE WHEN t.end_date < getvariable('as_of') THEN 'cancelled' ELSE 'active' END AS status,
    concept(
        coding('payment', payment(t.coverage_type)[1], payment(t.coverage_type)[2]),
        coalesce(payment(t.coverage_type)[2], words(t.coverage_type))
    ) AS type,
    concept(coding('relationship', coalesce(relationship(t.relationship), 'other'), NULL), NULL::VARCHAR) AS relationship,
    [typed('MB', 'member', kept(t.member_number))] AS identifier,
    kept(t.member_number) AS subscriberId,
    CASE WHEN t.subscriber_id = t.person_id THEN refers('Patient', t.person_id) END AS subscriber,
    refers('Patient', t.person_id) AS beneficiary,
    {'start': day(t.start_date), 'end': day(t.end_date)} AS period,
    CASE WHEN t.payer_id IS NOT NULL THEN
        [party('Organization', 'Organization/' || payer_id(r.payer_id), words(r.name), 'payer', t.payer_id)]
    END AS payor,
    there([coverage_class('plan', words(t.plan)), coverage_class('group', words(t.group_number))]) AS class,
    t.rank AS "order"
FROM "membersim.coverage" t
LEFT JOIN "membersim.payer" r USING (payer_id)

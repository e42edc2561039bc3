-- Who people's resources refer to, and what the run's tables say of them. "fhir.named" holds whom a Bundle names (of files of the whole
-- run: whom the run names), by kind and number; "fhir.referred" has the clinicians' own organizations too.

-- name: home
SELECT p.person_id, c.zone FROM "core.person" p JOIN "facts.county" c USING (county_fips)

-- name: clinician
SELECT npi, full_name(first_name, last_name) AS name FROM "networksim.provider"

-- name: facility
SELECT npi, words(name) AS name FROM "networksim.facility"

-- name: referred
SELECT bundle, kind, number FROM "fhir.named"
UNION
SELECT n.bundle, 'facility', v.organization_npi
FROM "fhir.named" n
JOIN "networksim.provider" v ON n.kind = 'provider' AND v.npi = n.number
JOIN "networksim.facility" f ON f.npi = v.organization_npi

-- name: Organization
SELECT
    w.bundle,
    'Organization' AS resourceType,
    'healthsim-general-hospital' AS id,
    profile('us-core-organization') AS meta,
    [{'system': 'https://healthsim.example/organization', 'value': 'HSGH'}] AS identifier,
    true AS active,
    NULL AS type,
    'HealthSim General Hospital' AS name,
    work_phone('6195550100') AS telecom,
    NULL AS address
FROM "fhir.referred" w
WHERE w.kind = 'facility' AND w.number = ''
UNION ALL
SELECT
    w.bundle,
    'Organization',
    payer_id(r.payer_id),
    profile('us-core-organization'),
    [{'system': 'https://healthsim.example/payer-id', 'value': r.payer_id}],
    true,
    [concept(coding('organization_type', 'pay', 'Payer'), NULL)],
    words(r.name),
    work_phone(r.phone),
    [place(r.address, r.city, r.state, r.zip)]
FROM "membersim.payer" r
JOIN "fhir.referred" w ON w.kind = 'payer' AND w.number = r.payer_id
UNION ALL
SELECT
    w.bundle,
    'Organization',
    'npi-' || r.npi,
    profile('us-core-organization'),
    there([
        {'system': 'http://hl7.org/fhir/sid/us-npi', 'value': r.npi},
        CASE WHEN words(r.tax_id) IS NOT NULL THEN {'system': 'urn:oid:2.16.840.1.113883.4.4', 'value': words(r.tax_id)} END
    ]),
    true,
    [concept(coding('organization_type', 'prov', 'Healthcare Provider'), words(r.kind))],
    words(r.name),
    work_phone(r.phone),
    [place(r.address, r.city, r.state, r.zip)]
FROM "networksim.facility" r
JOIN "fhir.referred" w ON w.kind = 'facility' AND w.number = r.npi

-- name: Location
SELECT
    w.bundle,
    'Location' AS resourceType,
    'npi-' || r.npi AS id,
    profile('us-core-location') AS meta,
    [{'system': 'http://hl7.org/fhir/sid/us-npi', 'value': r.npi}] AS identifier,
    'active' AS status,
    words(r.name) AS name,
    'instance' AS mode,
    [{'text': words(r.kind)}] AS type,
    work_phone(r.phone) AS telecom,
    place(r.address, r.city, r.state, r.zip) AS address,
    {'reference': 'Organization/npi-' || r.npi, 'display': words(r.name)} AS managingOrganization
FROM "networksim.facility" r
JOIN "fhir.referred" w ON w.kind = 'facility' AND w.number = r.npi

-- name: Practitioner
SELECT
    w.bundle,
    'Practitioner' AS resourceType,
    'npi-' || r.npi AS id,
    profile('us-core-practitioner') AS meta,
    [{'system': 'http://hl7.org/fhir/sid/us-npi', 'value': r.npi}] AS identifier,
    true AS active,
    [{
        'use': 'official', 'family': words(r.last_name), 'given': there([words(r.first_name)]), 'suffix': there([words(r.credential)])
    }] AS name,
    work_phone(r.phone) AS telecom,
    [place(r.address, r.city, r.state, r.zip)] AS address
FROM "networksim.provider" r
JOIN "fhir.referred" w ON w.kind = 'provider' AND w.number = r.npi

-- name: PractitionerRole
SELECT
    w.bundle,
    'PractitionerRole' AS resourceType,
    'npi-' || r.npi AS id,
    profile('us-core-practitionerrole') AS meta,
    true AS active,
    {'reference': 'Practitioner/npi-' || r.npi, 'display': full_name(r.first_name, r.last_name)} AS practitioner,
    {'reference': 'Organization/npi-' || f.npi} AS organization,
    [concept(coding('taxonomy', r.taxonomy, NULL), replace(words(r.specialty), '_', ' '))] AS specialty,
    [{'reference': 'Location/npi-' || f.npi}] AS location,
    work_phone(r.phone) AS telecom
FROM "networksim.provider" r
LEFT JOIN "networksim.facility" f ON f.npi = r.organization_npi
JOIN "fhir.referred" w ON w.kind = 'provider' AND w.number = r.npi

-- name: Bundle
SELECT 'Bundle' AS resourceType, id(person_id) AS id, 'transaction' AS type FROM "core.person"

-- name: entries
SELECT
    * EXCLUDE (bundle),
    bundle,
    'http://example.org/fhir/' || resourceType || '/' || id AS fullUrl,
    {'method': 'PUT', 'url': resourceType || '/' || id} AS request
FROM resource

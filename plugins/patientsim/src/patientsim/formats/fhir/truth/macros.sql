-- What the elements of FHIR are made of. The lists of fhir.json are macros too, each by its name: race(key), systems(key) ...

-- A text as a JSON string holds it: characters that the writer uses for itself are lost. Nothing empty stands in FHIR.
CREATE MACRO kept(value) AS regexp_replace(value, '[\x{E000}-\x{E0FF}]', chr(65533), 'g');
CREATE MACRO words(value) AS nullif(kept(value), '');

CREATE MACRO profile(name) AS {'profile': ['http://hl7.org/fhir/us/core/StructureDefinition/' || name]};
CREATE MACRO coding(list, code, display) AS
    CASE WHEN code IS NOT NULL THEN {'system': systems(list), 'code': words(code), 'display': nullif(display, '')} END;
CREATE MACRO concept(one, text) AS {'coding': CASE WHEN one IS NOT NULL THEN [one] END, 'text': text};
CREATE MACRO there(elements) AS list_filter(elements, lambda each: each IS NOT NULL);

CREATE MACRO id(number) AS 'hs-' || CAST(number AS VARCHAR);
CREATE MACRO record(number) AS [{'system': 'https://healthsim.example/id', 'value': CAST(number AS VARCHAR)}];
CREATE MACRO typed(kind, list, value) AS {
    'type': {'coding': [{'system': 'http://terminology.hl7.org/CodeSystem/v2-0203', 'code': kind}]},
    'system': systems(list),
    'value': value
};
CREATE MACRO refers(type, number) AS {'reference': type || '/hs-' || CAST(number AS VARCHAR)};

CREATE MACRO moment(civil, zone) AS
    strftime(civil, '%Y-%m-%dT%H:%M:%S') || CASE WHEN minutes_ahead(zone, civil) < 0 THEN '-' ELSE '+' END
    || lpad(CAST(abs(minutes_ahead(zone, civil)) // 60 AS VARCHAR), 2, '0') || ':'
    || lpad(CAST(abs(minutes_ahead(zone, civil)) % 60 AS VARCHAR), 2, '0');
CREATE MACRO day(date) AS strftime(date, '%Y-%m-%d');

-- Somebody whom the run's tables know is referred to, others are named by their number alone.
CREATE MACRO party(type, known, display, list, number) AS {
    'reference': known,
    'display': CASE WHEN known IS NOT NULL THEN display END,
    'type': CASE WHEN known IS NULL AND number IS NOT NULL THEN type END,
    'identifier': CASE WHEN known IS NULL AND number IS NOT NULL THEN {'system': systems(list), 'value': number} END
};
CREATE MACRO full_name(first, last) AS nullif(concat_ws(' ', words(first), words(last)), '');
CREATE MACRO clinician(npi, known, name) AS party('Practitioner', 'Practitioner/npi-' || known, name, 'npi', npi);
CREATE MACRO facility(npi, known, name) AS CASE
    WHEN npi IS NULL THEN party('Organization', 'Organization/healthsim-general-hospital', 'HealthSim General Hospital', 'npi', npi)
    ELSE party('Organization', 'Organization/npi-' || known, name, 'npi', npi)
END;
CREATE MACRO payer_id(payer) AS 'payer-' || regexp_replace(payer, '[^A-Za-z0-9]', '-', 'g');

CREATE MACRO ucum(value, unit) AS CASE WHEN value IS NOT NULL THEN {
    'value': CAST(value AS DOUBLE),
    'unit': words(unit),
    'system': CASE WHEN unit IS NOT NULL THEN 'http://unitsofmeasure.org' END,
    'code': words(unit)
} END;

CREATE MACRO work_phone(phone) AS CASE WHEN words(phone) IS NOT NULL THEN [{'system': 'phone', 'value': words(phone), 'use': 'work'}] END;
CREATE MACRO place(street, city, state, zip) AS
    {'line': there([words(street)]), 'city': words(city), 'state': words(state), 'postalCode': words(zip), 'country': 'US'};
CREATE MACRO coverage_class(kind, value) AS CASE WHEN value IS NOT NULL THEN
    {'type': {'coding': [{'system': 'http://terminology.hl7.org/CodeSystem/coverage-class', 'code': kind}]}, 'value': value}
END;
CREATE MACRO icd(code, display, text) AS CASE WHEN code IS NOT NULL OR text IS NOT NULL THEN
    concept(coding('ICD-10-CM', code, display), text)
END;
CREATE MACRO encounter_diagnosis() AS
    {'coding': [{'system': 'http://terminology.hl7.org/CodeSystem/condition-category', 'code': 'encounter-diagnosis'}]};
CREATE MACRO absent() AS {'coding': [
    {'system': 'http://terminology.hl7.org/CodeSystem/data-absent-reason', 'code': 'unknown', 'display': 'Unknown'}
]};

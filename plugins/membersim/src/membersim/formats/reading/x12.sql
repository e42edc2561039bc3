What the X12 files are made of, as X12 has it: text without delimiters, words in the basic character set (`words.py`).

`file` has a row for the file that is read: its day, the part of the run, its control number, sender and receiver. `codes` is what
`codes.json` declares. `filed` has a row for everything of the tables that the file must tell.

-- name: macros
CREATE MACRO plain(number) AS rtrim(rtrim(printf('%.2f', CAST(number AS DOUBLE)), '0'), '.');
CREATE MACRO day(moment) AS strftime(moment, '%Y%m%d');
CREATE MACRO bare(code) AS replace(code, '.', '');
CREATE MACRO digits(said) AS regexp_replace(said, '[^0-9]', '', 'g');
CREATE MACRO nine_digits(zip) AS if(length(digits(zip)) = 5, digits(zip) || (SELECT zip_extension FROM codes), digits(zip));
CREATE MACRO named(npi, clinician, organization) AS {
  'NM102': CASE WHEN npi IS NULL THEN NULL WHEN clinician.npi IS NULL THEN '2' ELSE '1' END,
  'NM103': coalesce(clinician.last_name, organization.name), 'NM104': clinician.first_name, 'NM109': npi
};

CREATE MACRO settled(line) AS CASE WHEN line.adjustment <> 0 THEN {
  'CAS01': coalesce(line.adjustment_group, 'CO'), 'CAS02': coalesce(line.adjustment_reason, '45'), 'CAS03': plain(line.adjustment),
  'CAS05': NULL::VARCHAR, 'CAS06': NULL::VARCHAR, 'CAS08': NULL::VARCHAR, 'CAS09': NULL::VARCHAR,
  'CAS11': NULL::VARCHAR, 'CAS12': NULL::VARCHAR
} END;
CREATE MACRO shared(shares) AS CASE WHEN len(shares) > 0 THEN {
  'CAS01': 'PR', 'CAS02': shares[1].reason, 'CAS03': plain(shares[1].amount),
  'CAS05': shares[2].reason, 'CAS06': plain(shares[2].amount), 'CAS08': shares[3].reason, 'CAS09': plain(shares[3].amount),
  'CAS11': shares[4].reason, 'CAS12': plain(shares[4].amount)
} END;
CREATE MACRO owed(line) AS shared(list_filter([
  {'reason': '1', 'amount': line.deductible}, {'reason': '2', 'amount': line.coinsurance}, {'reason': '3', 'amount': line.copay},
  {'reason': coalesce(line.not_covered_reason, '96'), 'amount': line.not_covered}
], lambda share: share.amount <> 0));

-- name: person
SELECT person_id, last_name, first_name, address, city, state, zip, day(birth_date) AS born, sex FROM "core.person"

-- name: payer
SELECT payer_id, name, coalesce(nullif(tax_id, ''), fallback_organization.tax_id) AS tax_id, address, city, state, zip, phone
FROM "membersim.payer", codes

-- name: coverage
SELECT coverage_id, member_number, group_number, relationship_code FROM "membersim.coverage"

-- name: clinician
SELECT npi, last_name, first_name, nullif(taxonomy, '') AS taxonomy FROM "networksim.provider"

-- name: organization
WITH known AS (
  SELECT 1 AS place, npi, name, taxonomy, tax_id, address, city, state, zip FROM "networksim.facility"
  UNION ALL BY NAME SELECT 2 AS place, npi, name, taxonomy, address, city, state, zip FROM "networksim.pharmacy"
  UNION ALL BY NAME
  SELECT 3 AS place, npi, first_name || ' ' || last_name AS name, taxonomy, address, city, state, zip FROM "networksim.provider"
), named AS (
  SELECT DISTINCT unnest([billing_npi, rendering_npi, facility_npi]) AS npi FROM "membersim.claim"
  UNION SELECT fallback_organization.npi FROM codes
)
SELECT named.npi, coalesce(nullif(known.name, ''), none.name) AS name, coalesce(nullif(taxonomy, ''), none.taxonomy) AS taxonomy,
  coalesce(nullif(tax_id, ''), none.tax_id) AS tax_id, coalesce(nullif(address, ''), none.address) AS address,
  coalesce(nullif(city, ''), none.city) AS city, coalesce(nullif(state, ''), none.state) AS state,
  coalesce(nullif(zip, ''), none.zip) AS zip
FROM named LEFT JOIN known USING (npi), (SELECT fallback_organization AS none FROM codes)
WHERE named.npi IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY named.npi ORDER BY place) = 1

-- name: line
SELECT claim_id, claim, line, service_date, service_code, code_system, revenue_code, units, unit_code, diagnosis_pointers, l.place_of_service,
  sign * l.billed AS billed, sign * l.allowed AS allowed, sign * l.deductible AS deductible, sign * l.coinsurance AS coinsurance,
  sign * l.copay AS copay, sign * l.not_covered AS not_covered, l.not_covered_reason, sign * l.adjustment AS adjustment,
  sign * l.paid AS paid, l.adjustment_group, l.adjustment_reason, sign,
  filed.place_of_service AS place_of_claim
FROM "membersim.claim_line" l JOIN filed USING (claim_id)

-- name: ISA
SELECT {
    'ISA06': rpad(sender, 15, ' '), 'ISA08': rpad(receiver, 15, ' '), 'ISA09': day[3:], 'ISA13': printf('%09d', control)
  } AS "ISA", {'GS02': sender, 'GS03': receiver, 'GS04': day, 'GS06': control::VARCHAR} AS "GS"
FROM file WHERE EXISTS (FROM filed)

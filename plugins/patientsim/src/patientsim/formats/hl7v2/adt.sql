What the tables say that messages there must be, and what each should hold, a column a field.

`code_class`, `code_admission_type`, `code_race`, `code_ethnicity`, `code_language`, `code_relationship` and `code_structure` have the
codes of data/hl7v2.json by `value`; `fallback` has what stands where no network is known, `world` today's date. Values hold their
escapes, as the file does.

-- name: macros
CREATE MACRO with_escapes(value) AS regexp_replace(regexp_replace(
  replace(replace(replace(replace(replace(replace(replace(
    value, '\', '\E\'), '|', '\F\'), '^', '\S\'), '&', '\T\'), '~', '\R\'), chr(13), '\.br\'), chr(10), '\.br\'),
  '[\x00-\x1f\x7f]', ' ', 'g'), '[\x{E000}-\x{E0FF}]', chr(65533), 'g');
-- few values have anything to escape
CREATE MACRO escaped(value) AS
  CASE WHEN regexp_matches(value, '[\\|^&~\x00-\x1f\x7f\x{E000}-\x{E0FF}]') THEN with_escapes(value) ELSE value END;
CREATE MACRO clock(civil, minutes) AS
  strftime(civil, '%Y%m%d%H%M%S') || CASE WHEN minutes < 0 THEN '-' ELSE '+' END || printf('%02d%02d', abs(minutes) // 60, abs(minutes) % 60);
CREATE MACRO day(date) AS strftime(date, '%Y%m%d');

-- name: icd
SELECT code, display('ICD-10-CM', code) AS words FROM (
  SELECT unnest([reason_code, secondary_code, admitting_code, admitting_secondary_code]) AS code FROM "patientsim.encounter"
  UNION SELECT code FROM "patientsim.condition"
) WHERE code IS NOT NULL

-- name: brief
-- a value of type IS holds 20 characters: of a longer name, each word is cut to four
SELECT name, escaped(cut) AS short
FROM (
  SELECT name, CASE WHEN length(name) <= 20 THEN name ELSE rtrim(left(array_to_string(
    list_transform(regexp_extract_all(name, '[\p{L}\p{N}]+'), lambda word: left(word, 4)), '_'), 20), '_') END AS cut
  FROM (
    SELECT unit AS name FROM "patientsim.transfer" UNION SELECT from_unit FROM "patientsim.transfer"
    UNION SELECT specialty FROM "patientsim.encounter" UNION SELECT coverage_type FROM "membersim.coverage"
    UNION SELECT credential FROM "networksim.provider"
  )
) WHERE name IS NOT NULL

-- name: chart
SELECT person_id, zone, deceased_time, escaped(mrn) || '^^^HEALTHSIM^MR' AS "PID-3",
  escaped(last_name) || '^' || escaped(first_name) || '^^^^^L' AS name, day(birth_date) AS "PID-7", sex AS "PID-8",
  coalesce(code_race.code, race_else.code) || '^' || coalesce(code_race.words, race_else.words) || '^HL70005' AS "PID-10",
  concat(escaped(address), '^^', escaped(city), '^', escaped(person.state), '^', escaped(zip), '^USA^H^^', county_fips) AS "PID-11",
  concat('^PRN^PH^^1^', escaped(left(phone, 3)), '^', escaped(substr(phone, 4)), '~^NET^Internet^', escaped(email)) AS "PID-13",
  escaped(language) || '^' || escaped(coalesce(code_language.code, language)) || '^ISO639' AS "PID-15", escaped(ssn) AS "PID-19",
  coalesce(code_ethnicity.code, 'U') || '^' || coalesce(code_ethnicity.words, 'Unknown') || '^HL70189' AS "PID-22"
FROM "core.person" AS person LEFT JOIN "patientsim.patient" AS patient USING (person_id) LEFT JOIN "facts.county" USING (county_fips)
  LEFT JOIN code_race ON code_race.value = race JOIN code_race AS race_else ON race_else.value = 'other'
  LEFT JOIN code_ethnicity ON code_ethnicity.value = ethnicity LEFT JOIN code_language ON code_language.value = language

-- name: covered
SELECT row_number() OVER () AS place, coverage_id, coverage.person_id, rank, start_date, end_date,
  coalesce(escaped(nullif(plan, '')), 'UNKNOWN') AS "IN1-2", escaped(payer_id) || '^^^HEALTHSIM' AS "IN1-3",
  escaped(payer.name) AS "IN1-4",
  escaped(payer.address) || '^^' || escaped(payer.city) || '^' || escaped(payer.state) || '^' || escaped(payer.zip) || '^USA' AS "IN1-5",
  '^WPN^PH^^1^' || escaped(left(payer.phone, 3)) || '^' || escaped(substr(payer.phone, 4)) AS "IN1-7", escaped(group_number) AS "IN1-8",
  day(start_date) AS "IN1-12", coalesce(short, '') AS "IN1-15", holder.name AS "IN1-16",
  coalesce(code_relationship.code, 'OTH') || '^' || coalesce(code_relationship.words, 'Other') || '^HL70063' AS "IN1-17",
  escaped(member_number) AS "IN1-36"
FROM "membersim.coverage" AS coverage LEFT JOIN "membersim.payer" AS payer USING (payer_id)
  LEFT JOIN chart AS holder ON holder.person_id = subscriber_id LEFT JOIN code_relationship ON code_relationship.value = relationship
  LEFT JOIN brief ON brief.name = coverage_type

-- name: moved
SELECT row_number() OVER () AS place, transfer_id, person_id, encounter_id, coalesce(brief.short, '') AS unit,
  coalesce(brief_from.short, '') AS from_unit, CAST(time AS TIMESTAMP) AS time
FROM "patientsim.transfer" LEFT JOIN brief ON brief.name = unit LEFT JOIN brief AS brief_from ON brief_from.name = from_unit

-- name: made
SELECT row_number() OVER () AS place, condition_id, person_id, encounter_id, code, description, CAST(recorded_time AS TIMESTAMP) AS recorded
FROM "patientsim.condition"

-- name: doctor
SELECT npi, concat(npi, '^', escaped(last_name), '^', escaped(first_name), '^^^^', coalesce(short, '')) AS name
FROM "networksim.provider" LEFT JOIN brief ON brief.name = credential

-- name: visit
-- a stay has diagnoses of its own for its admission: until it ends, it is said to be for them
SELECT encounter_id, person_id, begins, ends, clock(begins, minutes_ahead(zone, begins)) AS "PV1-44",
  clock(ends, minutes_ahead(zone, ends)) AS "PV1-45", code_class."begin" AS first_trigger, code_class."end" AS last_trigger,
  code_class.class AS "PV1-2", code_class.type AS "PV1-18", code_admission_type.code AS "PV1-4",
  coalesce(doctor.name, provider_npi || '^^^^^^') || '^^NPI&2.16.840.1.113883.4.6&ISO^L^^^NPI' AS "PV1-7", short AS "PV1-10",
  encounter_id || '^^^HEALTHSIM^VN' AS "PV1-19", discharge_disposition AS "PV1-36", drg AS "DRG-1",
  coalesce(facility_npi, fallback.code) AS organization, diagnosis, reason_code, secondary_code, reason_description, secondary_description,
  CASE diagnosis WHEN 'A' THEN admitting_code ELSE reason_code END AS first_code,
  CASE diagnosis WHEN 'A' THEN admitting_secondary_code ELSE secondary_code END AS second_code,
  CASE diagnosis WHEN 'A' THEN admitting_description ELSE reason_description END AS first_words,
  CASE diagnosis WHEN 'A' THEN admitting_secondary_description ELSE secondary_description END AS second_words
FROM (SELECT *, CAST(start AS TIMESTAMP) AS begins, CAST("end" AS TIMESTAMP) AS ends FROM "patientsim.encounter") AS encounter
  LEFT JOIN chart USING (person_id) LEFT JOIN code_class ON code_class.value = encounter.class
  LEFT JOIN code_admission_type ON code_admission_type.value = admission_type LEFT JOIN doctor ON doctor.npi = provider_npi
  LEFT JOIN brief ON brief.name = specialty, fallback

-- name: happened
-- visits begin and end, patients are moved, diagnoses are made that nobody stated when the visit began, coverage ends, patients die
SELECT encounter_id || 'B' AS "MSH-10", first_trigger AS trigger, 'B' AS suffix, 0 AS rank, person_id, encounter_id, begins AS time, NULL AS told
FROM visit
UNION ALL
SELECT encounter_id || 'E', last_trigger, 'E', 3, person_id, encounter_id, ends, NULL FROM visit
WHERE ends IS NOT NULL AND last_trigger IS NOT NULL
UNION ALL
SELECT transfer_id || 'T', 'A02', 'T', 1, person_id, encounter_id, time, place FROM moved
UNION ALL
SELECT condition_id || 'D', 'A08', 'D', 2, made.person_id, encounter_id, recorded, place FROM made JOIN visit USING (encounter_id)
WHERE recorded > begins AND code IS DISTINCT FROM first_code AND code IS DISTINCT FROM second_code
UNION ALL
SELECT coverage_id || 'C', 'A08', 'C', 4, person_id, NULL, CAST(end_date + 1 AS TIMESTAMP), place FROM covered, world
WHERE end_date + 1 <= as_of
UNION ALL
SELECT person_id || 'X', 'A08', 'X', 5, person_id, NULL, CAST(deceased_time AS TIMESTAMP), NULL FROM chart
WHERE deceased_time IS NOT NULL

-- name: insured
-- the coverage that pays first on the day, or the one whose end is told
SELECT "MSH-10", told AS place FROM happened WHERE suffix = 'C'
UNION ALL
SELECT "MSH-10", arg_min(covered.place, covered.rank)
FROM (SELECT *, CAST(time AS DATE) AS on_day FROM happened WHERE suffix <> 'C' AND trigger <> 'A02') AS happened
  JOIN covered ON covered.person_id = happened.person_id AND start_date <= on_day AND (end_date IS NULL OR end_date >= on_day)
GROUP BY "MSH-10"

-- name: unit
-- the move that is told, or the last one up to the message
SELECT "MSH-10", told AS place FROM happened WHERE suffix = 'T'
UNION ALL
SELECT "MSH-10", arg_max(place, (moved.time, place)) FROM happened JOIN moved USING (encounter_id)
WHERE suffix <> 'T' AND moved.time <= happened.time GROUP BY "MSH-10"

-- name: message
SELECT "MSH-10", '^~\&' AS "MSH-2", 'HEALTHSIM' AS "MSH-3", coalesce(organization, fallback.code) AS "MSH-4", 'RECEIVER' AS "MSH-5",
  'RECEIVING_FACILITY' AS "MSH-6", clock(happened.time, ahead) AS "MSH-7", 'ADT^' || trigger || '^' || code_structure.code AS "MSH-9",
  'T' AS "MSH-11", '2.5.1' AS "MSH-12", 'USA' AS "MSH-17", 'UNICODE UTF-8' AS "MSH-18",

  trigger AS "EVN-1", clock(happened.time, ahead) AS "EVN-2",

  '1' AS "PID-1", "PID-3", chart.name AS "PID-5", "PID-7", "PID-8", "PID-10", "PID-11", "PID-13", "PID-15", "PID-19", "PID-22",
  CASE WHEN happened.time >= deceased_time THEN day(deceased_time) END AS "PID-29",
  CASE WHEN happened.time >= deceased_time THEN 'Y' END AS "PID-30",

  '1' AS "PV1-1", coalesce("PV1-2", 'N') AS "PV1-2", coalesce(moved.unit, "PV1-10", '') || '^^^' || organization AS "PV1-3", "PV1-4",
  CASE WHEN trigger = 'A02' THEN coalesce(moved.from_unit, "PV1-10", '') || '^^^' || organization END AS "PV1-6",
  "PV1-7", "PV1-10", "PV1-18", "PV1-19", CASE WHEN suffix = 'E' THEN "PV1-36" END AS "PV1-36", "PV1-44",
  CASE WHEN suffix = 'E' THEN "PV1-45" END AS "PV1-45", CASE WHEN suffix = 'E' THEN "DRG-1" END AS "DRG-1",

  CASE WHEN insured.place IS NOT NULL THEN '1' END AS "IN1-1", "IN1-2", "IN1-3", "IN1-4", "IN1-5", "IN1-7", "IN1-8", "IN1-12",
  CASE WHEN suffix = 'C' THEN day(end_date) END AS "IN1-13", "IN1-15", "IN1-16", "IN1-17", "IN1-36"
FROM (SELECT happened.*, minutes_ahead(zone, happened.time) AS ahead FROM happened JOIN chart USING (person_id)) AS happened
  JOIN chart USING (person_id) LEFT JOIN visit USING (encounter_id) LEFT JOIN code_structure ON code_structure.value = trigger
  LEFT JOIN unit USING ("MSH-10") LEFT JOIN moved ON moved.place = unit.place
  LEFT JOIN insured USING ("MSH-10") LEFT JOIN covered ON covered.place = insured.place, fallback

-- name: DG1
-- what the visit is said to be for, then what was found in it until the message
SELECT "MSH-10", row_number() OVER (PARTITION BY "MSH-10" ORDER BY rank, recorded, place) AS "DG1-1",
  stated.code || '^' || escaped(coalesce(words, own_words, '')) || '^I10C' AS "DG1-3",
  clock(recorded, minutes_ahead(zone, recorded)) AS "DG1-5", CASE WHEN leaving THEN 'F' ELSE stage END AS "DG1-6"
FROM (
  SELECT *, 1 AS rank, NULL AS recorded, NULL AS place, first_code AS code, first_words AS own_words, diagnosis AS stage FROM told
  UNION ALL SELECT *, 2, NULL, NULL, second_code, second_words, diagnosis FROM told
  UNION ALL
  SELECT told.*, 3, recorded, place, code, description, 'W' FROM told JOIN made USING (encounter_id)
  WHERE recorded <= time AND (suffix <> 'D' OR place <= told.told)
    AND code IS DISTINCT FROM first_code AND code IS DISTINCT FROM second_code
) AS stated LEFT JOIN icd ON icd.code = stated.code LEFT JOIN chart USING (person_id)
WHERE stated.code IS NOT NULL

-- name: told
-- of messages that tell diagnoses, those that the visit is said to be for
SELECT "MSH-10", suffix, happened.person_id, encounter_id, time, told, diagnosis, suffix = 'E' AS leaving,
  CASE WHEN suffix = 'E' THEN reason_code ELSE first_code END AS first_code,
  CASE WHEN suffix = 'E' THEN secondary_code ELSE second_code END AS second_code,
  CASE WHEN suffix = 'E' THEN reason_description ELSE first_words END AS first_words,
  CASE WHEN suffix = 'E' THEN secondary_description ELSE second_words END AS second_words
FROM happened JOIN visit USING (encounter_id) WHERE trigger <> 'A02'

-- name: order
SELECT "MSH-10" FROM (
  SELECT "MSH-10", own, lag(own) OVER (ORDER BY place) AS former FROM (
    SELECT said.place, "MSH-10", (happened.person_id, time, coalesce(begins, TIMESTAMP '9999-12-31'), rank) AS own
    FROM said JOIN happened USING ("MSH-10") LEFT JOIN visit USING (encounter_id)
  )
) WHERE own < former

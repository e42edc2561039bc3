What the tables say of the members that each sponsor tells each payer about, and of their coverage (834).

A loop 2000 is of a member, and of a payer. `sets` has, for each transaction set of the file, its first member.

-- name: person
SELECT person_id, last_name, first_name, ssn, phone, address, city, state, zip, day(birth_date) AS born,
  sex, race, ethnicity, language, day(death_date) AS died
FROM "core.person"

-- name: filed
SELECT coverage_id, v.person_id, v.subscriber_id, v.person_id = v.subscriber_id AS own, payer_id, v.member_number, v.relationship_code,
  coverage_type, v.plan, insurance_line, v.group_number, v.tier, start_date, end_date, start_reason, end_reason, v.sponsor_name,
  v.dependent_suffix, rank, pcp_npi, coalesce(end_date < today, FALSE) AS over
FROM "membersim.coverage" v JOIN "membersim.member" m USING (person_id), file

-- name: family
SELECT subscriber_id, payer_id, first(sponsor_name ORDER BY NOT own, person_id, start_date, coverage_id) AS sponsor_name,
  first(group_number ORDER BY NOT own, person_id, start_date, coverage_id) AS group_number
FROM filed GROUP BY subscriber_id, payer_id

-- name: ST
SELECT ST02 AS "ST.ST02", {'BGN02': day || 'E' || part || ST02, 'BGN03': day} AS "BGN",
  {'REF02': group_number} AS "REF",
  {'DTP03': day} AS "DTP",
  {'N102': sponsor_name, 'N104': coalesce(group_number, payer_id)} AS "1000A N1",
  {'N102': name, 'N104': payer_id} AS "1000B N1"
FROM sets JOIN family ON payer = payer_id AND subscriber = subscriber_id::VARCHAR JOIN payer USING (payer_id), file

-- name: 2000
WITH member AS (
  SELECT subscriber_id, payer_id, person_id, count(*) AS spans, min(start_date) AS begun, arg_max(filed, (start_date, coverage_id)) AS latest
  FROM filed GROUP BY subscriber_id, payer_id, person_id
)
SELECT subscriber_id::VARCHAR AS subscriber, payer_id AS payer, family.sponsor_name AS sponsor, family.group_number AS "group",
  {
    'INS01': if(latest.own, 'Y', 'N'), 'INS02': latest.relationship_code,
    'INS03': CASE WHEN latest.over THEN '024' WHEN spans > 1 THEN '001' ELSE '021' END,
    'INS04': if(latest.over, latest.end_reason, latest.start_reason),
    'INS06': CASE WHEN latest.coverage_type = 'Medicare' THEN 'C' END,
    'INS08': CASE WHEN NOT latest.own THEN NULL WHEN latest.over THEN 'TE' WHEN latest.coverage_type = 'Commercial' THEN 'FT'
      WHEN latest.coverage_type = 'Medicare' THEN 'RT' ELSE 'AC' END,
    'INS11': CASE WHEN died IS NOT NULL THEN 'D8' END, 'INS12': died
  } AS "INS",
  {'REF02': latest.member_number} AS "REF*0F",
  {'REF02': latest.group_number} AS "REF*1L",
  {'REF02': latest.dependent_suffix} AS "REF*17",
  {'REF02': person_id::VARCHAR} AS "REF*ZZ",
  {'DTP03': day(begun)} AS "DTP*356",
  {'DTP03': CASE WHEN latest.over THEN day(latest.end_date) END} AS "DTP*357",
  {
    'NM103': person.last_name, 'NM104': person.first_name, 'NM108': CASE WHEN ssn IS NOT NULL THEN '34' END, 'NM109': ssn
  } AS "2100A NM1",
  {'PER04': digits(phone)} AS "2100A PER",
  {'N301': address} AS "2100A N3",
  {'N401': city, 'N402': state, 'N403': digits(zip)} AS "2100A N4",
  {
    'DMG02': born, 'DMG03': sex,
    'DMG05': CASE WHEN ethnicity = 'hispanic' THEN hispanic WHEN race IS NOT NULL THEN coalesce(races.code, '7') END
  } AS "2100A DMG",
  {'LUI02': CASE WHEN language <> 'en' THEN upper(language) END} AS "2100A LUI",
  CASE WHEN NOT latest.over AND npi IS NOT NULL THEN {
    'NM103': clinician.last_name, 'NM104': clinician.first_name, 'NM109': npi
  } END AS "2310 NM1"
FROM member JOIN person USING (person_id) JOIN family USING (subscriber_id, payer_id) LEFT JOIN races ON said = race
  LEFT JOIN clinician ON npi = latest.pcp_npi, (SELECT hispanic FROM codes)

-- name: 2300
SELECT subscriber_id::VARCHAR AS subscriber, payer_id AS payer, person_id::VARCHAR AS person,
  {'HD01': if(over, '024', '021'), 'HD03': insurance_line, 'HD04': plan, 'HD05': tier} AS "HD",
  {'DTP03': day(start_date)} AS "DTP*348",
  {'DTP03': day(end_date)} AS "DTP*349",
  {'REF02': group_number} AS "REF*1L",
  {'REF02': coverage_id::VARCHAR} AS "REF*ZZ"
FROM filed

-- name: 2320
-- the latest five of the other coverages that a member has meanwhile
SELECT filed.coverage_id::VARCHAR AS coverage,
  {'COB01': ['P', 'S', 'T', 'U'][other.rank], 'COB02': other.member_number} AS "COB",
  {'REF02': other.group_number} AS "REF",
  {'DTP03': day(other.start_date)} AS "DTP*344",
  {'DTP03': day(other.end_date)} AS "DTP*345",
  {'NM103': name, 'NM109': tax_id} AS "2330 NM1"
FROM filed JOIN filed AS other ON other.person_id = filed.person_id AND other.rank <> filed.rank
  AND other.start_date <= coalesce(filed.end_date, DATE '9999-12-31') AND filed.start_date <= coalesce(other.end_date, DATE '9999-12-31')
  JOIN payer ON payer.payer_id = other.payer_id
QUALIFY row_number() OVER (PARTITION BY filed.coverage_id ORDER BY other.start_date DESC, other.coverage_id DESC) <= 5

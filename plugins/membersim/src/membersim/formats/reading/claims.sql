What the tables say of the segments of professional (837P) and institutional (837I) claims.

`below` has, for each claim of the file, the first claim of the transaction set, of the billing provider, subscriber and patient level
that it stands in: by that a level is known. That all claims of a level are of one provider, subscriber and patient, `levels` says.

-- name: filed
SELECT claim_id::VARCHAR AS claim, claim_id, person_id, c.subscriber_id, person_id = c.subscriber_id AS own, payer_id, filing_indicator,
  service_from, service_to, admission_time, discharge_time, place_of_service, bill_type, admission_type, admission_source,
  discharge_status, drg, admitting_diagnosis, principal_procedure, procedure_date, rendering_npi, facility_npi,
  coalesce(billing_npi, fallback_organization.npi) AS billing, billed, v.member_number, v.group_number, v.relationship_code,
  1 AS sign, event_id, payer_order, list_position(payer_orders, payer_order) AS place, paid, paid_date, payer_claim_number,
  CASE WHEN c.type = 'P' AND filing_indicator = 'MB' AND payer_order <> 'P' THEN
    if(date_sub('year', p.birth_date, service_from) < medicare_second."from", medicare_second.younger, medicare_second.aged)
  END AS insurance_type
FROM "membersim.claim" c JOIN coverage v USING (coverage_id) JOIN "core.person" p USING (person_id), codes, file
WHERE c.type = file.type

-- name: diagnosis
SELECT claim_id, sequence, code, present_on_admission
FROM "membersim.claim_diagnosis"

-- name: earlier
SELECT later.claim AS said, earlier.claim_id, earlier.payer_order, earlier.place
FROM filed later JOIN filed earlier ON earlier.event_id = later.event_id AND earlier.place < later.place

-- name: 2320
SELECT said AS "CLM.CLM01",
  {
    'SBR01': e.payer_order, 'SBR02': relationship_code, 'SBR03': group_number, 'SBR05': insurance_type, 'SBR09': filing_indicator
  } AS "SBR",
  {'AMT02': plain(paid)} AS "AMT",
  {'NM103': last_name, 'NM104': first_name, 'NM109': member_number} AS "2330A NM1",
  {'N301': person.address} AS "2330A N3",
  {'N401': person.city, 'N402': person.state, 'N403': digits(person.zip)} AS "2330A N4",
  {'NM103': payer.name, 'NM109': payer_id} AS "2330B NM1",
  {'N301': payer.address} AS "2330B N3",
  {'N401': payer.city, 'N402': payer.state, 'N403': digits(payer.zip)} AS "2330B N4",
  {'REF02': payer_claim_number} AS "2330B REF"
FROM earlier e JOIN filed USING (claim_id) JOIN person ON person.person_id = subscriber_id JOIN payer USING (payer_id)

-- name: 2430
SELECT said AS "CLM.CLM01", line::VARCHAR AS "LX.LX01", place::VARCHAR AS place,
  {
    'SVD01': payer_id, 'SVD02': plain(a.paid), 'SVD03': 'HC:' || service_code, 'SVD04': revenue_code, 'SVD05': plain(units)
  } AS "SVD",
  coalesce(settled(a), owed(a)) AS "CAS",
  CASE WHEN settled(a) IS NOT NULL THEN owed(a) END AS "CAS[1]",
  {'DTP03': day(paid_date)} AS "DTP",
  {'AMT02': CASE WHEN a.member_share > 0 THEN plain(a.member_share) END} AS "AMT"
FROM earlier e JOIN "membersim.claim_line" a USING (claim_id) JOIN (SELECT claim_id, payer_id, paid_date FROM filed) f USING (claim_id)

-- name: ST
SELECT printf('%04d', number) AS "ST.ST02",
  {'BHT03': day || type || part || printf('%04d', number), 'BHT04': day} AS "BHT",
  {'NM103': clearinghouse.name, 'NM109': clearinghouse.id} AS "1000A NM1",
  {'PER02': clearinghouse.name, 'PER04': clearinghouse.phone} AS "1000A PER",
  {'NM103': plan_administrator.name, 'NM109': plan_administrator.id} AS "1000B NM1"
FROM file, codes, generate_series(1, (SELECT CAST(ceil(count(*) / 1000) AS BIGINT) FROM filed)) AS every(number)

-- name: levels
SELECT claim, billing, subscriber_id, own, payer_id, group_number, filing_indicator, member_number, payer_order, insurance_type,
  CASE WHEN NOT own THEN person_id END AS person_id, CASE WHEN NOT own THEN relationship_code END AS relationship_code
FROM filed

-- name: levels said
SELECT below.claim, a.billing, b.subscriber_id, b.own, b.payer_id, b.group_number, b.filing_indicator, b.member_number,
  b.payer_order, b.insurance_type,
  c.person_id, c.relationship_code
FROM below LEFT JOIN filed a ON a.claim = below."2000A" LEFT JOIN filed b ON b.claim = below."2000B"
  LEFT JOIN filed c ON c.claim = below."2000C"

-- name: 2000A
SELECT claim, {'PRV03': taxonomy} AS "PRV",
  {'NM103': name, 'NM109': npi} AS "2010AA NM1",
  {'N301': address} AS "2010AA N3",
  {'N401': city, 'N402': state, 'N403': nine_digits(zip)} AS "2010AA N4",
  {'REF02': tax_id} AS "2010AA REF"
FROM filed JOIN organization ON npi = billing
WHERE claim IN (SELECT "2000A" FROM below)

-- name: 2000B
SELECT claim, {
    'SBR01': payer_order, 'SBR02': CASE WHEN own THEN '18' END, 'SBR03': group_number, 'SBR05': insurance_type, 'SBR09': filing_indicator
  } AS "SBR",
  {'NM103': last_name, 'NM104': first_name, 'NM109': member_number} AS "2010BA NM1",
  {'N301': person.address} AS "2010BA N3",
  {'N401': person.city, 'N402': person.state, 'N403': digits(person.zip)} AS "2010BA N4",
  CASE WHEN own THEN {'DMG02': born, 'DMG03': sex} END AS "2010BA DMG",
  {'NM103': payer.name, 'NM109': payer_id} AS "2010BB NM1",
  {'N301': payer.address} AS "2010BB N3",
  {'N401': payer.city, 'N402': payer.state, 'N403': digits(payer.zip)} AS "2010BB N4"
FROM filed JOIN person ON person.person_id = subscriber_id JOIN payer USING (payer_id)
WHERE claim IN (SELECT "2000B" FROM below)

-- name: 2000C
SELECT claim, {'PAT01': relationship_code} AS "PAT",
  {'NM103': last_name, 'NM104': first_name} AS "2010CA NM1",
  {'N301': address} AS "2010CA N3",
  {'N401': city, 'N402': state, 'N403': digits(zip)} AS "2010CA N4",
  {'DMG02': born, 'DMG03': sex} AS "2010CA DMG"
FROM filed JOIN person USING (person_id)
WHERE claim IN (SELECT "2000C" FROM below)

-- name: 2300 P
WITH coded AS (
  SELECT claim_id, list(bare(code) || coalesce(':::::::' || present_on_admission, '') ORDER BY sequence) AS codes
  FROM diagnosis WHERE sequence > 0 GROUP BY claim_id
)
SELECT {'CLM01': claim, 'CLM02': plain(billed), 'CLM05': coalesce(place_of_service, '') || ':B:1'} AS "CLM",
  {'REF02': person_id::VARCHAR} AS "REF",
  {
    'HI01': 'ABK:' || codes[1], 'HI02': 'ABF:' || codes[2], 'HI03': 'ABF:' || codes[3], 'HI04': 'ABF:' || codes[4],
    'HI05': 'ABF:' || codes[5], 'HI06': 'ABF:' || codes[6], 'HI07': 'ABF:' || codes[7], 'HI08': 'ABF:' || codes[8],
    'HI09': 'ABF:' || codes[9], 'HI10': 'ABF:' || codes[10], 'HI11': 'ABF:' || codes[11], 'HI12': 'ABF:' || codes[12]
  } AS "HI",
  named(rendering_npi, r, ro) AS "2310B NM1",
  {'PRV03': r.taxonomy} AS "2310B PRV",
  {'NM103': f.name, 'NM109': f.npi} AS "2310C NM1",
  {'N301': f.address} AS "2310C N3",
  {'N401': f.city, 'N402': f.state, 'N403': nine_digits(f.zip)} AS "2310C N4"
FROM filed LEFT JOIN coded USING (claim_id) LEFT JOIN clinician r ON r.npi = rendering_npi LEFT JOIN organization ro ON ro.npi = rendering_npi
  LEFT JOIN organization f ON f.npi = facility_npi AND facility_npi <> billing

-- name: 2400 P
SELECT claim AS "CLM.CLM01", {'LX01': line::VARCHAR} AS "LX",
  {
    'SV101': 'HC:' || coalesce(service_code, ''), 'SV102': plain(billed), 'SV103': unit_code, 'SV104': plain(units),
    'SV105': CASE WHEN place_of_service IS DISTINCT FROM place_of_claim THEN place_of_service END,
    'SV107': nullif(array_to_string(regexp_extract_all(coalesce(diagnosis_pointers, '1'), '[0-9]+'), ':'), '')
  } AS "SV1",
  {'DTP03': day(service_date)} AS "DTP",
  {'REF02': line::VARCHAR} AS "REF"
FROM line

-- name: 2300 I
WITH coded AS (
  SELECT claim_id, list(bare(code) || coalesce(':::::::' || present_on_admission, '') ORDER BY sequence) FILTER (WHERE sequence = 1)[1] AS first,
    list(bare(code) || coalesce(':::::::' || present_on_admission, '') ORDER BY sequence) FILTER (WHERE sequence > 1) AS codes
  FROM diagnosis GROUP BY claim_id
)
SELECT {
    'CLM01': claim, 'CLM02': plain(billed), 'CLM05': left(right(bill_type, 3), 2) || ':A:' || right(bill_type, 1)
  } AS "CLM",
  {'DTP03': strftime(discharge_time, '%H%M')} AS "DTP*096",
  {'DTP03': day(service_from) || '-' || day(service_to)} AS "DTP*434",
  {'DTP03': strftime(admission_time, '%Y%m%d%H%M')} AS "DTP*435",
  {'CL101': admission_type, 'CL102': admission_source, 'CL103': discharge_status} AS "CL1",
  {'REF02': person_id::VARCHAR} AS "REF",
  {'HI01': 'ABK:' || first} AS "HI*ABK",
  {'HI01': 'ABJ:' || bare(admitting_diagnosis)} AS "HI*ABJ",
  {'HI01': 'DR:' || drg} AS "HI*DR",
  {
    'HI01': 'ABF:' || codes[1], 'HI02': 'ABF:' || codes[2], 'HI03': 'ABF:' || codes[3], 'HI04': 'ABF:' || codes[4],
    'HI05': 'ABF:' || codes[5], 'HI06': 'ABF:' || codes[6], 'HI07': 'ABF:' || codes[7], 'HI08': 'ABF:' || codes[8],
    'HI09': 'ABF:' || codes[9], 'HI10': 'ABF:' || codes[10], 'HI11': 'ABF:' || codes[11], 'HI12': 'ABF:' || codes[12]
  } AS "HI*ABF",
  {
    'HI01': 'ABF:' || codes[13], 'HI02': 'ABF:' || codes[14], 'HI03': 'ABF:' || codes[15], 'HI04': 'ABF:' || codes[16],
    'HI05': 'ABF:' || codes[17], 'HI06': 'ABF:' || codes[18], 'HI07': 'ABF:' || codes[19], 'HI08': 'ABF:' || codes[20],
    'HI09': 'ABF:' || codes[21], 'HI10': 'ABF:' || codes[22], 'HI11': 'ABF:' || codes[23], 'HI12': 'ABF:' || codes[24]
  } AS "HI*ABF[1]",
  {'HI01': 'BBR:' || principal_procedure || ':D8:' || coalesce(day(procedure_date), '')} AS "HI*BBR",
  named(rendering_npi, r, ro) AS "2310A NM1",
  {'PRV03': r.taxonomy} AS "2310A PRV",
  CASE WHEN principal_procedure IS NOT NULL THEN named(rendering_npi, r, ro) END AS "2310B NM1",
  {'NM103': f.name, 'NM109': f.npi} AS "2310E NM1",
  {'N301': f.address} AS "2310E N3",
  {'N401': f.city, 'N402': f.state, 'N403': nine_digits(f.zip)} AS "2310E N4"
FROM filed LEFT JOIN coded USING (claim_id) LEFT JOIN clinician r ON r.npi = rendering_npi LEFT JOIN organization ro ON ro.npi = rendering_npi
  LEFT JOIN organization f ON f.npi = facility_npi AND facility_npi <> billing

-- name: 2400 I
SELECT claim AS "CLM.CLM01", {'LX01': line::VARCHAR} AS "LX",
  {
    'SV201': revenue_code, 'SV202': 'HC:' || service_code, 'SV203': plain(billed), 'SV204': unit_code, 'SV205': plain(units)
  } AS "SV2",
  {'DTP03': day(service_date)} AS "DTP",
  {'REF02': line::VARCHAR} AS "REF"
FROM line

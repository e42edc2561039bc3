What the tables say of payments, and of the claims and lines that they pay (835).

`filing`, `remark` and `processed` are the codes that `codes.json` has for claim filing indicators, reasons of adjustments and orders of
payment.

-- name: filed
SELECT claim_id::VARCHAR AS claim, claim_id, person_id, subscriber_id, person_id = subscriber_id AS own, household_id, payer_id,
  if(sign < 0, reversal_trace_number, trace_number) AS trace_number, status, payer_claim_number, filing_indicator, service_from, service_to,
  received_date, if(sign < 0, reversed_date, paid_date) AS paid_date, place_of_service, bill_type, drg,
  rendering_npi, coalesce(billing_npi, fallback_organization.npi) AS billing, sign * billed AS billed, sign * allowed AS allowed,
  sign * member_share AS member_share, sign * paid AS paid, v.member_number, v.group_number, sign,
  CASE WHEN sign < 0 THEN codes.taken_back WHEN status = 'denied' THEN codes.denied ELSE processed.code END AS claim_status
FROM "membersim.claim" c JOIN coverage v USING (coverage_id) JOIN processed ON processed.said = payer_order
  JOIN (SELECT person_id, household_id FROM "core.person") USING (person_id), codes, (VALUES (1), (-1)) AS signs(sign)
WHERE paid_date IS NOT NULL AND type IN ('P', 'I', 'R') AND (sign > 0 OR reversed_date IS NOT NULL)

-- name: ST
WITH payment AS (
  SELECT trace_number, sum(paid) AS total, min(paid_date) AS paid_date, min(payer_id) AS payer_id, min(billing) AS billing,
    min(household_id) AS household_id
  FROM filed GROUP BY trace_number
), running AS (
  SELECT *, sum(total) OVER together AS so_far FROM payment WHERE total <> 0
  WINDOW together AS (PARTITION BY household_id, payer_id, billing ORDER BY paid_date)
), balance AS (
  SELECT *, greatest(0, max(so_far) OVER (PARTITION BY household_id, payer_id, billing ORDER BY paid_date)) - so_far AS left_over
  FROM running
), forwarded AS (
  SELECT trace_number, left_over, coalesce(lag(left_over) OVER together, 0) AS brought, lag(trace_number) OVER together AS source
  FROM balance WINDOW together AS (PARTITION BY household_id, payer_id, billing ORDER BY paid_date)
), settled AS (
  SELECT payment.*, coalesce(brought, 0) AS brought, coalesce(left_over, 0) AS left_over, source,
    total - coalesce(brought, 0) + coalesce(left_over, 0) AS paid
  FROM payment LEFT JOIN forwarded USING (trace_number)
)
SELECT {
    'BPR01': if(paid > 0, 'I', 'H'), 'BPR02': plain(paid), 'BPR04': if(paid > 0, 'CHK', 'NON'), 'BPR16': day(paid_date)
  } AS "BPR",
  {'TRN02': trace_number, 'TRN03': '1' || payer.tax_id} AS "TRN",
  {'DTM02': day(paid_date)} AS "DTM",
  {'N102': payer.name} AS "1000A N1",
  {'N301': payer.address} AS "1000A N3",
  {'N401': payer.city, 'N402': payer.state, 'N403': digits(payer.zip)} AS "1000A N4",
  {'REF02': payer_id} AS "1000A REF",
  {'PER02': payer.name, 'PER04': payer.phone} AS "1000A PER",
  {'N102': o.name, 'N104': npi} AS "1000B N1",
  {'N301': o.address} AS "1000B N3",
  {'N401': o.city, 'N402': o.state, 'N403': digits(o.zip)} AS "1000B N4",
  {'REF02': o.tax_id} AS "1000B REF",
  CASE WHEN brought > 0 THEN {
    'PLB01': billing, 'PLB02': year(paid_date) || '1231', 'PLB03': 'FB:' || source, 'PLB04': plain(brought),
    'PLB05': CASE WHEN left_over > 0 THEN 'FB:' || trace_number END, 'PLB06': CASE WHEN left_over > 0 THEN plain(-left_over) END
  } WHEN left_over > 0 THEN {
    'PLB01': billing, 'PLB02': year(paid_date) || '1231', 'PLB03': 'FB:' || trace_number, 'PLB04': plain(-left_over),
    'PLB05': NULL, 'PLB06': NULL
  } END AS "PLB PLB"
FROM settled JOIN payer USING (payer_id) JOIN organization o ON npi = billing

-- name: 2100
SELECT trace_number AS payment,
  {
    'CLP01': claim, 'CLP02': claim_status, 'CLP03': plain(billed), 'CLP04': plain(paid),
    'CLP05': CASE WHEN member_share > 0 THEN plain(member_share) END, 'CLP06': coalesce(filing.code, filing_indicator),
    'CLP07': payer_claim_number, 'CLP08': coalesce(place_of_service, left(right(bill_type, 3), 2)),
    'CLP09': if(place_of_service IS NULL, right(bill_type, 1), '1'), 'CLP11': drg
  } AS "CLP",
  {'NM103': patient.last_name, 'NM104': patient.first_name, 'NM109': member_number} AS "NM1*QC",
  CASE WHEN NOT own THEN {'NM103': holder.last_name, 'NM104': holder.first_name, 'NM109': member_number} END AS "NM1*IL",
  CASE WHEN rendering_npi <> billing THEN named(rendering_npi, r, ro) END AS "NM1*82",
  {'REF02': filed.person_id::VARCHAR} AS "REF*EA",
  {'REF02': group_number} AS "REF*1L",
  {'DTM02': day(service_from)} AS "DTM*232",
  {'DTM02': day(service_to)} AS "DTM*233",
  {'DTM02': day(received_date)} AS "DTM*050",
  {'AMT02': CASE WHEN allowed <> 0 THEN plain(allowed) END} AS "AMT"
FROM filed JOIN person patient USING (person_id) JOIN person holder ON holder.person_id = subscriber_id
  LEFT JOIN filing ON said = filing_indicator LEFT JOIN clinician r ON r.npi = rendering_npi
  LEFT JOIN organization ro ON ro.npi = rendering_npi

-- name: 2110
SELECT l.claim AS "CLP.CLP01", claim_status AS "CLP.CLP02",
  {
    'SVC01': CASE WHEN service_code IS NULL THEN 'NU:' || revenue_code WHEN code_system = 'NDC' THEN 'N4:' || service_code
      ELSE 'HC:' || service_code END,
    'SVC02': plain(billed), 'SVC03': plain(paid), 'SVC04': CASE WHEN service_code IS NOT NULL THEN revenue_code END,
    'SVC05': plain(units)
  } AS "SVC",
  {'DTM02': day(service_date)} AS "DTM",
  coalesce(settled(l), owed(l)) AS "CAS",
  CASE WHEN settled(l) IS NOT NULL THEN owed(l) END AS "CAS[1]",
  {'REF02': line::VARCHAR} AS "REF",
  {'AMT02': CASE WHEN allowed <> 0 THEN plain(allowed) END} AS "AMT",
  {'LQ02': coalesce(remark.code, other.code)} AS "LQ"
FROM line l JOIN (SELECT claim, sign, claim_status FROM filed) f ON f.claim = l.claim AND f.sign = l.sign
  LEFT JOIN remark ON remark.said = adjustment_reason LEFT JOIN remark other ON other.said = not_covered_reason

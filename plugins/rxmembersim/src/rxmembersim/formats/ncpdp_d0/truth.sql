What the tables say that a request should hold, and what is wrong in the files themselves.

`asked` has the fills that a file's requests are about, each with its `claim`: what tells requests apart. Words are there as they may
stand in a field: printable ASCII capitals. `constants` has what stands where no network is known, and what a pharmacist answers to a
conflict. `b1` and `b2` have the requests of the files, and the `place` of each in its file.

-- name: person
SELECT person_id, birth_date, sex, first_name, last_name, address, city, state, zip, phone FROM "core.person"

-- name: card
SELECT coverage_id, bin, pcn, group_id, cardholder_id, person_code, relationship_code FROM "rxmembersim.cardholder"

-- name: held
SELECT prescription_id, prescription_number, refills, written_date FROM "rxmembersim.prescription"

-- name: provider
SELECT npi, last_name, first_name FROM "networksim.provider"

-- name: filled
SELECT fill_id, prescription_id, person_id, coverage_id, cardholder_id, fill_number, ndc, drug_class, days_supply, quantity, fill_date, pharmacy_npi,
  prescriber_npi, ingredient_cost, dispensing_fee, usual_and_customary, gross_amount_due, status, dur_code, dur_severity, dur_with,
  reject_code, allowed, dispensing_fee_paid
FROM "rxmembersim.fill"

-- name: claimed
-- `turn` is how many payers were asked before
SELECT fill_id, 0 AS turn, coverage_id AS billed_id, plan_paid, 'FILL ' || fill_id AS claim
FROM "rxmembersim.fill" WHERE status NOT IN ('cash', 'returned', 'refused')
UNION ALL SELECT fill_id, row_number() OVER (PARTITION BY fill_id ORDER BY rank), coverage_id, plan_paid, 'CLAIM ' || claim_id
FROM "rxmembersim.secondary_claim"

-- name: shared
-- what each payer says of what it pays
SELECT 'FILL ' || fill_id AS claim, authorization_number, 0 AS other_payer_paid, deductible, copay, coinsurance, not_covered, patient_pay,
  plan_paid, deductible_met, deductible_remaining
FROM "rxmembersim.fill" WHERE status NOT IN ('cash', 'returned', 'refused')
UNION ALL SELECT 'CLAIM ' || claim_id, authorization_number, other_payer_paid, deductible, copay, coinsurance, not_covered, patient_pay,
  plan_paid, deductible_met, deductible_remaining
FROM "rxmembersim.secondary_claim"

-- name: payer
SELECT fill_id, turn, bin, plan_paid FROM claimed JOIN card ON coverage_id = billed_id

-- name: B1
SELECT claim, 'B1' AS transaction, turn, billed_id, filled.* FROM filled JOIN claimed USING (fill_id)

-- name: B2
SELECT concat_ws(' ', prescription_number, printf('%02d', filled.fill_number), strftime(fill_date, '%Y%m%d'), turn) AS claim,
  'B2' AS transaction, turn, billed_id, filled.*
FROM "rxmembersim.reversal" JOIN filled USING (fill_id) JOIN claimed USING (fill_id)
  LEFT JOIN held ON held.prescription_id = filled.prescription_id

-- name: unit
-- of names that a class has, those in the list of classes count more than those that products say, the later more than the earlier
SELECT NULL AS ndc, replace(lower(trim(name)), '_', ' ') AS drug_class, arg_max(unit, rank) AS unit
FROM (
  SELECT drug_class AS name, unit, -place AS rank FROM product
  UNION ALL SELECT unnest(string_split(drug_class || '|' || aliases, '|')), unit, place FROM class
)
GROUP BY 2
UNION ALL SELECT ndc, NULL, unit FROM product

-- name: request
SELECT claim,
  rtrim(left(card.bin, 6)) AS A1, 'D0' AS A2, transaction AS A3, rtrim(left(pcn, 10)) AS A4, '1' AS A9, '01' AS B2,
  coalesce(asked.pharmacy_npi, constants.pharmacy_npi) AS B1, strftime(fill_date, '%Y%m%d') AS D1, 'HEALTHSIM' AS AK,

  '04' AS AM04, rtrim(left(CASE asked.turn WHEN 0 THEN asked.cardholder_id ELSE card.cardholder_id END, 20)) AS C2, rtrim(left(group_id, 15)) AS C1, person_code AS C3, relationship_code AS C6,

  '01' AS AM01, strftime(birth_date, '%Y%m%d') AS C4, CASE sex WHEN 'M' THEN '1' WHEN 'F' THEN '2' ELSE '0' END AS C5,
  rtrim(left(person.first_name, 12)) AS CA, rtrim(left(person.last_name, 15)) AS CB,
  rtrim(left(address, 30)) AS CM, rtrim(left(city, 20)) AS CN, state AS CO, zip AS CP, phone AS CQ, '01' AS C7,

  '07' AS AM07, '1' AS EM, prescription_number AS D2, '03' AS E1, coalesce(asked.ndc, '00000000000') AS D7,
  CAST(CAST(round_even(quantity * 1000, 0) AS BIGINT) AS VARCHAR) AS E7, printf('%02d', fill_number) AS D3,
  CAST(days_supply AS VARCHAR) AS D5, '1' AS D6, '0' AS D8, strftime(written_date, '%Y%m%d') AS DE,
  printf('%02d', least(refills, 99)) AS DF, '3' AS DJ,
  -- another coverage has paid, or it was billed and has paid nothing
  CASE WHEN asked.turn > 0 THEN CASE WHEN coalesce(first.plan_paid, 0) + coalesce(second.plan_paid, 0) + coalesce(third.plan_paid, 0) > 0
    THEN '2' ELSE '4' END END AS C8,
  coalesce(of_product.unit, of_class.unit, of_other.unit) AS "28",

  '11' AS AM11, CAST(ingredient_cost * 100 AS BIGINT) AS D9, CAST(dispensing_fee * 100 AS BIGINT) AS DC,
  CAST(usual_and_customary * 100 AS BIGINT) AS DQ, CAST(gross_amount_due * 100 AS BIGINT) AS DU, '05' AS DN,

  '03' AS AM03, '01' AS EZ, coalesce(asked.prescriber_npi, constants.prescriber_npi) AS DB,
  rtrim(left(CASE WHEN asked.prescriber_npi IS NULL THEN prescriber_last_name ELSE provider.last_name END, 15)) AS DR,
  rtrim(left(CASE WHEN asked.prescriber_npi IS NULL THEN prescriber_first_name ELSE provider.first_name END, 12)) AS "2J",

  -- a conflict that the pharmacist has cleared with the prescriber
  CASE WHEN cleared THEN '08' END AS AM08, CASE WHEN cleared THEN '1' END AS "7E", CASE WHEN cleared THEN dur_code END AS E4,
  CASE WHEN cleared THEN service END AS E5, CASE WHEN cleared THEN result END AS E6,

  -- who has paid before
  CASE WHEN asked.turn > 0 THEN '05' END AS AM05, CASE WHEN asked.turn > 0 THEN CAST(asked.turn AS VARCHAR) END AS "4C",
  CASE WHEN asked.turn > 0 THEN '01' END AS "5C", CASE WHEN asked.turn > 0 THEN '03' END AS "6C", rtrim(left(first.bin, 6)) AS "7C",
  CASE WHEN asked.turn > 0 THEN strftime(fill_date, '%Y%m%d') END AS "E8", CASE WHEN asked.turn > 0 THEN '1' END AS "HB",
  CASE WHEN asked.turn > 0 THEN '07' END AS "HC", CAST(first.plan_paid * 100 AS BIGINT) AS "DV",
  CASE WHEN asked.turn > 1 THEN '02' END AS "5C.2", CASE WHEN asked.turn > 1 THEN '03' END AS "6C.2", rtrim(left(second.bin, 6)) AS "7C.2",
  CASE WHEN asked.turn > 1 THEN strftime(fill_date, '%Y%m%d') END AS "E8.2", CASE WHEN asked.turn > 1 THEN '1' END AS "HB.2",
  CASE WHEN asked.turn > 1 THEN '07' END AS "HC.2", CAST(second.plan_paid * 100 AS BIGINT) AS "DV.2",
  CASE WHEN asked.turn > 2 THEN '03' END AS "5C.3", CASE WHEN asked.turn > 2 THEN '03' END AS "6C.3", rtrim(left(third.bin, 6)) AS "7C.3",
  CASE WHEN asked.turn > 2 THEN strftime(fill_date, '%Y%m%d') END AS "E8.3", CASE WHEN asked.turn > 2 THEN '1' END AS "HB.3",
  CASE WHEN asked.turn > 2 THEN '07' END AS "HC.3", CAST(third.plan_paid * 100 AS BIGINT) AS "DV.3",

  '16' AS AM16, claim AS BM
FROM (SELECT *, status <> 'rejected' AND dur_code IS NOT NULL AS cleared FROM asked) AS asked
  LEFT JOIN card ON card.coverage_id = billed_id
  LEFT JOIN payer AS first ON first.fill_id = asked.fill_id AND first.turn = 0 AND asked.turn > 0
  LEFT JOIN payer AS second ON second.fill_id = asked.fill_id AND second.turn = 1 AND asked.turn > 1
  LEFT JOIN payer AS third ON third.fill_id = asked.fill_id AND third.turn = 2 AND asked.turn > 2
  LEFT JOIN person USING (person_id)
  LEFT JOIN held USING (prescription_id)
  LEFT JOIN provider ON provider.npi = asked.prescriber_npi
  LEFT JOIN unit AS of_product ON of_product.ndc = asked.ndc
  LEFT JOIN unit AS of_class ON of_class.drug_class = replace(lower(trim(asked.drug_class)), '_', ' ')
  JOIN unit AS of_other ON of_other.drug_class = 'other',
  constants

-- name: response
SELECT asked.claim,
  'D0' AS A2, 'B1' AS A3, '1' AS A9, 'A' AS F1, '01' AS B2, coalesce(asked.pharmacy_npi, constants.pharmacy_npi) AS B1,
  strftime(fill_date, '%Y%m%d') AS D1,

  '25' AS AM25, rtrim(left(card.group_id, 15)) AS C1, rtrim(left(CASE asked.turn WHEN 0 THEN asked.cardholder_id ELSE card.cardholder_id END, 20)) AS C2,

  '29' AS AM29, rtrim(left(person.first_name, 12)) AS CA, rtrim(left(person.last_name, 15)) AS CB, strftime(birth_date, '%Y%m%d') AS C4,

  '21' AS AM21, CASE WHEN paid THEN 'P' ELSE 'R' END AS AN, authorization_number AS F3, CASE WHEN reject_code IS NOT NULL THEN '1' END AS FA,
  reject_code AS FB,

  '22' AS AM22, '1' AS EM, prescription_number AS D2,

  CASE WHEN paid THEN '23' END AS AM23, CASE WHEN paid THEN CAST(patient_pay * 100 AS BIGINT) END AS F5,
  CASE WHEN paid THEN CAST((allowed - dispensing_fee_paid) * 100 AS BIGINT) END AS F6,
  CASE WHEN paid THEN CAST(dispensing_fee_paid * 100 AS BIGINT) END AS F7,
  CASE WHEN asked.turn > 0 THEN CAST(other_payer_paid * 100 AS BIGINT) END AS J5,
  CASE WHEN paid THEN CAST(shared.plan_paid * 100 AS BIGINT) END AS F9,
  -- as submitted, the cash price, or the rate of the payer's contract
  CASE WHEN paid THEN CASE allowed WHEN gross_amount_due THEN '1' WHEN usual_and_customary THEN '4' ELSE '8' END END AS FM,
  CASE WHEN deductible_remaining IS NOT NULL THEN CAST(deductible_met * 100 AS BIGINT) END AS FC,
  CAST(deductible_remaining * 100 AS BIGINT) AS FD,
  CASE WHEN paid AND deductible <> 0 THEN CAST(deductible * 100 AS BIGINT) END AS FH, CASE WHEN paid AND copay <> 0 THEN CAST(copay * 100 AS BIGINT) END AS FI,
  CASE WHEN paid AND not_covered <> 0 THEN CAST(not_covered * 100 AS BIGINT) END AS FK,
  CASE WHEN paid AND coinsurance <> 0 THEN CAST(coinsurance * 100 AS BIGINT) END AS "4U",

  -- the conflict that the payer has found
  CASE WHEN dur_code IS NOT NULL THEN '24' END AS AM24, CASE WHEN dur_code IS NOT NULL THEN '1' END AS J6, dur_code AS E4,
  CASE dur_severity WHEN 'contraindicated' THEN '1' WHEN 'major' THEN '1' WHEN 'moderate' THEN '2' WHEN 'minor' THEN '3' END AS FS,
  rtrim(left(dur_with, 30)) AS FY,

  -- who is to be asked next
  CASE WHEN further.turn IS NOT NULL THEN '28' END AS AM28, CASE WHEN further.turn IS NOT NULL THEN '1' END AS NT,
  CASE WHEN further.turn IS NOT NULL THEN printf('%02d', further.turn + 1) END AS "5C", CASE WHEN further.turn IS NOT NULL THEN '03' END AS "6C",
  rtrim(left(next_card.bin, 10)) AS "7C", rtrim(left(next_card.pcn, 10)) AS MH, rtrim(left(next_card.cardholder_id, 20)) AS NU,
  rtrim(left(next_card.group_id, 15)) AS MJ, next_card.person_code AS UV
FROM (SELECT *, status <> 'rejected' AS paid FROM asked) AS asked
  LEFT JOIN shared ON shared.claim = asked.claim
  LEFT JOIN card ON card.coverage_id = asked.billed_id
  LEFT JOIN claimed AS further ON further.fill_id = asked.fill_id AND further.turn = asked.turn + 1
  LEFT JOIN card AS next_card ON next_card.coverage_id = further.billed_id
  LEFT JOIN person ON person.person_id = asked.person_id
  LEFT JOIN held ON held.prescription_id = asked.prescription_id,
  constants

-- name: approval
SELECT asked.claim, 'D0' AS A2, 'B2' AS A3, '1' AS A9, 'A' AS F1, '01' AS B2, coalesce(asked.pharmacy_npi, constants.pharmacy_npi) AS B1,
  strftime(fill_date, '%Y%m%d') AS D1, '21' AS AM21, 'A' AS AN, authorization_number AS F3, NULL AS FA, NULL AS FB,
  '22' AS AM22, '1' AS EM, prescription_number AS D2
FROM asked JOIN claimed ON claimed.fill_id = asked.fill_id AND claimed.turn = asked.turn
  LEFT JOIN shared ON shared.claim = claimed.claim
  LEFT JOIN held ON held.prescription_id = asked.prescription_id,
  constants

-- name: b1_response.ncpdp: what is paid for drug and fee, less what the patient and others pay, is not what the plan pays of
SELECT claim FROM b1_response WHERE AN = 'P' AND F6 + F7 - F5 - coalesce(J5, 0) IS DISTINCT FROM F9

-- name: b1_response.ncpdp: said to be paid as submitted (522-FM 1), but not what was asked is
SELECT b1_response.claim FROM b1_response JOIN b1 ON BM = b1_response.claim WHERE FM = '1' AND (F6, F7) IS DISTINCT FROM (D9, DC)

-- name: b1_response.ncpdp: the parts of what the patient pays do not add up of
SELECT claim FROM b1_response WHERE AN = 'P' AND coalesce(FH, 0) + coalesce(FI, 0) + coalesce(FK, 0) + coalesce("4U", 0) IS DISTINCT FROM F5

-- name: b1.ncpdp: ingredient cost and dispensing fee do not make the gross amount due of
SELECT BM FROM b1 WHERE D9 + DC IS DISTINCT FROM DU

-- name: b1.ncpdp: two claims for prescription, fill and day
SELECT concat_ws(' ', D2, D3, D1) FROM b1 GROUP BY B1, D1, D2, D3, D7, C2, "4C" HAVING count(*) > 1

-- name: b1.ncpdp: out of order of person and day is
SELECT BM FROM (
  SELECT BM, (person_id, fill_date) AS own, lag((person_id, fill_date)) OVER (ORDER BY place) AS former
  FROM b1 JOIN claimed ON BM = claimed.claim JOIN filled USING (fill_id)
) WHERE own < former

-- name: b2.ncpdp: not billed, but reversed is
SELECT concat_ws(' ', D2, D3, D1) FROM (SELECT *, coalesce("4C", '0') AS payers FROM b2)
  ANTI JOIN (SELECT *, coalesce("4C", '0') AS payers FROM b1) USING (B1, D1, D2, D3, D7, C2, payers)

-- name: b2.ncpdp: out of order of person and day is
SELECT concat_ws(' ', D2, D3, D1) FROM (
  SELECT D2, D3, D1, (person_id, reversal_date) AS own, lag((person_id, reversal_date)) OVER (ORDER BY place) AS former
  FROM b2 JOIN (
    SELECT prescription_number, strftime(filled.fill_date, '%Y%m%d') AS filled_on, reversal.* FROM "rxmembersim.reversal" AS reversal
      JOIN filled USING (fill_id) JOIN held ON held.prescription_id = filled.prescription_id
  ) ON D2 = prescription_number AND CAST(D3 AS INTEGER) = fill_number AND D1 = filled_on
) WHERE own < former

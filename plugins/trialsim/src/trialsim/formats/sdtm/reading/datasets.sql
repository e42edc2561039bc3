What each dataset must hold, variable by variable, from the run's tables. A variable that a question does not name has no data;
STUDYID, DOMAIN, --SEQ and the order of the records come from the keys of the dataset, in the same way for all.

-- name: subject
SELECT s.person_id, s.study_id, concat_ws('-', s.study_id, s.site_id, s.subject_number) AS usubjid, s.consent_date AS consent,
       given.starts AS dosed, CASE WHEN s.last_dose_date IS NOT NULL THEN given.ends END AS undosed, s.end_date AS ended,
       greatest(s.consent_date, s.end_date, seen.latest) AS contact, s.arm_code, p.sex
FROM "trialsim.subject" AS s JOIN "core.person" AS p USING (person_id)
LEFT JOIN (SELECT person_id, min(start_date) AS starts, max(end_date) AS ends FROM "trialsim.exposure" GROUP BY person_id) AS given
    USING (person_id)
LEFT JOIN (SELECT person_id, max(time)::DATE AS latest FROM "trialsim.visit" GROUP BY person_id) AS seen USING (person_id)

-- name: DM
SELECT subject.usubjid AS USUBJID, s.subject_number AS SUBJID, iso_day(dosed) AS RFSTDTC, iso_day(undosed) AS RFENDTC,
       iso_day(dosed) AS RFXSTDTC, iso_day(undosed) AS RFXENDTC, iso_day(consent) AS RFICDTC, iso_day(contact) AS RFPENDTC,
       iso_day(s.death_date) AS DTHDTC, yes(s.death_date IS NOT NULL) AS DTHFL, s.site_id AS SITEID, iso_day(p.birth_date) AS BRTHDTC,
       datesub('year', p.birth_date, consent) + ((month(p.birth_date), day(p.birth_date)) = (2, 29) AND iso_day(consent) LIKE '%-02-28'
           AND last_day(consent) = consent)::INTEGER AS AGE,
       'YEARS' AS AGEU, coalesce(sex.term, 'U') AS SEX, coalesce(race.term, 'UNKNOWN') AS RACE,
       coalesce(ethnicity.term, 'UNKNOWN') AS ETHNIC, arm.arm_code AS ARMCD, arm.arm AS ARM, arm.arm_code AS ACTARMCD, arm.arm AS ACTARM,
       CASE WHEN arm.arm_code IS NOT NULL THEN NULL WHEN s.status = 'screen_failure' THEN 'SCREEN FAILURE' ELSE 'NOT ASSIGNED' END AS ARMNRS,
       document ->> 'country' AS COUNTRY
FROM "trialsim.subject" AS s JOIN subject USING (person_id) JOIN "core.person" AS p USING (person_id), protocol
LEFT JOIN "trialsim.arm" AS arm ON arm.arm_code = s.arm_code
LEFT JOIN "declared.term" AS sex ON sex.kind = 'sex' AND sex.word = p.sex
LEFT JOIN "declared.term" AS race ON race.kind = 'race' AND race.word = p.race
LEFT JOIN "declared.term" AS ethnicity ON ethnicity.kind = 'ethnicity' AND ethnicity.word = p.ethnicity

-- name: SE
WITH whole AS (
    SELECT *, (undosed IS NOT NULL AND (ended IS NULL OR undosed < ended)) AS followed,
           CASE WHEN followed THEN undosed + 1 ELSE undosed END AS until
    FROM subject
), opened AS (
    SELECT v.person_id, turn, v.time::DATE AS starts, lead(v.time::DATE) OVER (PARTITION BY v.person_id ORDER BY v.time) AS next_starts
    FROM "trialsim.visit" AS v JOIN cycle_visit USING (visit_number) JOIN subject USING (person_id)
    WHERE coalesce(v.time::DATE <= undosed, true)
), went AS (
    SELECT *, 'SCREENING' AS epoch, 0 AS turn, consent AS starts, coalesce(dosed, ended) AS ends FROM whole
    UNION ALL
    SELECT *, 'TREATMENT', 0, dosed, until FROM whole WHERE dosed IS NOT NULL AND NOT EXISTS (FROM cycle_visit)
    UNION ALL
    SELECT whole.*, 'TREATMENT', turn, opened.starts, coalesce(next_starts, until) FROM whole JOIN opened USING (person_id)
    UNION ALL
    SELECT *, 'FOLLOW-UP', 0, undosed + 1, ended FROM whole WHERE followed
)
SELECT usubjid AS USUBJID, element_code AS ETCD, element AS ELEMENT, e."order" + turn AS TAETORD, went.epoch AS EPOCH,
       iso_day(went.starts) AS SESTDTC, iso_day(went.ends) AS SEENDTC, study_day(went.starts, dosed) AS SESTDY,
       study_day(went.ends, dosed) AS SEENDY
FROM went JOIN "trialsim.element" AS e ON e.epoch = went.epoch AND (e.arm_code IS NULL OR e.arm_code = went.arm_code)

-- name: SV
SELECT subject.usubjid AS USUBJID, v.visit_number AS VISITNUM, coalesce(planned.visit, format('UNSCHEDULED {:.2f}', v.visit_number)) AS VISIT,
       yes(v.kind <> 'unscheduled') AS SVPRESP, yes(v.kind <> 'unscheduled') AS SVOCCUR, planned.day AS VISITDY,
       iso_day(v.time) AS SVSTDTC, iso_day(v.time) AS SVENDTC, study_day(v.time, dosed) AS SVSTDY, study_day(v.time, dosed) AS SVENDY,
       v.reason AS SVUPDES
FROM "trialsim.visit" AS v JOIN subject USING (person_id) LEFT JOIN "trialsim.visit_schedule" AS planned USING (visit_number)

-- name: CM
WITH taken AS (
    SELECT person_id, medication_request_id AS id, description, drug_class, sig, dose, dose_unit, authored::DATE AS starts, days_supply,
           refills
    FROM "patientsim.medication_request"
    UNION ALL
    SELECT person_id, prescription_id, description, drug_class, sig, NULL, NULL, written_date, days_supply, refills
    FROM "rxmembersim.prescription" AS p
    WHERE NOT EXISTS (FROM "patientsim.medication_request" AS m WHERE m.medication_request_id = p.medication_request_id)
), lasting AS (
    SELECT *, starts + greatest(coalesce(days_supply, 0) * (coalesce(refills, 0) + 1), 1)::INTEGER - 1 AS ends, ends > contact AS goes_on
    FROM taken JOIN subject USING (person_id)
    WHERE starts <= contact
)
SELECT usubjid AS USUBJID, id::VARCHAR AS CMSPID, coalesce(description, 'Medication, not specified') AS CMTRT, drug_class AS CMCLAS,
       dose AS CMDOSE, dose_unit AS CMDOSU, sig AS CMDOSRGM, CASE WHEN starts >= consent THEN phase(starts, dosed, undosed) END AS EPOCH,
       iso_day(starts) AS CMSTDTC, CASE WHEN NOT goes_on THEN iso_day(ends) END AS CMENDTC, study_day(starts, dosed) AS CMSTDY,
       CASE WHEN NOT goes_on THEN study_day(ends, dosed) END AS CMENDY, CASE WHEN goes_on THEN 'ONGOING' END AS CMENRTPT,
       CASE WHEN goes_on THEN iso_day(contact) END AS CMENTPT
FROM lasting

-- name: EX
SELECT subject.usubjid AS USUBJID, treatment AS EXTRT, dose AS EXDOSE, dose_unit AS EXDOSU, form AS EXDOSFRM, frequency AS EXDOSFRQ,
       route AS EXROUTE, phase(start_date, dosed, undosed) AS EPOCH, iso_day(start_date) AS EXSTDTC, iso_day(end_date) AS EXENDTC,
       study_day(start_date, dosed) AS EXSTDY, study_day(end_date, dosed) AS EXENDY
FROM "trialsim.exposure" JOIN subject USING (person_id)

-- name: AE
SELECT subject.usubjid AS USUBJID, adverse_event_id::VARCHAR AS AESPID, term AS AETERM, term AS AEDECOD, severity AS AESEV,
       yes_no(serious) AS AESER, action AS AEACN, CASE WHEN related THEN 'RELATED' ELSE 'NOT RELATED' END AS AEREL, outcome AS AEOUT,
       yes_no(seriousness = 'disability') AS AESDISAB, yes_no(outcome = 'FATAL') AS AESDTH,
       yes_no(seriousness = 'hospitalization') AS AESHOSP, yes_no(seriousness = 'life_threatening') AS AESLIFE,
       yes_no(serious AND coalesce(seriousness, '') NOT IN ('disability', 'hospitalization', 'life_threatening', 'death')) AS AESMIE,
       phase(start_date, dosed, undosed) AS EPOCH, iso_day(start_date) AS AESTDTC, iso_day(end_date) AS AEENDTC,
       study_day(start_date, dosed) AS AESTDY, study_day(end_date, dosed) AS AEENDY,
       CASE outcome WHEN 'NOT RECOVERED/NOT RESOLVED' THEN 'ONGOING' END AS AEENRTPT,
       CASE outcome WHEN 'NOT RECOVERED/NOT RESOLVED' THEN iso_day(contact) END AS AEENTPT
FROM "trialsim.adverse_event" JOIN subject USING (person_id)

-- name: DS
SELECT subject.usubjid AS USUBJID, term AS DSTERM, decoded_term AS DSDECOD, category AS DSCAT,
       CASE category WHEN 'DISPOSITION EVENT' THEN 'STUDY PARTICIPATION' END AS DSSCAT,
       CASE decoded_term WHEN 'RANDOMIZED' THEN 'SCREENING' ELSE phase(date, dosed, undosed) END AS EPOCH,
       iso_day(date) AS DSDTC, iso_day(date) AS DSSTDTC, study_day(date, dosed) AS DSDY, study_day(date, dosed) AS DSSTDY
FROM "trialsim.disposition" JOIN subject USING (person_id)

-- name: DV
SELECT subject.usubjid AS USUBJID, deviation_id::VARCHAR AS DVSPID, term AS DVTERM, category AS DVCAT, phase(date, dosed, undosed) AS EPOCH,
       iso_day(date) AS DVSTDTC, study_day(date, dosed) AS DVSTDY
FROM "trialsim.deviation" JOIN subject USING (person_id)

-- name: MH
SELECT subject.usubjid AS USUBJID, c.category AS MHSPID, coalesce(c.description, exactly.term, broadly.term, c.category) AS MHTERM,
       MHTERM AS MHDECOD, CASE WHEN c."primary" THEN 'PRIMARY DIAGNOSIS' ELSE 'GENERAL' END AS MHCAT, iso_day(c.onset_date) AS MHSTDTC,
       study_day(c.onset_date, dosed) AS MHSTDY, 'ONGOING' AS MHENRTPT, iso_day(consent) AS MHENTPT
FROM "core.condition" AS c JOIN subject USING (person_id)
LEFT JOIN condition_term AS exactly ON exactly.code = c.category
LEFT JOIN condition_term AS broadly ON broadly.code = split_part(c.category, '.', 1)
WHERE c.onset_date <= consent AND c.event_id IS NULL

-- name: IE
SELECT subject.usubjid AS USUBJID, e.criterion_code AS IETESTCD, c.criterion AS IETEST, c.category AS IECAT,
       CASE c.category WHEN 'EXCLUSION' THEN 'Y' ELSE 'N' END AS IEORRES, IEORRES AS IESTRESC, planned.visit_number AS VISITNUM,
       planned.visit AS VISIT, 'SCREENING' AS EPOCH, iso_day(e.assessed_date) AS IEDTC, study_day(e.assessed_date, dosed) AS IEDY
FROM "trialsim.eligibility" AS e JOIN subject USING (person_id) JOIN "trialsim.criterion" AS c USING (criterion_code)
LEFT JOIN "trialsim.visit_schedule" AS planned ON planned.role = 'screening'
WHERE NOT e.met

-- name: visit
SELECT v.person_id, v.visit_number, coalesce(planned.visit, format('UNSCHEDULED {:.2f}', v.visit_number)) AS VISIT,
       CASE v.kind WHEN 'randomization' THEN 'SCREENING' ELSE phase(v.time, dosed, undosed) END AS EPOCH,
       coalesce(v.kind <> 'unscheduled' AND v.time::DATE <= dosed, false) AS before_dose
FROM "trialsim.visit" AS v JOIN subject USING (person_id) LEFT JOIN "trialsim.visit_schedule" AS planned USING (visit_number)

-- name: LB
WITH last AS (
    SELECT person_id, test_code, max(time) AS time FROM "trialsim.lab" JOIN visit USING (person_id, visit_number)
    WHERE before_dose GROUP BY ALL
)
SELECT subject.usubjid AS USUBJID, l.test_code AS LBTESTCD, l.test AS LBTEST, l.category AS LBCAT,
       fixed(l.value, t.decimals) AS LBORRES, l.unit AS LBORRESU, t.low_text AS LBORNRLO, t.high_text AS LBORNRHI,
       rounded(l.value * t.factor, t.standard_decimals) AS LBSTRESN, fixed(LBSTRESN, t.standard_decimals) AS LBSTRESC,
       t.standard_unit AS LBSTRESU, t.standard_low AS LBSTNRLO, t.standard_high AS LBSTNRHI,
       CASE WHEN l.value < t.low THEN 'LOW' WHEN l.value > t.high THEN 'HIGH' ELSE 'NORMAL' END AS LBNRIND, l.loinc AS LBLOINC,
       l.specimen AS LBSPEC,
       yes(before_dose AND l.time = last.time) AS LBLOBXFL,
       l.fasting AS LBFAST, visit_number AS VISITNUM, visit.VISIT, visit.EPOCH, iso_time(l.time) AS LBDTC, study_day(l.time, dosed) AS LBDY
FROM "trialsim.lab" AS l JOIN subject USING (person_id) LEFT JOIN visit USING (person_id, visit_number)
LEFT JOIN planned_lab AS t ON t.code = l.test_code AND t.sex = subject.sex
LEFT JOIN last ON last.person_id = l.person_id AND last.test_code = l.test_code

-- name: VS
WITH last AS (
    SELECT person_id, test_code, max(time) AS time FROM "trialsim.vital" JOIN visit USING (person_id, visit_number)
    WHERE before_dose GROUP BY ALL
)
SELECT subject.usubjid AS USUBJID, m.test_code AS VSTESTCD, m.test AS VSTEST, m.position AS VSPOS, fixed(m.value, t.decimals) AS VSORRES,
       m.unit AS VSORRESU, VSORRES AS VSSTRESC, m.value AS VSSTRESN, m.unit AS VSSTRESU,
       yes(before_dose AND m.time = last.time) AS VSLOBXFL,
       visit_number AS VISITNUM, visit.VISIT, visit.EPOCH, iso_time(m.time) AS VSDTC, study_day(m.time, dosed) AS VSDY
FROM "trialsim.vital" AS m JOIN subject USING (person_id) LEFT JOIN visit USING (person_id, visit_number)
LEFT JOIN planned_test AS t ON t.kind = 'vitals' AND t.code = m.test_code
LEFT JOIN last ON last.person_id = m.person_id AND last.test_code = m.test_code

-- name: TA
SELECT a.arm_code AS ARMCD, a.arm AS ARM, e."order" + turn AS TAETORD, e.element_code AS ETCD, e.element AS ELEMENT, e.epoch AS EPOCH,
       CASE e.epoch WHEN 'SCREENING' THEN 'Randomized to ' || a.arm END AS TABRANCH
FROM "trialsim.arm" AS a JOIN "trialsim.element" AS e ON e.arm_code IS NULL OR e.arm_code = a.arm_code,
     LATERAL (SELECT unnest(range(e.repeats)) AS turn)

-- name: TE
SELECT element_code AS ETCD, element AS ELEMENT, starts AS TESTRL, ends AS TEENRL, duration AS TEDUR FROM "trialsim.element"

-- name: TV
SELECT visit_number AS VISITNUM, visit AS VISIT, day AS VISITDY, starts AS TVSTRL, ends AS TVENRL FROM "trialsim.visit_schedule"

-- name: TI
SELECT criterion_code AS IETESTCD, criterion AS IETEST, category AS IECAT, '1' AS TIVERS FROM "trialsim.criterion"

-- name: TS
WITH actual AS (
    SELECT 'ACTSUB' AS code, 'Actual Number of Subjects' AS parameter, count(randomization_date)::VARCHAR AS value FROM "trialsim.subject"
    UNION ALL
    SELECT 'SSTDTC', 'Study Start Date', iso_day(min(consent_date)) FROM "trialsim.subject"
    UNION ALL
    SELECT 'DCUTDTC', 'Data Cutoff Date', iso_day(as_of) FROM run
    UNION ALL
    SELECT 'DCUTDESC', 'Data Cutoff Description', 'AS OF THE RUN'
)
SELECT parameter_code AS TSPARMCD, sequence AS TSSEQ, parameter AS TSPARM, value AS TSVAL,
       CASE WHEN value IS NULL THEN 'NA' END AS TSVALNF
FROM (SELECT parameter_code, sequence, parameter, value FROM "trialsim.summary" UNION ALL SELECT code, 1, parameter, value FROM actual)

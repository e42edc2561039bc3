What define.xml must hold, element by element: `within` is the OID of the element around it, `position` its place among its like.

-- name: codelist
WITH used AS (
    SELECT codelist FROM "declared.variable" JOIN written USING (dataset) WHERE codelist IS NOT NULL
    UNION
    SELECT codelist FROM "declared.level" JOIN written USING (dataset)
), summary AS (
    SELECT each.key::INTEGER AS n, each.value ->> 0 AS code, each.value ->> 1 AS parameter
    FROM protocol, json_each(document -> 'summary') AS each
    UNION ALL
    SELECT 1000 + n, code, parameter FROM (VALUES
        (1, 'TITLE', 'Trial Title'), (2, 'SPONSOR', 'Clinical Study Sponsor'), (3, 'NARMS', 'Planned Number of Arms'),
        (4, 'RANDQT', 'Randomization Quotient'), (5, 'ACTSUB', 'Actual Number of Subjects'), (6, 'SSTDTC', 'Study Start Date'),
        (7, 'DCUTDTC', 'Data Cutoff Date'), (8, 'DCUTDESC', 'Data Cutoff Description')) AS derived(n, code, parameter)
), named AS (
    SELECT each.key::INTEGER AS n, part, each.value AS said
    FROM protocol, (VALUES ('arms'), ('elements'), ('criteria')) AS parts(part), json_each(document -> part) AS each
), stated(codelist, name, nci_code, n, term, decode) AS (
    SELECT codelist, name, nci_code, n, term, decode FROM "declared.codelist"
    UNION ALL SELECT 'ARMCD', 'Arm Code', NULL, n, said ->> 'code', said ->> 'name' FROM named WHERE part = 'arms'
    UNION ALL SELECT 'ARM', 'Arm', NULL, n, said ->> 'name', NULL FROM named WHERE part = 'arms'
    UNION ALL SELECT 'ETCD', 'Element Code', NULL, n, said ->> 'code', said ->> 'name' FROM named WHERE part = 'elements'
    UNION ALL SELECT 'ELEMENT', 'Element', NULL, n, said ->> 'name', NULL FROM named WHERE part = 'elements'
    UNION ALL SELECT 'IETESTCD', 'Criterion', NULL, n, said ->> 'code', said ->> 'text' FROM named WHERE part = 'criteria'
    UNION ALL SELECT 'LBTESTCD', 'Laboratory Test Code', 'C65047', n, code, test ->> 'name' FROM planned_test WHERE kind = 'labs'
    UNION ALL SELECT 'LBTEST', 'Laboratory Test Name', 'C67154', n, test ->> 'name', NULL FROM planned_test WHERE kind = 'labs'
    UNION ALL SELECT 'LBCAT', 'Category for Lab Test', NULL, n, test ->> 'category', NULL FROM planned_test WHERE kind = 'labs'
    UNION ALL SELECT 'SPECTYPE', 'Specimen Type', 'C78734', n, test ->> 'specimen', NULL FROM planned_test WHERE kind = 'labs'
    UNION ALL SELECT 'UNIT', 'Unit', 'C71620', 2 * n, test ->> 'unit', NULL FROM planned_test WHERE kind = 'labs'
    UNION ALL SELECT 'UNIT', 'Unit', 'C71620', 2 * n + 1, test ->> 'standard_unit', NULL FROM planned_test WHERE kind = 'labs'
    UNION ALL SELECT 'UNIT', 'Unit', 'C71620', 1000, document -> 'dosing' ->> 'unit', NULL FROM protocol
    UNION ALL SELECT 'VSTESTCD', 'Vital Signs Test Code', 'C66741', n, code, test ->> 'name' FROM planned_test WHERE kind = 'vitals'
    UNION ALL SELECT 'VSTEST', 'Vital Signs Test Name', 'C67153', n, test ->> 'name', NULL FROM planned_test WHERE kind = 'vitals'
    UNION ALL SELECT 'VSRESU', 'Units for Vital Signs Results', 'C66770', n, test ->> 'unit', NULL FROM planned_test WHERE kind = 'vitals'
    UNION ALL SELECT 'POSITION', 'Position', 'C71148', n, test ->> 'position', NULL FROM planned_test
        WHERE kind = 'vitals' AND test ->> 'position' IS NOT NULL
    UNION ALL SELECT 'FRM', 'Pharmaceutical Dosage Form', 'C66726', 0, document -> 'dosing' ->> 'form', NULL FROM protocol
    UNION ALL SELECT 'FREQ', 'Frequency', 'C71113', 0, document -> 'dosing' ->> 'frequency', NULL FROM protocol
    UNION ALL SELECT 'ROUTE', 'Route of Administration Response', 'C66729', 0, document -> 'dosing' ->> 'route', NULL FROM protocol
    UNION ALL SELECT 'TSPARMCD', 'Trial Summary Parameter Test Code', 'C66738', n, code, parameter FROM summary
    UNION ALL SELECT 'TSPARM', 'Trial Summary Parameter Test Name', 'C67152', n, parameter, NULL FROM summary
    UNION ALL SELECT 'COUNTRY', 'Country', NULL, 0, NULL, NULL
)
SELECT codelist, name, nci_code, min(n) AS n, term, decode FROM stated JOIN used USING (codelist) GROUP BY ALL

-- name: ODM
SELECT '' AS within, 1 AS position, study_id || '.define' AS "@FileOID", 'Snapshot' AS "@FileType", '1.3.2' AS "@ODMVersion",
       iso_day(as_of) || 'T00:00:00' AS "@CreationDateTime", 'HealthSim TrialSim' AS "@Originator", 'Submission' AS "@def:Context",
       'Study' AS "elements", study_id || '.STUDY' AS "Study/@OID", 'GlobalVariables MetaDataVersion' AS "Study/elements",
       'StudyName StudyDescription ProtocolName' AS "Study/GlobalVariables/elements",
       study_id AS "Study/GlobalVariables/StudyName/text", document ->> 'title' AS "Study/GlobalVariables/StudyDescription/text",
       study_id AS "Study/GlobalVariables/ProtocolName/text", study_id || '.MDV' AS "Study/MetaDataVersion/@OID",
       'Study ' || study_id AS "Study/MetaDataVersion/@Name",
       'Data definitions for study ' || study_id AS "Study/MetaDataVersion/@Description",
       '2.1.0' AS "Study/MetaDataVersion/@def:DefineVersion",
       concat_ws(' ', 'def:Standards', CASE WHEN leveled THEN 'def:ValueListDef def:WhereClauseDef' END,
           'ItemGroupDef ItemDef CodeList MethodDef', CASE WHEN empty THEN 'def:CommentDef' END) AS "Study/MetaDataVersion/elements",
       'def:Standard' AS "Study/MetaDataVersion/def:Standards/elements"
FROM "trialsim.study", protocol, run, (SELECT count(*) > 0 AS leveled FROM "declared.level" JOIN written USING (dataset)),
     (SELECT count(*) > 0 AS empty FROM variable WHERE NOT filled)
WHERE EXISTS (FROM written)

-- name: def:Standard
SELECT study_id || '.MDV' AS within, n AS position, oid AS "@OID", name AS "@Name", type AS "@Type", version AS "@Version",
       'Final' AS "@Status", publishing_set AS "@PublishingSet"
FROM "declared.standard", "trialsim.study" WHERE EXISTS (FROM written)

-- name: def:ValueListDef
SELECT study_id || '.MDV' AS within, row_number() OVER (ORDER BY min(n)) AS position, format('VL.{}.{}', dataset, variable) AS "@OID",
       'ItemRef' AS "elements"
FROM "declared.level" JOIN written USING (dataset), "trialsim.study" GROUP BY study_id, dataset, variable

-- name: def:WhereClauseDef
SELECT study_id || '.MDV' AS within, row_number() OVER (ORDER BY n) AS position,
       format('WC.{}.{}.{}', dataset, variable, codelist) AS "@OID", 'RangeCheck' AS "elements", 'EQ' AS "RangeCheck/@Comparator",
       'Soft' AS "RangeCheck/@SoftHard", format('IT.{}.{}', dataset, by_variable) AS "RangeCheck/@def:ItemOID",
       'CheckValue' AS "RangeCheck/elements", value AS "RangeCheck/CheckValue/text"
FROM "declared.level" JOIN written USING (dataset), "trialsim.study"

-- name: ItemGroupDef
SELECT study_id || '.MDV' AS within, row_number() OVER (ORDER BY n) AS position, 'IG.' || dataset AS "@OID", dataset AS "@Name",
       CASE dataset WHEN 'DM' THEN 'No' ELSE 'Yes' END AS "@Repeating", reference AS "@IsReferenceData", dataset AS "@SASDatasetName",
       dataset AS "@Domain", 'Tabulation' AS "@Purpose", structure AS "@def:Structure", 'STD.SDTMIG' AS "@def:StandardOID",
       'LF.' || dataset AS "@def:ArchiveLocationID", 'Description ItemRef def:Class def:leaf' AS "elements",
       'TranslatedText' AS "Description/elements", label AS "Description/TranslatedText/text",
       'en' AS "Description/TranslatedText/@xml:lang", class AS "def:Class/@Name", 'LF.' || dataset AS "def:leaf/@ID",
       lower(dataset) || '.xpt' AS "def:leaf/@xlink:href", 'def:title' AS "def:leaf/elements",
       lower(dataset) || '.xpt' AS "def:leaf/def:title/text"
FROM "declared.dataset" JOIN written USING (dataset), "trialsim.study"

-- name: ItemRef
SELECT 'IG.' || dataset AS within, row_number() OVER (PARTITION BY dataset ORDER BY v.n) AS position,
       format('IT.{}.{}', dataset, variable) AS "@ItemOID", position::VARCHAR AS "@OrderNumber",
       CASE core WHEN 'Req' THEN 'Yes' ELSE 'No' END AS "@Mandatory",
       nullif(coalesce(list_position(string_split(keys, ' '), variable), 0), 0)::VARCHAR AS "@KeySequence", 'MT.' || method AS "@MethodOID",
       CASE WHEN NOT filled THEN 'Yes' END AS "@def:HasNoData", NULL::VARCHAR AS "elements",
       NULL::VARCHAR AS "def:WhereClauseRef/@WhereClauseOID"
FROM variable AS v JOIN "declared.dataset" USING (dataset)
UNION ALL
SELECT format('VL.{}.{}', dataset, variable), row_number() OVER (PARTITION BY dataset, variable ORDER BY n) AS position,
       format('IT.{}.{}.{}', dataset, variable, codelist), position::VARCHAR, 'Yes', NULL, NULL, NULL, 'def:WhereClauseRef',
       format('WC.{}.{}.{}', dataset, variable, codelist)
FROM "declared.level" JOIN written USING (dataset)

-- name: variable
SELECT v.*, f.variable IS NOT NULL AS filled
FROM "declared.variable" AS v JOIN written USING (dataset) LEFT JOIN filled AS f ON f.dataset = v.dataset AND f.variable = v.variable

-- name: ItemDef
WITH item AS (
    SELECT variable.* EXCLUDE (codelist), NULL AS turn, format('IT.{}.{}', dataset, variable) AS oid, codelist,
           EXISTS (FROM "declared.level" AS l WHERE l.dataset = variable.dataset AND l.variable = variable.variable) AS leveled, filled AS told
    FROM variable
    UNION ALL
    SELECT v.* EXCLUDE (codelist), l.n, format('IT.{}.{}.{}', v.dataset, v.variable, l.codelist), l.codelist, false, true
    FROM variable AS v JOIN "declared.level" AS l ON l.dataset = v.dataset AND l.variable = v.variable
)
SELECT study_id || '.MDV' AS within, row_number() OVER (ORDER BY d.n, item.n, turn NULLS FIRST) AS position, oid AS "@OID",
       variable AS "@Name", type AS "@DataType", variable AS "@SASFieldName",
       CASE WHEN type IN ('text', 'integer', 'float') THEN length::VARCHAR END AS "@Length",
       CASE type WHEN 'float' THEN '3' END AS "@SignificantDigits", CASE WHEN NOT told THEN 'COM.EMPTY' END AS "@def:CommentOID",
       concat_ws(' ', 'Description', CASE WHEN codelist IS NOT NULL THEN 'CodeListRef' END, 'def:Origin',
           CASE WHEN leveled THEN 'def:ValueListRef' END) AS "elements",
       'TranslatedText' AS "Description/elements", item.label AS "Description/TranslatedText/text",
       'en' AS "Description/TranslatedText/@xml:lang", 'CL.' || codelist AS "CodeListRef/@CodeListOID", origin AS "def:Origin/@Type",
       CASE WHEN origin = 'Collected' THEN 'Investigator' WHEN origin IN ('Derived', 'Assigned', 'Protocol') THEN 'Sponsor' END
           AS "def:Origin/@Source",
       CASE WHEN leveled THEN format('VL.{}.{}', dataset, variable) END AS "def:ValueListRef/@ValueListOID"
FROM item JOIN "declared.dataset" AS d USING (dataset), "trialsim.study"

-- name: CodeList
SELECT study_id || '.MDV' AS within, row_number() OVER (ORDER BY codelist) AS position, 'CL.' || codelist AS "@OID", name AS "@Name",
       'text' AS "@DataType", CASE WHEN nci_code IS NOT NULL THEN 'STD.CT' END AS "@def:StandardOID",
       CASE WHEN nci_code IS NULL AND count(term) > 0 THEN 'Yes' END AS "@def:IsNonStandard",
       concat_ws(' ', CASE WHEN count(term) = 0 THEN 'ExternalCodeList' WHEN count(decode) = count(term) THEN 'CodeListItem'
           ELSE 'EnumeratedItem' END, CASE WHEN nci_code IS NOT NULL THEN 'Alias' END) AS "elements",
       CASE WHEN count(term) = 0 THEN 'ISO 3166-1 alpha-3' END AS "ExternalCodeList/@Dictionary",
       CASE WHEN count(term) = 0 THEN '2020' END AS "ExternalCodeList/@Version", nci_code AS "Alias/@Name",
       CASE WHEN nci_code IS NOT NULL THEN 'nci:ExtCodeID' END AS "Alias/@Context"
FROM codelist, "trialsim.study" GROUP BY study_id, codelist, name, nci_code

-- name: CodeListItem
SELECT 'CL.' || codelist AS within, row_number() OVER (PARTITION BY codelist ORDER BY n) AS position, term AS "@CodedValue",
       'Decode' AS "elements", 'TranslatedText' AS "Decode/elements", decode AS "Decode/TranslatedText/text",
       'en' AS "Decode/TranslatedText/@xml:lang"
FROM codelist WHERE term IS NOT NULL AND codelist NOT IN (SELECT codelist FROM codelist WHERE decode IS NULL)

-- name: EnumeratedItem
SELECT 'CL.' || codelist AS within, row_number() OVER (PARTITION BY codelist ORDER BY n) AS position, term AS "@CodedValue"
FROM codelist WHERE term IS NOT NULL AND codelist IN (SELECT codelist FROM codelist WHERE decode IS NULL)

-- name: MethodDef
SELECT DISTINCT study_id || '.MDV' AS within, dense_rank() OVER (ORDER BY method) AS position, 'MT.' || method AS "@OID",
       'Algorithm ' || method AS "@Name", 'Computation' AS "@Type", 'Description' AS "elements", 'TranslatedText' AS "Description/elements",
       description AS "Description/TranslatedText/text", 'en' AS "Description/TranslatedText/@xml:lang"
FROM variable JOIN "declared.method" USING (method), "trialsim.study"

-- name: def:CommentDef
SELECT study_id || '.MDV' AS within, 1 AS position, 'COM.EMPTY' AS "@OID", 'Description' AS "elements",
       'TranslatedText' AS "Description/elements",
       'This study has no such data. Variables of a licensed dictionary are left empty.' AS "Description/TranslatedText/text",
       'en' AS "Description/TranslatedText/@xml:lang"
FROM "trialsim.study" WHERE EXISTS (FROM variable WHERE NOT filled)

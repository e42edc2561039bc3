What the standard and the protocol declare, read from the data files: `{data}` is their folder.

-- name: macros
CREATE MACRO iso_day(x) AS strftime(x, '%Y-%m-%d');
CREATE MACRO iso_time(x) AS strftime(x, '%Y-%m-%dT%H:%M:%S');
CREATE MACRO study_day(x, dosed) AS CASE WHEN x::DATE >= dosed THEN x::DATE - dosed + 1 ELSE x::DATE - dosed END;
CREATE MACRO phase(x, dosed, undosed) AS
    CASE WHEN x::DATE > undosed THEN 'FOLLOW-UP' WHEN x::DATE >= dosed THEN 'TREATMENT' ELSE 'SCREENING' END;
CREATE MACRO yes(x) AS CASE WHEN x THEN 'Y' END;
CREATE MACRO yes_no(x) AS CASE WHEN x THEN 'Y' ELSE 'N' END;
CREATE MACRO fixed(x, places) AS CASE places
    WHEN 0 THEN format('{{:.0f}}', x::DOUBLE) WHEN 1 THEN format('{{:.1f}}', x::DOUBLE) WHEN 2 THEN format('{{:.2f}}', x::DOUBLE)
    WHEN 3 THEN format('{{:.3f}}', x::DOUBLE) WHEN 4 THEN format('{{:.4f}}', x::DOUBLE) END;
CREATE MACRO rounded(x, places) AS round_even(x::DOUBLE * pow(10, places), 0) / pow(10, places);
CREATE MACRO by_sex(given, sex) AS
    CASE json_type(given) WHEN 'OBJECT' THEN coalesce(given ->> sex, given ->> (json_keys(given)[1])) ELSE given ->> '$' END::DOUBLE;
CREATE MACRO printable(x) AS regexp_replace(x, '[\x00-\x1f\x7f-\x9f\x{{2028}}\x{{2029}}]', ' ', 'g');
CREATE MACRO cut(x, bytes) AS nullif(rtrim(
    CASE WHEN strlen(x) <= bytes THEN x ELSE left(x, list_max(list_filter(range(0, bytes + 1), lambda n: strlen(left(x, n)) <= bytes))) END,
    ' '), '');
CREATE MACRO fitting(x, bytes) AS cut(printable(x), bytes);

-- name: declared.dataset
SELECT row_number() OVER () AS n, name AS dataset, label, class, structure, keys, reference
FROM read_csv('{data}/sdtm/datasets.csv', header = true, all_varchar = true)

-- name: declared.variable
SELECT row_number() OVER () AS n, dataset, variable, label, type, length::INTEGER AS length, core, codelist, origin, method
FROM read_csv('{data}/sdtm/variables.csv', header = true, all_varchar = true)

-- name: declared.codelist
SELECT row_number() OVER () AS n, codelist, name, nci_code, term, decode
FROM read_csv('{data}/sdtm/codelists.csv', header = true, all_varchar = true)

-- name: declared.method
SELECT each.key AS method, each.value ->> '$' AS description
FROM read_text('{data}/sdtm/methods.json') AS file, json_each(file.content::JSON) AS each

-- name: declared.level
SELECT list.value ->> 'dataset' AS dataset, list.value ->> 'variable' AS variable, list.value ->> 'by' AS by_variable,
       each.key AS value, each.value ->> '$' AS codelist, row_number() OVER (ORDER BY list.key::INTEGER, each.id) AS n
FROM read_text('{data}/sdtm/value_levels.json') AS file, json_each(file.content::JSON) AS list,
     json_each(list.value -> 'codelists') AS each

-- name: declared.standard
SELECT each.value ->> 'oid' AS oid, each.value ->> 'name' AS name, each.value ->> 'type' AS type, each.value ->> 'version' AS version,
       each.value ->> 'set' AS publishing_set, each.key::INTEGER + 1 AS n
FROM read_text('{data}/sdtm/terms.json') AS file, json_each(file.content::JSON -> 'standards') AS each

-- name: declared.term
SELECT kind, each.key AS word, each.value ->> '$' AS term
FROM read_text('{data}/sdtm/terms.json') AS file, (VALUES ('race'), ('ethnicity'), ('sex')) AS kinds(kind),
     json_each(file.content::JSON -> kind) AS each

-- name: protocol
SELECT content::JSON AS document
FROM read_text('{data}/hs-*.json') JOIN "trialsim.study" ON content::JSON ->> 'protocol' = protocol

-- name: planned_test
SELECT kind, each.key::INTEGER AS n, each.value AS test, each.value ->> 'code' AS code, (each.value ->> 'decimals')::INTEGER AS decimals,
       (each.value ->> 'standard_decimals')::INTEGER AS standard_decimals, (each.value ->> 'factor')::DOUBLE AS factor
FROM protocol, (VALUES ('labs'), ('vitals')) AS kinds(kind), json_each(document -> kind -> 'tests') AS each

-- name: planned_lab
SELECT code, sex, decimals, standard_decimals, factor, by_sex(test -> 'low', sex) AS low, by_sex(test -> 'high', sex) AS high,
       fixed(low, decimals) AS low_text, fixed(high, decimals) AS high_text, test ->> 'standard_unit' AS standard_unit,
       rounded(low * factor, standard_decimals) AS standard_low, rounded(high * factor, standard_decimals) AS standard_high
FROM planned_test, (SELECT DISTINCT sex FROM "core.person") WHERE kind = 'labs'

-- name: cycle_visit
SELECT each.key::INTEGER AS turn, each.value::DOUBLE AS visit_number
FROM protocol, json_each(document -> 'dosing' -> 'cycle' -> 'visits') AS each

-- name: condition_term
SELECT each.key AS code, each.value ->> '$' AS term FROM protocol, json_each(document -> 'condition_terms') AS each

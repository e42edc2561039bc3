What stands around the observations of a transport file (TS-140), to the byte.

-- name: header record
SELECT dataset,
       'HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!000000000000000000000000000000  ' AS "library",
       'SAS     ' AS "library symbol", 'SAS     ' AS "library symbol 2", 'SASLIB  ' AS "library saslib", '9.4     ' AS "library version",
       'Linux   ' AS "library system", repeat(' ', 24) AS "library blanks", moment AS "library created", moment AS "library modified",
       repeat(' ', 64) AS "library rest",
       'HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!000000000000000001600000000140  ' AS "member",
       'HEADER RECORD*******DSCRPTR HEADER RECORD!!!!!!!000000000000000000000000000000  ' AS "descriptor",
       'SAS     ' AS "member symbol", rpad(dataset, 8, ' ') AS "member name", 'SASDATA ' AS "member sasdata",
       '9.4     ' AS "member version", 'Linux   ' AS "member system", repeat(' ', 24) AS "member blanks", moment AS "member created",
       moment AS "member modified", repeat(' ', 16) AS "member blanks 2", rpad(label, 40, ' ') AS "member label",
       repeat(' ', 8) AS "member type",
       format('HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!{:010d}00000000000000000000  ', variables) AS "namestr",
       repeat(' ', (80 - variables * 140 % 80) % 80) AS "namestr padding",
       'HEADER RECORD*******OBS     HEADER RECORD!!!!!!!000000000000000000000000000000  ' AS "observation",
       observations, repeat(' ', ((80 - observations * size % 80) % 80)::INTEGER) AS "observation padding"
FROM written JOIN "declared.dataset" USING (dataset)
JOIN (SELECT dataset, count(*) AS variables, sum(length) AS size FROM "declared.variable" GROUP BY dataset) USING (dataset),
     (SELECT upper(strftime(as_of, '%d%b%y')) || ':00:00:00' AS moment FROM run)

-- name: NAMESTR
SELECT dataset, row_number() OVER each AS nvar0, CASE WHEN type IN ('integer', 'float') THEN 1 ELSE 2 END AS ntype, 0 AS nhfun,
       length AS nlng, rpad(variable, 8, ' ') AS nname, rpad(label, 40, ' ') AS nlabel, repeat(' ', 8) AS nform, 0 AS nfl, 0 AS nfd,
       0 AS nfj, repeat(chr(0), 2) AS nfill, repeat(' ', 8) AS niform, 0 AS nifl, 0 AS nifd, sum(length) OVER each - length AS npos,
       repeat(chr(0), 52) AS rest
FROM "declared.variable" JOIN written USING (dataset)
WINDOW each AS (PARTITION BY dataset ORDER BY n)

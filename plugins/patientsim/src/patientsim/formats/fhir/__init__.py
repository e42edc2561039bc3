"""FHIR R4 by US Core 6.1: resources, as NDJSON and as transaction Bundles.

Ids are those of the tables with a letter prefix ("hs-42": servers refuse client ids that are all digits), and the bare
id is an identifier of the resource. Times are the tables' local civil times
with the offset of the patient's county, daylight saving included.
"""

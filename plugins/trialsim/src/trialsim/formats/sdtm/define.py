"""define.xml 2.1: what the datasets hold, from the same specification that they are written by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

from trialsim.formats.sdtm.spec import Dataset, ValueLevel, Variable, methods, terms, value_levels
from trialsim.protocol import Protocol
from trialsim.terminology import Codelist, codelists

ODM, DEF, XLINK = "http://www.cdisc.org/ns/odm/v1.3", "http://www.cdisc.org/ns/def/v2.1", "http://www.w3.org/1999/xlink"
_XML = "http://www.w3.org/XML/1998/namespace"
_SOURCES = {"Collected": "Investigator", "Derived": "Sponsor", "Assigned": "Sponsor", "Protocol": "Sponsor"}
_EMPTY = "COM.EMPTY"


def define_xml(contents: Sequence[tuple[Dataset, frozenset[str]]], protocol: Protocol, as_of: np.datetime64) -> bytes:
    """The document for the datasets that were written.

    Args:
        contents: The datasets, in order, each with the variables that have data.
        protocol: The study's protocol.
        as_of: The world's today, which stands as the date of creation.
    """
    root, version = _document(protocol, as_of)
    written = [dataset for dataset, _ in contents]
    levels = [level for level in value_levels() if level.dataset in {dataset.name for dataset in written}]
    _standards(version)
    for build in (_value_list, _where_clauses):
        for level in levels:
            build(version, level)
    for dataset, filled in contents:
        _item_group(version, dataset, filled)
    for dataset, filled in contents:
        for variable in dataset.variables:
            _item(
                version,
                dataset,
                variable,
                filled,
                [x for x in levels if (x.dataset, x.variable) == (dataset.name, variable.variable)],
            )
    variables = [variable for dataset in written for variable in dataset.variables]
    lists = {**codelists(), **_protocol_codelists(protocol)}
    used = {v.codelist for v in variables if v.codelist} | {oid for level in levels for oid in level.codelists.values()}
    for oid in sorted(used):
        _codelist(version, lists[oid])
    for method in sorted({variable.method for variable in variables if variable.method}):
        element = _add(version, "MethodDef", OID=f"MT.{method}", Name=f"Algorithm {method}", Type="Computation")
        _describe(element, methods()[method])
    if any(variable.variable not in filled for dataset, filled in contents for variable in dataset.variables):
        comment = ET.SubElement(version, _def("CommentDef"), {"OID": _EMPTY})
        _describe(comment, "This study has no such data. Variables of a licensed dictionary are left empty.")
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _document(protocol: Protocol, as_of: np.datetime64) -> tuple[ET.Element, ET.Element]:
    for prefix, uri in (("", ODM), ("def", DEF), ("xlink", XLINK)):
        ET.register_namespace(prefix, uri)
    stated = {"FileType": "Snapshot", "FileOID": f"{protocol.study_id}.define", "ODMVersion": "1.3.2",
              "CreationDateTime": f"{as_of}T00:00:00", "Originator": "HealthSim TrialSim"}  # fmt: skip
    root = ET.Element(_odm("ODM"), {**stated, _def("Context"): "Submission"})
    study = _add(root, "Study", OID=f"{protocol.study_id}.STUDY")
    names = _add(study, "GlobalVariables")
    for tag, text in (
        ("StudyName", protocol.study_id),
        ("StudyDescription", protocol["title"]),
        ("ProtocolName", protocol.study_id),
    ):
        _add(names, tag).text = text
    words = f"Data definitions for study {protocol.study_id}"
    version = _add(
        study, "MetaDataVersion", OID=f"{protocol.study_id}.MDV", Name=f"Study {protocol.study_id}", Description=words
    )
    version.set(_def("DefineVersion"), "2.1.0")
    return root, version


def _standards(version: ET.Element) -> None:
    parent = ET.SubElement(version, _def("Standards"))
    for standard in terms()["standards"]:
        more = {"PublishingSet": standard["set"]} if "set" in standard else {}
        stated = {
            "OID": standard["oid"],
            "Name": standard["name"],
            "Type": standard["type"],
            "Version": standard["version"],
        }
        ET.SubElement(parent, _def("Standard"), {**stated, "Status": "Final", **more})


def _item_group(version: ET.Element, dataset: Dataset, filled: frozenset[str]) -> None:
    name, file = dataset.name, f"{dataset.name.lower()}.xpt"
    one_a_subject = dataset.name == "DM"
    group = _add(version, "ItemGroupDef", OID=f"IG.{name}", Name=name, Repeating="No" if one_a_subject else "Yes",
                 IsReferenceData="Yes" if dataset.reference else "No", SASDatasetName=name, Domain=name,
                 Purpose="Tabulation")  # fmt: skip
    for attribute, value in (
        ("Structure", dataset.structure),
        ("StandardOID", "STD.SDTMIG"),
        ("ArchiveLocationID", f"LF.{name}"),
    ):
        group.set(_def(attribute), value)
    _describe(group, dataset.label)
    for number, variable in enumerate(dataset.variables, 1):
        reference = _add(group, "ItemRef", ItemOID=f"IT.{name}.{variable.variable}", OrderNumber=str(number),
                         Mandatory="Yes" if variable.core == "Req" else "No")  # fmt: skip
        if variable.variable in dataset.keys:
            reference.set("KeySequence", str(dataset.keys.index(variable.variable) + 1))
        if variable.method:
            reference.set("MethodOID", f"MT.{variable.method}")
        if variable.variable not in filled:
            reference.set(_def("HasNoData"), "Yes")
    ET.SubElement(group, _def("Class"), {"Name": dataset.class_name})
    leaf = ET.SubElement(group, _def("leaf"), {"ID": f"LF.{name}", f"{{{XLINK}}}href": file})
    ET.SubElement(leaf, _def("title")).text = file


def _value_list(version: ET.Element, level: ValueLevel) -> None:
    element = ET.SubElement(version, _def("ValueListDef"), {"OID": f"VL.{level.dataset}.{level.variable}"})
    for number, codelist in enumerate(level.codelists.values(), 1):
        stated = {
            "ItemOID": f"IT.{level.dataset}.{level.variable}.{codelist}",
            "OrderNumber": str(number),
            "Mandatory": "Yes",
        }
        reference = _add(element, "ItemRef", **stated)
        ET.SubElement(
            reference, _def("WhereClauseRef"), {"WhereClauseOID": f"WC.{level.dataset}.{level.variable}.{codelist}"}
        )


def _where_clauses(version: ET.Element, level: ValueLevel) -> None:
    for value, codelist in level.codelists.items():
        clause = ET.SubElement(
            version, _def("WhereClauseDef"), {"OID": f"WC.{level.dataset}.{level.variable}.{codelist}"}
        )
        check = _add(clause, "RangeCheck", Comparator="EQ", SoftHard="Soft")
        check.set(_def("ItemOID"), f"IT.{level.dataset}.{level.by}")
        _add(check, "CheckValue").text = value


def _item(
    version: ET.Element, dataset: Dataset, variable: Variable, filled: frozenset[str], levels: Sequence[ValueLevel]
) -> None:
    item = _item_def(version, f"IT.{dataset.name}.{variable.variable}", variable, variable.codelist, levels)
    if variable.variable not in filled:
        item.set(_def("CommentOID"), _EMPTY)
    for level in levels:
        for codelist in level.codelists.values():
            _item_def(version, f"IT.{dataset.name}.{variable.variable}.{codelist}", variable, codelist)


def _item_def(
    version: ET.Element, oid: str, variable: Variable, codelist: str, levels: Sequence[ValueLevel] = ()
) -> ET.Element:
    item = _add(
        version, "ItemDef", OID=oid, Name=variable.variable, DataType=variable.type, SASFieldName=variable.variable
    )
    if variable.type in ("text", "integer", "float"):
        item.set("Length", str(variable.length))
    if variable.type == "float":
        item.set("SignificantDigits", "3")
    _describe(item, variable.label)
    if codelist:
        _add(item, "CodeListRef", CodeListOID=f"CL.{codelist}")
    origin = ET.SubElement(item, _def("Origin"), {"Type": variable.origin})
    if variable.origin in _SOURCES:
        origin.set("Source", _SOURCES[variable.origin])
    for level in levels:
        ET.SubElement(item, _def("ValueListRef"), {"ValueListOID": f"VL.{level.dataset}.{level.variable}"})
    return item


def _codelist(version: ET.Element, codelist: Codelist) -> None:
    element = _add(version, "CodeList", OID=f"CL.{codelist.oid}", Name=codelist.name, DataType="text")
    if codelist.nci_code:
        element.set(_def("StandardOID"), "STD.CT")
    elif codelist.terms:
        element.set(_def("IsNonStandard"), "Yes")
    if not codelist.terms:
        _add(element, "ExternalCodeList", Dictionary="ISO 3166-1 alpha-3", Version="2020")
    decoded = all(decode for _, decode in codelist.terms)
    for term, decode in codelist.terms:
        entry = _add(element, "CodeListItem" if decoded else "EnumeratedItem", CodedValue=term)
        if decoded:
            _translated(_add(entry, "Decode"), decode)
    if codelist.nci_code:
        _add(element, "Alias", Name=codelist.nci_code, Context="nci:ExtCodeID")


def _protocol_codelists(protocol: Protocol) -> dict[str, Codelist]:
    """Codelists of what the protocol names, limited to what it names."""
    labs, vitals, dosing = protocol["labs"]["tests"], protocol["vitals"]["tests"], protocol["dosing"]
    units = [unit for test in labs for unit in (test["unit"], test["standard_unit"])]
    summary = [*protocol["summary"], *_ACTUAL_SUMMARY]
    lists: list[tuple[str, str, str, Iterable[Any]]] = [
        ("ARMCD", "Arm Code", "", [(arm.code, arm.name) for arm in protocol.arms]),
        ("ARM", "Arm", "", [arm.name for arm in protocol.arms]),
        ("ETCD", "Element Code", "", [(element["code"], element["name"]) for element in protocol["elements"]]),
        ("ELEMENT", "Element", "", [element["name"] for element in protocol["elements"]]),
        ("IETESTCD", "Criterion", "", [(criterion.code, criterion.text) for criterion in protocol.criteria]),
        ("LBTESTCD", "Laboratory Test Code", "C65047", [(test["code"], test["name"]) for test in labs]),
        ("LBTEST", "Laboratory Test Name", "C67154", [test["name"] for test in labs]),
        ("LBCAT", "Category for Lab Test", "", [test["category"] for test in labs]),
        ("SPECTYPE", "Specimen Type", "C78734", [test["specimen"] for test in labs]),
        ("UNIT", "Unit", "C71620", [*units, dosing["unit"]]),
        ("VSTESTCD", "Vital Signs Test Code", "C66741", [(test["code"], test["name"]) for test in vitals]),
        ("VSTEST", "Vital Signs Test Name", "C67153", [test["name"] for test in vitals]),
        ("VSRESU", "Units for Vital Signs Results", "C66770", [test["unit"] for test in vitals]),
        ("POSITION", "Position", "C71148", [test["position"] for test in vitals if "position" in test]),
        ("FRM", "Pharmaceutical Dosage Form", "C66726", [dosing["form"]]),
        ("FREQ", "Frequency", "C71113", [dosing["frequency"]]),
        ("ROUTE", "Route of Administration Response", "C66729", [dosing["route"]]),
        ("TSPARMCD", "Trial Summary Parameter Test Code", "C66738", [(code, name) for code, name, *_ in summary]),
        ("TSPARM", "Trial Summary Parameter Test Name", "C67152", [name for _, name, *_ in summary]),
        ("COUNTRY", "Country", "", []),
    ]
    return {oid: Codelist(oid, name, nci, _pairs(values)) for oid, name, nci, values in lists}


_ACTUAL_SUMMARY = (
    ("TITLE", "Trial Title"), ("SPONSOR", "Clinical Study Sponsor"), ("NARMS", "Planned Number of Arms"),
    ("RANDQT", "Randomization Quotient"), ("ACTSUB", "Actual Number of Subjects"), ("SSTDTC", "Study Start Date"),
    ("DCUTDTC", "Data Cutoff Date"), ("DCUTDESC", "Data Cutoff Description"),
)  # fmt: skip


def _pairs(values: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys(value if isinstance(value, tuple) else (value, "") for value in values))


def _describe(parent: ET.Element, text: str) -> None:
    _translated(_add(parent, "Description"), text)


def _translated(parent: ET.Element, text: str) -> None:
    element = _add(parent, "TranslatedText")
    element.set(f"{{{_XML}}}lang", "en")
    element.text = text


def _add(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, _odm(tag), attributes)


def _odm(tag: str) -> str:
    return f"{{{ODM}}}{tag}"


def _def(tag: str) -> str:
    return f"{{{DEF}}}{tag}"

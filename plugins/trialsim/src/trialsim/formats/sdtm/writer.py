"""Write the datasets: observations chunk by chunk, design and define.xml at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from healthsim_core import Columns, Destination, Run, Text, from_arrow
from trialsim.formats import xpt
from trialsim.formats.sdtm import design, observations, subjects
from trialsim.formats.sdtm.define import define_xml
from trialsim.formats.sdtm.records import Spool, filled, ranked, records
from trialsim.formats.sdtm.source import Source, between
from trialsim.formats.sdtm.spec import Dataset, datasets
from trialsim.handlers.design import study_design
from trialsim.protocol import protocol_of
from trialsim.tables import STUDY, SUMMARY

BATCH = 1_000  # subjects


@attrs.frozen
class _Domain:
    build: Callable[[Source], subjects.Domain]
    any_of: tuple[str, ...]


DOMAINS: Mapping[str, _Domain] = {
    "DM": _Domain(subjects.demographics, ("trialsim.subject",)),
    "SE": _Domain(subjects.elements, ("trialsim.subject",)),
    "SV": _Domain(subjects.visits, ("trialsim.visit",)),
    "CM": _Domain(observations.medications, (observations.ORDERS, observations.PRESCRIPTIONS)),
    "EX": _Domain(observations.exposure, ("trialsim.exposure",)),
    "AE": _Domain(observations.adverse_events, ("trialsim.adverse_event",)),
    "DS": _Domain(subjects.disposition, ("trialsim.disposition",)),
    "DV": _Domain(observations.deviations, ("trialsim.deviation",)),
    "MH": _Domain(observations.medical_history, ("core.condition",)),
    "IE": _Domain(subjects.criteria_not_met, ("trialsim.eligibility",)),
    "LB": _Domain(observations.laboratory, ("trialsim.lab",)),
    "VS": _Domain(observations.vital_signs, ("trialsim.vital",)),
}


class SdtmWriter:
    """Writes one transport file a dataset that has rows, and define.xml."""

    def __init__(self, destination: Destination, run: Run) -> None:
        self.destination, self.run, self.protocol = destination, run, protocol_of(run)
        self._spools: dict[str, Spool] = {}
        self._consents: list[NDArray[np.datetime64]] = []
        self._enrolled = 0

    def write(self, tables: Mapping[str, pa.Table]) -> None:
        """Add a chunk's observations, a batch of subjects at a time, so that memory holds few of their records."""
        people = tables["trialsim.subject"]["person_id"].to_numpy()
        for start in range(0, len(people), BATCH):
            first, last = people[start], people[min(start + BATCH, len(people)) - 1]
            self._write(between(tables, first, last))

    def _write(self, tables: Mapping[str, pa.Table]) -> None:
        subject = from_arrow(tables["trialsim.subject"])
        source = Source(tables, self.protocol, subject, self.run.as_of)
        self._enrolled += int((~np.isnat(subject.array("randomization_date"))).sum())
        self._consents.append(subject.array("consent_date").min(keepdims=True))
        rank = np.argsort(np.argsort(ranked(subject["usubjid"]), kind="stable"), kind="stable")
        for name, domain in DOMAINS.items():
            if any(source.has(table) for table in domain.any_of):
                self._add(name, source, rank, *domain.build(source))

    def close(self) -> None:
        """Write the files, in the order of define.xml; none where nobody is a subject,
        as a design alone is no study."""
        if not self._consents:
            return
        written: list[tuple[Dataset, frozenset[str]]] = []
        planned = self._design()
        for name, dataset in datasets().items():
            head = xpt.header(name, dataset.label, dataset.xpt, self.run.as_of)
            if name in planned:
                rows = planned[name].tobytes()
                file = self.destination.open(f"{name.lower()}.xpt")
                file.write(head, rows=len(planned[name]))
                file.write(rows + xpt.padding(len(rows)))
                written.append((dataset, filled(dataset, planned[name])))
            elif name in self._spools:
                self._spools[name].copy_to(self.destination.open(f"{name.lower()}.xpt"), head)
                written.append((dataset, self._spools[name].filled))
        self.destination.open("define.xml").write(define_xml(written, self.protocol, self.run.as_of), rows=len(written))

    def _add(
        self, name: str, source: Source, rank: NDArray[np.intp], columns: Mapping[str, object], owner: NDArray[np.intp]
    ) -> None:
        if not len(owner):
            return
        subject = source.subject
        identity = {"STUDYID": Text.constant(self.protocol.study_id, len(owner)),
                    "DOMAIN": Text.constant(name, len(owner)),
                    "USUBJID": subject["usubjid"][owner]}  # fmt: skip
        rows, whose = records(datasets()[name], {**identity, **columns}, rank[owner], len(owner))
        spool = self._spools.get(name) or self._spools.setdefault(name, Spool(self.destination, datasets()[name]))
        site = subject.text("site_id")
        by_rank = np.empty(len(rank), np.int64)
        by_rank[rank] = site.codes
        codes = by_rank[whose]
        for code in np.unique(codes).tolist():
            spool.add(site.values[code].as_py(), rows[codes == code])

    def _design(self) -> dict[str, NDArray[np.void]]:
        planned = study_design(self.run)
        planned[SUMMARY.name] = self._with_actuals(planned[SUMMARY.name])
        observations = {}
        for name, build in design.DOMAINS.items():
            columns = build(planned, self.protocol)
            rows = len(next(iter(columns.values())))
            stated = {"STUDYID": Text.constant(self.protocol.study_id, rows), "DOMAIN": Text.constant(name, rows)}
            observations[name], _ = records(datasets()[name], {**stated, **columns}, np.zeros(rows, np.intp), rows)
        assert planned[STUDY.name].rows == 1
        return observations

    def _with_actuals(self, summary: Columns) -> Columns:
        """The planned parameters, and what is known only when all subjects are: how many, and since when."""
        actual = {"ACTSUB": ("Actual Number of Subjects", str(self._enrolled))}
        if self._consents:
            actual["SSTDTC"] = ("Study Start Date", str(np.concatenate(self._consents).min().astype("datetime64[D]")))
        actual["DCUTDTC"] = ("Data Cutoff Date", str(self.run.as_of))
        actual["DCUTDESC"] = ("Data Cutoff Description", "AS OF THE RUN")
        rows = {
            "parameter_code": Text.of(list(actual)), "parameter": Text.of([name for name, _ in actual.values()]),
            "value": Text.of([value for _, value in actual.values()]), "sequence": np.ones(len(actual), np.int64),
        }  # fmt: skip
        return Columns.concat([summary.select(rows), Columns(rows, len(actual))])

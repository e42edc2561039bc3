"""What MemberSim can bill: classes of visits and stays, and the DRG that a stay must have.

An observation stay is an outpatient bill by the hour, a stay in a skilled nursing facility one by the day: neither is
an office visit or an acute stay. Until they have their own prices they have no claim,
and formats of claims refuse them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from healthsim_core import Events, Mistakes, PlannedEvent, Run, SpecificationError, Text, text, value_set
from membersim.facts import rows
from membersim.registries import weights_of

VISITS, STAYS = ("AMB", "EMER", "HH", "VR"), ("ACUTE", "IMP")
_BILLED = {"encounter": VISITS, "claim_professional": VISITS, "admission": STAYS}
_USUAL = {"claim_professional": "AMB", "claim_institutional": "IMP"}


def refuse_classes(name: str, events: Sequence[PlannedEvent]) -> None:
    """Refuse events of classes that have no claim, for the format `name` that would have to tell it."""
    mistakes = Mistakes()
    for event in events:
        if event.event_type == "claim_professional" and event.ancestor("encounter") is not None:
            continue  # of its encounter's class
        said = event.texts.get("class") or ()
        for word in sorted(
            stated for stated in said if event.event_type in _BILLED and _class(stated) not in _BILLED[event.event_type]
        ):
            with mistakes.caught():
                what = f'{name} cannot say the class "{word}" of "{event.event_type}" yet: MemberSim cannot bill it.'
                remedy = f"Leave {name} out, or take another class: {', '.join(_BILLED[event.event_type])}."
                raise SpecificationError(what, f"{event.where}.class", remedy)
    mistakes.tell()


def review(run: Run, events: Sequence[PlannedEvent]) -> None:
    """Refuse stays that would be billed and have no DRG, or one that the run's own weights lack: nobody guesses it.

    What is no MS-DRG at all is refused where the parameter says it.
    """
    mistakes, lacking = Mistakes(), {row["drg"] for row in rows("msdrg")} - set(weights_of(run).weight)
    for event in events:
        if event.event_type != "claim_institutional" or not _is_billed(event.ancestor("admission")):
            continue
        for word in sorted(lacking & (event.texts.get("drg") or frozenset())):
            with mistakes.caught():
                what = f'the MS-DRG "{word}" has no weight in this run, so that nobody can price the stay.'
                raise SpecificationError(
                    what, f"{event.where}.drg", "Give one that has, or load a table with its weight."
                )
        if "drg" not in event.sure:
            with mistakes.caught():
                what = "the stay has no DRG for everybody, and MemberSim bills none without: it is not guessed."
                remedy = (
                    'Give the discharge its "drg", the three digits of an MS-DRG, or leave membersim out of products.'
                )
                raise SpecificationError(what, f"{event.where}.drg", remedy)
    mistakes.tell()


def _is_billed(admission: PlannedEvent | None) -> bool:
    said = admission.texts.get("class", frozenset()) if admission is not None else frozenset()
    return not said or any(_class(word) in STAYS for word in said)


def _class(word: str) -> str:
    return value_set("encounter-class").canonical(word) or word


def classes(claims: Events, admissions: Events) -> Text:
    """The class of the visit or stay that each claim bills."""
    stay = np.asarray(claims.type == "claim_institutional")
    admission = text.positions(admissions.id, claims.ancestor("admission").array("id"))
    of_stay = admissions.parameters.text("class").take_or_null(admission).only(stay)
    return of_stay.or_else(claims.parameters.text("class").only(~stay)).or_else(claims.type.recode(_USUAL.get))


def billable(claims: Events, kind: Text) -> NDArray[np.bool_]:
    """Which claims are of classes that are billed."""
    institutional, professional = (
        np.asarray(claims.type == name) for name in ("claim_institutional", "claim_professional")
    )
    return np.where(institutional, kind.isin(STAYS), np.where(professional, kind.isin(VISITS), True))


def groups(claims: Events, drg: Text, stay: NDArray[np.bool_]) -> Text:
    """The DRG of each stay.

    Raises:
        SpecificationError: A stay has none, or one that is not in the list.
    """
    weights = weights_of(claims.run).weight
    group = drg.only(stay)
    lacking = stay & ~group.isin(weights)
    if lacking.any():
        word = group[np.flatnonzero(lacking)[:1]].to_pylist()[0]
        what = "a stay has no DRG." if word is None else f'a stay has the DRG "{word}", which is not in the list.'
        raise SpecificationError(what, "discharge.drg", 'Give every discharge a "drg" of the list.')
    return group


def unbilled(events: Events) -> dict[str, int]:
    """How many visits and stays have no claim because of their class, by what is to be said of it."""
    claims = events.where(events.type.isin(_USUAL))
    kind = classes(claims, events.where(events.type == "admission"))
    left = ~billable(claims, kind)
    names = sorted({word for word in kind[left].to_pylist() if word})
    told = "visits and stays of class {} have no claim, because MemberSim cannot bill them yet"
    return {told.format(name): int(np.sum(left & (kind == name))) for name in names}

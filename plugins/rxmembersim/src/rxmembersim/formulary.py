"""The formulary: what a drug is to the plan, found by its NDC, else by its class."""

from __future__ import annotations

import functools

import attrs
import numpy as np
from numpy.typing import NDArray

from healthsim_core import Text
from rxmembersim.facts import document, rows

EXCLUDED = "excluded"
OTHER = "other"


@attrs.frozen(eq=False)
class Formulary:
    """Products first, then classes, one row each; `find` gives the row of every drug.

    Attributes:
        classes: Names of the therapeutic classes.
        drug_class: Int array (rows,): index into `classes`.
        tier: Int array (rows,): 1 to 5.
        unit_price: Float array (rows,): dollars a unit.
        brand: Boolean array (rows,): priced as a brand.
        unit: Unit of measure by row: EA, GM or ML.
        benefit: The kind of service that a plan covers it as: pharmacy, insulin, vaccine.
        authorization: Boolean array (rows,): needs a prior authorization.
        excluded: Coverage types that leave the drug out, by row.
        by_ndc: Row by NDC.
        by_class: Row by class name or another name of the class, lower case.
    """

    classes: tuple[str, ...]
    drug_class: NDArray[np.int64]
    tier: NDArray[np.int64]
    unit_price: NDArray[np.float64]
    brand: NDArray[np.bool_]
    unit: tuple[str, ...]
    benefit: Text
    authorization: NDArray[np.bool_]
    excluded: tuple[frozenset[str], ...]
    by_ndc: dict[str, int]
    by_class: dict[str, int]

    def find(self, ndc: Text, drug_class: Text) -> NDArray[np.int64]:
        """Row of each drug: by NDC, else by class, else the row of all other drugs."""
        other = self.by_class[OTHER]
        product = ndc.map(lambda code: self.by_ndc.get(code, -1), np.int64, -1)
        of_class = drug_class.map(lambda name: self.by_class.get(_plain(name), other), np.int64, other)
        return np.where(product >= 0, product, of_class)

    def is_excluded(self, row: NDArray[np.int64], coverage_type: Text) -> NDArray[np.bool_]:
        """Whether the coverage leaves the drug out."""
        kinds = coverage_type.values.to_pylist()
        table = np.array([[kind in left_out for kind in kinds] + [False] for left_out in self.excluded])
        return np.asarray(table[row, coverage_type.codes])

    def class_names(self, row: NDArray[np.int64], said: Text) -> Text:
        """The formulary's name of each drug's class; of a drug that it does not know, what is said."""
        drug_class = self.drug_class[row]
        known = Text(drug_class, list(self.classes)).only(drug_class != self.classes.index(OTHER))
        return known.or_else(said).or_else(OTHER)


@functools.cache
def formulary() -> Formulary:
    """The bundled formulary."""
    products, classes, said = rows("formulary"), rows("classes"), document("payers")["benefits"]
    names = tuple(dict.fromkeys([*(row["drug_class"] for row in classes), *(row["drug_class"] for row in products)]))
    every = [*products, *classes]
    by_class = {_plain(product["drug_class"]): at for at, product in reversed(list(enumerate(products)))}
    for at, row in enumerate(classes, len(products)):
        by_class |= {_plain(name): at for name in (row["drug_class"], *filter(None, row["aliases"].split("|")))}
    return Formulary(
        classes=names,
        drug_class=np.array([names.index(row["drug_class"]) for row in every]),
        tier=np.array([int(row["tier"]) for row in every]),
        unit_price=np.array([float(row["unit_price"]) for row in every]),
        brand=np.array([int(row["tier"]) >= 3 for row in every]),
        unit=tuple(row["unit"] for row in every),
        benefit=Text.of([said["by_class"].get(row["drug_class"], said["otherwise"]) for row in every]),
        authorization=np.array([row["prior_authorization"] == "yes" for row in every]),
        excluded=tuple(frozenset(row["excluded"].split()) for row in every),
        by_ndc={product["ndc"]: at for at, product in enumerate(products)},
        by_class=by_class,
    )


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", " ")

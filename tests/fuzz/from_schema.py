"""Documents made from their JSON Schema alone: whatever it allows, in small numbers and with words that sometimes fit.

Ready-made generators do not take schemas that refer to themselves, as distributions within distributions do; this one
leaves out what is optional, and takes the plainest form, the deeper it comes.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

DEEP = 7  # levels, from which on only what must be there is there
ALWAYS = ("events", "days", "age")  # nobody writes a journey without the first, or a delay of no unit
NAMES = ["a", "b", "c", "x-1"]
EXPRESSIONS = ["age > 40", "sex == 'F'", "a > 1", "outcome.a < 3"]
EXPRESSIONS += ["'E11' in conditions", "branch.a == 'b'", "age / 50", "not a", "2", "nosuch"]
WORDS: dict[str, list[str]] = {  # by the name of the field
    "event_type": ["milestone", "encounter", "diagnosis", "medication_order", "referral", "procedure", "death", "a"],
    "template": ["diabetic-first-year", "annual-wellness", "a"],
    "profile": ["diabetic-senior"],
    "role": ["subscriber", "spouse", "dependent"],
    "fips": ["06073", "48201"],
    "code": ["E11", "I10", "E11.9"],
    "birth": ["birth"],
    "at": ["09:00", "17:30", "25:00"],
    "between": ["2024-01-01", "2025-06-30", "08:00", "17:00"],
    "products": ["patientsim", "membersim"],
    "bands": ["0-17", "18-64", "65+"],
    "prevalence": ["0-64", "65+"],
    "counties": ["06073", "48201"],
    "coverage_type": ["Commercial", "commercial", "Medicare", "uninsured"],
    "services": ["primary", "pharmacy", "insulin", "other", "dentist"],
    "tiers": ["1", "5", "9", "10"],
    "insurance_line": ["PPO", "HMO", "XX"],
    **dict.fromkeys(
        ["if", "when", "condition", "conditions", "until", "expression", "fan_out", "mean", "sd", "probability"],
        EXPRESSIONS,
    ),
}
WORDS |= {name: ["12", "HM", "99"] for name in "PIR"}
WORDS |= {
    name: ["2024", "2025", "2026", "26"]
    for name in ("individual", "family", "copay", "penalty", "maximum", "stay_deductible")
}
NUMBERS = [0, 1, 1, 2, 0.5, 0.25, 5, 30, 50, 365, -1, 1e6]


def documents(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Documents that a schema allows, each from a seed of its own."""
    return st.integers(0, 2**32).map(lambda seed: _Walk(schema["$defs"], random.Random(seed)).value(schema, "", 0))


class _Walk:
    """One document in the making."""

    def __init__(self, parts: dict[str, Any], chance: random.Random) -> None:
        self.parts, self.chance = parts, chance
        self.share = chance.choice([0.02, 0.1, 0.3])  # of what is optional

    def value(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        """A value that `schema` allows for the field `name`."""
        if "$ref" in schema:
            return self.value(self.parts[schema["$ref"].rsplit("/", 1)[-1]], name, depth + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        forms = schema.get("anyOf") or schema.get("oneOf")
        if forms:
            return self.value(self._form(forms, depth), name, depth)
        kind = schema.get("type", "string")
        return getattr(self, f"_{self.chance.choice(kind) if isinstance(kind, list) else kind}")(schema, name, depth)

    def _form(self, forms: list[dict[str, Any]], depth: int) -> dict[str, Any]:
        plain = [form for form in forms if form.get("type") not in ("object", "array", None)]
        given = [form for form in forms if form.get("type") != "null"]
        return self.chance.choice(plain if plain and depth > DEEP else given)

    def _null(self, schema: dict[str, Any], name: str, depth: int) -> None:
        return None

    def _boolean(self, schema: dict[str, Any], name: str, depth: int) -> bool:
        return self.chance.random() < 0.5

    def _number(self, schema: dict[str, Any], name: str, depth: int) -> float:
        low, high = schema.get("minimum", schema.get("exclusiveMinimum", -1e9)), schema.get("maximum", 1e9)
        return self.chance.choice([number for number in NUMBERS if low <= number <= high] or [low])

    def _integer(self, schema: dict[str, Any], name: str, depth: int) -> int:
        return int(self._number(schema, name, depth))

    def _string(self, schema: dict[str, Any], name: str, depth: int) -> str:
        if schema.get("format") == "date":
            return self.chance.choice(["2024-02-29", "2025-06-30", "1990-01-01"])
        return self.chance.choice(WORDS.get(name, NAMES))

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        if "prefixItems" in schema:
            return [self.value(item, name, depth + 1) for item in schema["prefixItems"]]
        least = schema.get("minItems", 0)
        length = max(least, self.chance.choice([1, 1, 2, 3] if depth < 2 else [0, 1, 1, 2]) if depth < DEEP else 0)
        return [
            self.value(schema.get("items", {}), name, depth + 1)
            for _ in range(min(length, schema.get("maxItems", length)))
        ]

    def _required(self, schema: dict[str, Any]) -> set[str]:
        """The fields that must be there; of those with several names each."""
        named = [
            name for part in schema.get("allOf", ()) for each in part.get("oneOf", ()) for name in each["required"]
        ]
        return {*schema.get("required", ()), *named}

    def _named(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The fields by one of their names: another one seldom, and never two but where it is made wrong."""
        properties = dict(schema.get("properties", {}))
        for part in schema.get("allOf", ()):
            names = [each["required"][0] for each in part["oneOf"]] if "oneOf" in part else part["not"]["required"]
            kept = names[0] if self.chance.random() < 0.8 else self.chance.choice(names)
            for name in names:
                if name != kept and any(other in properties for other in names if other != name):
                    properties.pop(name, None)
        return properties

    def _object(self, schema: dict[str, Any], name: str, depth: int) -> dict[str, Any]:
        properties, required, found = self._named(schema), self._required(schema), {}
        share = self.share if depth < DEEP else 0.0
        for field, inner in properties.items():
            if field in required or field in ALWAYS or self.chance.random() < share:
                found[field] = self.value(inner, field, depth + 1)
        free = schema.get("additionalProperties") or next(iter(schema.get("patternProperties", {}).values()), None)
        if isinstance(free, dict):
            names = self.chance.sample(
                words := WORDS.get(name, NAMES), min(len(words), self.chance.choice([1, 2, 2, 3]))
            )
            found |= {each: self.value(free, each, depth + 1) for each in names}
            numbers = all(isinstance(number, int | float) for number in found.values())
            if numbers and self.chance.random() < 0.8:  # weights, for most mappings to numbers are
                found = {each: 1 / len(found) for each in found}
        return found

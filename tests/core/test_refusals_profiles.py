"""Profiles that cannot be: each mistake is told with its path, what is wrong there, and what to write instead."""

from __future__ import annotations

import clinic
import pytest

from healthsim_core.errors import SpecificationError
from healthsim_core.generator import make_plan

WEIGHTS = {"type": "categorical", "weights": {"F": 0.5, "M": 0.5}}


def age(**fields: object) -> dict:
    return {"demographics": {"age": fields}}


def x(written: object) -> dict:
    return {"attributes": {"x": written}}


WRONG = [
    (age(type="normal", mean=50), "demographics.age.sd", 'the field "sd" is missing', "Add it."),
    (age(type="normal", mean="fifty", sd=1), "demographics.age.mean", '"fifty" reads "fifty", which nobody has', ""),
    (age(type="normal", mean="50", sd=1), "demographics.age.mean", '"50" is the same for everybody', "Write a number"),
    (age(mean=50, sd=1), "demographics.age", 'the field "type" is missing', "Say which distribution it is"),
    (
        age(type="nrmal", mean=50, sd=1),
        "demographics.age",
        'no distribution is called "nrmal"',
        'Did you mean "normal"?',
    ),
    (age(type="uniform", min=80, max=20), "demographics.age.max", "min 80 is above max 20", "Give a greater max."),
    (
        age(type="age_bands", bands={"0-17": 0.5, "18+": 0.4}),
        "demographics.age.bands",
        "the weights sum to 0.9",
        "Make them sum to 1.",
    ),
    (
        age(type="age_bands", bands={"old": 1}),
        "demographics.age.bands.old",
        '"old" is not an age band',
        'Write "0-17", "65+" or "40".',
    ),
    (age(type="constant", value=-5), "demographics.age", "an age is 0 to 120, not -5", "Give 0 to 120."),
    ({"demographics": {"age": 500}}, "demographics.age", "an age is 0 to 120, not 500", "Give 0 to 120."),
    (age(type="uniform", min=60, max=130), "demographics.age.max", "an age is 0 to 120, not 130", "Give 0 to 120."),
    (
        age(type="explicit", values={"40": 0.9, "121": 0.1}),
        "demographics.age",
        "the age is a text, not a number",
        "Give a number.",
    ),
    (
        age(type="explicit", values=[40, 121]),
        "demographics.age.values[1]",
        "an age is 0 to 120, not 121",
        "Give 0 to 120.",
    ),
    (age(type="age_bands", bands={"100-130": 1}), "demographics.age.bands.100-130", "goes beyond 120", 'write "100+"'),
    (
        age(type="normal", mean=40, sd=60),
        "demographics.age",
        "34% of these ages are not 0 to 120",
        'Say "min" and "max"',
    ),
    (
        age(type="gamma", mean=70, sd=30, min=18),
        "demographics.age",
        "of these ages are not 0 to 120",
        'Say "min" and "max"',
    ),
    (age(type="poisson", mean=115), "demographics.age", "of these ages are not 0 to 120", 'Say "min" and "max"'),
    (
        age(
            type="conditional",
            rules=[{"if": "sex == 'F'", "then": {"type": "log_normal", "mean": 60, "sd": 30}}],
            default=50,
        ),
        "demographics.age.rules[0].then",
        "of these ages are not 0 to 120",
        'Say "min" and "max"',
    ),
    (
        {"members": [{"role": "subscriber", "age": 150}]},
        "members[0].age",
        "an age is 0 to 120, not 150",
        "Give 0 to 120.",
    ),
    ({"demographics": {"sex": "X"}}, "demographics.sex", '"X" is no sex', "Known: F, M."),
    ({"demographics": {"race": "Klingon"}}, "demographics.race", '"Klingon" is no race', "Known: aian, asian, black"),
    (
        {"demographics": {"race": {"type": "categorical", "weights": {"white": 0.5, "Two or mre races": 0.5}}}},
        "demographics.race.weights.Two or mre races",
        '"Two or mre races" is no race',
        'Did you mean "multiple" (Two or more races)?',
    ),
    (
        {"demographics": {"ethnicity": "hispnic"}},
        "demographics.ethnicity",
        '"hispnic" is no ethnicity',
        'Did you mean "hispanic"?',
    ),
    (
        {"demographics": {"language": "Spanish"}},
        "demographics.language",
        '"Spanish" is no language',
        'Did you mean "es" (Spanish)?',
    ),
    (
        {"demographics": {"language": {"type": "derived", "expression": "'english'"}}},
        "demographics.language",
        '"english" is no language',
        'Did you mean "en" (English)?',
    ),
    ({"members": [{"role": "subscriber", "sex": "Q"}]}, "members[0].sex", '"Q" is no sex', "Known: F, M."),
    (
        {"coverage": {"type": "Medicaire"}},
        "coverage.type",
        '"Medicaire" is no coverage type',
        'Did you mean "Medicare"?',
    ),
    ({"coverage": {"type": "TRICARE"}}, "coverage.type", '"TRICARE" is no coverage type', ""),
    (
        {"coverage": {"type": {"type": "mixture", "components": [{"weight": 1, "distribution": "Dual"}]}}},
        "coverage.type.components[0].distribution",
        '"Dual" is no coverage type',
        "Known: Commercial, Medicaid, Medicare, uninsured.",
    ),
    (
        {"clinical": {"conditions": [{"code": "E11", "when": "coverage_type == 'medicare'"}]}},
        "clinical.conditions[0].when",
        "compares `coverage_type` with 'medicare', which it never is",
        'Did you mean "Medicare"?',
    ),
    (
        {"clinical": {"conditions": [{"code": "E11", "when": "race == 'Klingon'"}]}},
        "clinical.conditions[0].when",
        "compares `race` with 'Klingon', which it never is",
        "Known: aian",
    ),
    (
        {"attributes": {"age": 3}},
        "attributes.age",
        '"age" is a column that everybody has',
        'State it in "demographics.age"',
    ),
    (
        {"attributes": {"person_id": 3}},
        "attributes.person_id",
        '"person_id" is a column that everybody has',
        "Choose another name.",
    ),
    (
        {"custom": {"subscriber_sex": 1}},
        "custom.subscriber_sex",
        '"subscriber_sex" is what expressions call',
        "Choose another name.",
    ),
    (
        {"attributes": {"death_time": 3}},
        "attributes.death_time",
        '"death_time" is a column that everybody has',
        "Choose another name.",
    ),
    (
        {"attributes": {"a b": 1}},
        "attributes.a b",
        '"a b" is a name that nothing can read',
        "Use letters, digits and _.",
    ),
    (
        {"attributes": {"condition.E11": 1}},
        "attributes.condition.E11",
        'they read "condition." as a prefix',
        "Choose another name.",
    ),
    (
        {"clinical": {"lab_values": {"zip": 1}}},
        "clinical.lab_values.zip",
        '"zip" is a column that everybody has',
        "Choose another name.",
    ),
    (
        {"clinical": {"lab_values": {"hba1cc": 7}}},
        "clinical.lab_values.hba1cc",
        'no laboratory value is called "hba1cc"',
        'Did you mean "a1c"? A value of your own goes into "attributes".',
    ),
    (
        {"clinical": {"lab_values": {"hemoglobin_a1c": 7}}},
        "clinical.lab_values.hemoglobin_a1c",
        "no laboratory value",
        '"a1c"?',
    ),
    (
        {"clinical": {"lab_values": {"a1c": -5}}},
        "clinical.lab_values.a1c",
        'are not what "a1c" may be',
        "Give 0 to 100.",
    ),
    (
        {"clinical": {"lab_values": {"glucose": {"type": "uniform", "min": -20, "max": 80}}}},
        "clinical.lab_values.glucose",
        '20% of its values are not what "glucose" may be',
        "Give 0 or more.",
    ),
    (
        {"clinical": {"lab_values": {"ldl": "high"}}},
        "clinical.lab_values.ldl",
        "ldl is a text, not a number",
        "Give a number.",
    ),
    (
        {"clinical": {"severity": "awful"}},
        "clinical.severity",
        '"awful" is no severity',
        "Known: controlled, critical, mild",
    ),
    (
        {"clinical": {"primary_condition": {"code": "I21.4", "severity": "mild"}, "severity": "awful"}},
        "clinical.severity",
        '"awful" is no severity',
        "Known: controlled",
    ),
    (
        {"members": [{"role": "subscriber", "attributes": {"household_id": 1}}]},
        "members[0].attributes.household_id",
        '"household_id" is a column that everybody has',
        "Choose another name.",
    ),
    (
        {"demographics": {"sex": {"type": "categorical", "weights": {"F": 1, "M": -1}}}},
        "demographics.sex.weights.M",
        "-1 is below 0",
        "Give 0",
    ),
    ({"demographics": {"age": "old"}}, "demographics.age", "the age is a text, not a number", "Give a number."),
    ({"demographics": {"gendr": WEIGHTS}}, "demographics.gendr", 'there is no field "gendr"', 'Did you mean "gender"?'),
    (
        {"demographics": {"geography": {"fips": "6073"}}},
        "demographics.geography.fips",
        "6073 is four digits",
        'Write "06073".',
    ),
    (
        {"demographics": {"geography": {"county": 1001}}},
        "demographics.geography.county",
        "1001 is a number",
        'Write "01001".',
    ),
    (
        {"demographics": {"geography": {"fips": "607"}}},
        "demographics.geography.fips",
        '"607" has another form',
        "Write five digits",
    ),
    ({"reference": {"type": "county", "fips": 8001}}, "reference.fips", "8001 is a number", 'Write "08001".'),
    (
        {"demographics": {"geography": {}}},
        "demographics.geography",
        'there is not one of "fips" and "counties"',
        'Say "fips"',
    ),
    (
        {"clinical": {"conditions": ["diabetes"]}},
        "clinical.conditions[0]",
        '"diabetes" has another form',
        "Write an ICD-10-CM code",
    ),
    ({"clinical": {"conditions": [{}]}}, "clinical.conditions[0].code", 'the field "code" is missing', "Add it."),
    (
        {"clinical": {"conditions": [{"code": "E11", "prevalence": {"0-17": 2}}]}},
        "clinical.conditions[0].prevalence.0-17",
        "2 is above 1",
        "Give 1 or less.",
    ),
    (
        {"clinical": {"conditions": [{"code": "E11", "when": "age + 1"}]}},
        "clinical.conditions[0].when",
        "is a number, not a condition",
        "Com",
    ),
    (
        {"clinical": {"conditions": [{"code": "E11", "when": {"field": "age + 1", "value": 3}}]}},
        "clinical.conditions[0].when.field",
        '"age + 1" has another form',
        'Write a name, such as "age"',
    ),
    (
        x({"type": "derived", "expression": "x + 1"}),
        "attributes.x.expression",
        '"x + 1" reads "x", which nobody has',
        "",
    ),
    (
        x({"type": "derived", "expression": "agee * 2"}),
        "attributes.x.expression",
        'reads "agee"',
        'Did you mean "age"?',
    ),
    (
        x({"type": "explicit", "values": []}),
        "attributes.x.values",
        "there are no values with a weight",
        "Give at least one.",
    ),
    (
        x({"type": "explicit", "values": [1, "a"]}),
        "attributes.x.values",
        "some values are text and others numbers",
        "Make all of them",
    ),
    (
        x({"type": "mixture", "components": [{"weight": "all", "distribution": 1}]}),
        "attributes.x.components[0].weight",
        '"all" is not a',
        "Give",
    ),
    (x([1, 2]), "attributes.x", "[1, 2]", ""),
    (
        {"correlate": [{"attributes": ["age"], "matrix": [[1]]}]},
        "correlate[0].attributes",
        "has 1 items",
        "Give 2 or more.",
    ),
    (
        {"members": [{"role": "spouse"}]},
        "members",
        "a household has one subscriber, not 0",
        "Give one member that role.",
    ),
    ({"members": [{"role": "child"}]}, "members[0].role", '"child" is not one of', ""),
    ({"members": []}, "members", "has 0 items", "Give 1 or more."),
    (
        {"members": [{"role": "subscriber", "age": 12}]},
        "members[0].age",
        "a subscriber is an adult, not 12",
        "Give 18 or more.",
    ),
    ({"generation": {"count": -1}}, "generation.count", "-1 is below 0", "Give 0 or more."),
    ({"generation": {"count": "many"}}, "generation.count", '"many" is not a whole number', "Give a whole number."),
    ({"generation": {"start": "soon"}}, "generation.start", '"soon"', ""),
    (
        {"generation": {"validation": "strickt"}},
        "generation.validation",
        '"strickt" is not one of',
        'Did you mean "strict"?',
    ),
    ({"id": "my profile"}, "id", '"my profile" has another form', "Use letters, digits, - and _."),
    ({"atributes": {}}, "atributes", 'there is no field "atributes"', 'Did you mean "attributes"?'),
    (
        {"journeys": [{"template": "a", "id": "b"}]},
        "journeys[0].id",
        '"id" and "template" are two names of one field',
        "Leave one",
    ),
    (
        {"demographics": {"sex": "F", "gender": "F"}},
        "demographics.gender",
        '"gender" and "sex" are two names of one',
        "Leave one",
    ),
    ({"journeys": [{}]}, "journeys[0]", 'there is not one of "template" and "inline"', 'Say either "template"'),
    ({"outputs": "csv"}, "outputs", '"csv" is not a list', "Give a list."),
]


@pytest.mark.parametrize(
    ("profile", "where", "what", "remedy"), WRONG, ids=[f"{where}: {what[:30]}" for _, where, what, _ in WRONG]
)
def test_it_is_refused_with_path_value_and_remedy(profile: dict, where: str, what: str, remedy: str) -> None:
    with pytest.raises(SpecificationError) as refused:
        make_plan(profile, catalog=clinic.catalog(), count=1)
    (mistake,) = refused.value.mistakes
    assert (mistake.where, what in mistake.what, remedy in mistake.remedy) == (where, True, True), str(refused.value)

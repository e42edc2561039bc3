"""The arithmetic of benefits, against a slow adjudicator written for one claim line at a time."""

from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from membersim.benefits import Limits, Lines, adjudicate
from membersim.pricing import parts

MEMBERS, FAMILIES = 6, 3  # member m belongs to family m // 2
CENTS = st.integers(0, 500_000)
LIMIT = st.sampled_from([0, 1, 25_700, 100_000, 400_000, 1 << 50])


@st.composite
def cases(draw):
    """Claims of one to three lines each, of members of three families, in order of adjudication."""
    claims = draw(st.lists(st.tuples(st.integers(0, MEMBERS - 1), CENTS, st.sampled_from([0, 100, 200, 1000]),
                                     st.booleans(), st.booleans(),
                                     st.lists(CENTS, min_size=1, max_size=3)), max_size=12))  # fmt: skip
    lines = [
        {
            "member": member,
            "first": index == 0,
            "copay": copay,
            "rate": rate,
            "flat": flat,
            "applies": applies,
            "allowed": amount,
        }
        for member, copay, rate, flat, applies, amounts in claims
        for index, amount in enumerate(amounts)
    ]
    limits = {name: draw(st.lists(LIMIT, min_size=size, max_size=size))
              for name, size in (("dm", MEMBERS), ("om", MEMBERS), ("df", FAMILIES), ("of", FAMILIES))}  # fmt: skip
    return lines, limits


def run(lines, limits):
    def column(name, dtype=np.int64):
        return np.array([line[name] for line in lines], dtype)

    columns = Lines(
        member=column("member"), family=column("member") // 2, first=column("first", bool), allowed=column("allowed"),
        copay=column("copay"), flat_deductible=column("flat", bool), coinsurance=column("rate"),
        deductible_applies=column("applies", bool),
    )  # fmt: skip
    arrays = {name: np.array(values, np.int64) for name, values in limits.items()}
    return adjudicate(columns, Limits(arrays["dm"], arrays["om"]), Limits(arrays["df"], arrays["of"]))


def slowly(lines, limits):
    """What a claims examiner would work out by hand, line after line: [(deductible, copay, coinsurance)]."""
    used, due, worked = defaultdict(int), {}, []
    for line in lines:
        member, family = line["member"], line["member"] // 2
        if line["first"]:
            due[family] = line["copay"]
        out_of_pocket_left = min(limits["om"][member] - used["om", member], limits["of"][family] - used["of", family])
        deductible_left = min(limits["dm"][member] - used["dm", member], limits["df"][family] - used["df", family])
        deductible = min(line["allowed"], deductible_left, out_of_pocket_left) if line["applies"] else 0
        rest = line["allowed"] - deductible
        asked = min(due[family], rest)
        due[family] -= asked
        copay = min(asked, out_of_pocket_left - deductible)
        coinsurance = min(int((rest - asked) * line["rate"] / 1000 + 0.5), out_of_pocket_left - deductible - copay)
        for key in (("dm", member), ("df", family)):
            used[key] += deductible
        for key in (("om", member), ("of", family)):
            used[key] += deductible + copay + coinsurance
        worked.append((deductible + copay, 0, coinsurance) if line["flat"] else (deductible, copay, coinsurance))
    return worked, used


@given(cases())
@settings(max_examples=150, deadline=None)
def test_columns_agree_with_an_examiner_who_works_line_by_line(case):
    lines, limits = case

    shares = run(lines, limits)

    worked, used = slowly(lines, limits)
    assert (
        list(zip(shares.deductible.tolist(), shares.copay.tolist(), shares.coinsurance.tolist(), strict=True)) == worked
    )
    assert shares.member_out_of_pocket.tolist() == [used["om", member] for member in range(MEMBERS)]
    assert shares.family_deductible.tolist() == [used["df", family] for family in range(FAMILIES)]


@given(cases())
@settings(max_examples=80, deadline=None)
def test_no_accumulator_passes_its_limit(case):
    lines, limits = case

    shares = run(lines, limits)

    assert (shares.member_deductible <= limits["dm"]).all()
    assert (shares.member_out_of_pocket <= limits["om"]).all()
    assert (shares.family_deductible <= limits["df"]).all()
    assert (shares.family_out_of_pocket <= limits["of"]).all()


@given(cases())
@settings(max_examples=80, deadline=None)
def test_a_share_is_never_negative_nor_more_than_what_is_allowed(case):
    lines, limits = case

    shares = run(lines, limits)

    share = shares.deductible + shares.copay + shares.coinsurance
    assert all(np.all(part >= 0) for part in (shares.deductible, shares.copay, shares.coinsurance))
    assert (share <= [line["allowed"] for line in lines]).all()


@given(cases())
@settings(max_examples=80, deadline=None)
def test_the_applied_amount_is_the_sum_of_what_lines_paid(case):
    lines, limits = case

    shares = run(lines, limits)

    share = shares.deductible + shares.copay + shares.coinsurance
    members = np.array([line["member"] for line in lines], np.int64)
    assert np.bincount(members, share, MEMBERS).tolist() == shares.member_out_of_pocket.tolist()
    assert np.bincount(members // 2, share, FAMILIES).tolist() == shares.family_out_of_pocket.tolist()


def line(member, allowed, **terms):
    return {
        "member": member,
        "first": True,
        "copay": 0,
        "rate": 200,
        "flat": False,
        "applies": True,
        "allowed": allowed,
        **terms,
    }


NO_LIMIT = 1 << 50


def test_a_family_that_has_met_its_deductible_satisfies_its_members():
    limits = {"dm": [1000] * 6, "df": [1500] * 3, "om": [NO_LIMIT] * 6, "of": [NO_LIMIT] * 3}

    shares = run([line(0, 1000), line(1, 1000), line(1, 1000)], limits)

    assert shares.deductible.tolist() == [1000, 500, 0]


def test_after_the_out_of_pocket_maximum_the_plan_pays_all():
    limits = {"dm": [0] * 6, "df": [0] * 3, "om": [500] * 6, "of": [NO_LIMIT] * 3}

    shares = run([line(0, 2000), line(0, 2000), line(0, 2000)], limits)

    assert shares.coinsurance.tolist() == [400, 100, 0]


def test_a_claim_owes_its_copay_once_and_carries_the_rest_to_its_next_line():
    limits = {"dm": [0] * 6, "df": [0] * 3, "om": [NO_LIMIT] * 6, "of": [NO_LIMIT] * 3}
    claim = [
        line(0, 1000, copay=2500, rate=0),
        line(0, 5000, copay=2500, rate=0, first=False),
        line(0, 5000, copay=2500, rate=0),
    ]

    shares = run(claim, limits)

    assert shares.copay.tolist() == [1000, 1500, 2500]


def test_families_do_not_touch_each_other():
    limits = {"dm": [1000] * 6, "df": [1500] * 3, "om": [NO_LIMIT] * 6, "of": [NO_LIMIT] * 3}

    together = run([line(0, 900), line(2, 900), line(1, 900), line(3, 900)], limits)

    assert together.deductible.tolist() == [900, 900, 600, 600]


@given(
    st.lists(
        st.tuples(st.integers(0, 10_000_000), st.lists(st.floats(0.01, 5), min_size=1, max_size=8)),
        min_size=1,
        max_size=20,
    )
)
@settings(max_examples=80, deadline=None)
def test_the_parts_of_a_charge_sum_to_it(charges):
    total = np.array([amount for amount, _ in charges], np.int64)
    owner = np.repeat(np.arange(len(charges)), [len(shares) for _, shares in charges])

    split = parts(total, owner, np.concatenate([shares for _, shares in charges]))

    assert np.bincount(owner, split).tolist() == total.tolist()
    assert (split >= 0).all()

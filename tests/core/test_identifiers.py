"""Ids inside and outside: one-to-one, in order, and told apart by the namespace."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from healthsim_core import Field, Namespace, Table, outward_id
from healthsim_core.identifiers import INNER_BITS

NAMES = st.text(min_size=1, max_size=12)
IDS = st.lists(st.integers(1, 2**63 - 1), min_size=1, max_size=9, unique=True).map(lambda ids: np.array(ids, np.int64))
PEOPLE = st.lists(st.integers(16, 2**INNER_BITS - 1), min_size=1, max_size=9, unique=True).map(
    lambda ids: np.array(ids, np.int64)
)


@given(NAMES, IDS)
def test_ids_are_one_to_one_and_the_way_back_is_the_way_out(name, ids):
    space = Namespace(name)
    outward = space.outward(ids)
    assert len(np.unique(outward)) == len(ids) and (outward >= 0).all()
    assert (space.outward(outward) == ids).all()


@given(NAMES, PEOPLE)
def test_people_stay_in_their_order(name, ids):
    assert (np.argsort(Namespace(name).outward(ids)) == np.argsort(ids)).all()


@given(NAMES, NAMES, PEOPLE, PEOPLE)
def test_people_of_two_namespaces_share_no_id(one, other, ids, others):
    assume(Namespace(one).number != Namespace(other).number)
    assert not set(Namespace(one).outward(ids).tolist()) & set(Namespace(other).outward(others).tolist())
    assert not set(Namespace(one).text(ids, 10).to_pylist()) & set(Namespace(other).text(others, 10).to_pylist())


@given(NAMES, PEOPLE, st.integers(1, 12))
def test_a_text_tells_the_id(name, ids, digits):
    space = Namespace(name)
    assert [outward_id(text) for text in space.text(ids, digits).to_pylist()] == space.outward(ids).tolist()


@given(NAMES)
def test_a_code_is_six_characters_of_which_none_is_taken_for_another(name):
    code = Namespace(name).code
    assert len(code) == 6 and code[0].isalpha()
    assert not set(code) & set("ILOU") and code == code.upper()


def test_a_hundred_thousand_names_have_a_hundred_thousand_numbers_but_for_a_few():
    numbers = {Namespace(f"cohort-{n}/1").number for n in range(100_000)}
    assert 100_000 - len(numbers) < 40  # by chance about nine pairs of 2**29


def test_no_name_leaves_ids_as_they_are_inside():
    ids = np.array([0, 16, 2**62], np.int64)
    assert Namespace().outward(ids).tolist() == ids.tolist()
    assert Namespace().text(ids[1:2], 10).to_pylist() == ["0000000016"]
    assert outward_id("0000000016") == 16


def test_null_is_of_no_namespace():
    assert Namespace("a").outward(np.zeros(3, np.int64)).tolist() == [0, 0, 0]


PLACE = Table("shop.place", (Field("place_id", "id", "The place."),), ("place_id",), "Places.", person="")
SALE = Table(
    "shop.sale",
    (
        Field("sale_id", "id", "The sale."),
        Field("person_id", "id", "Who bought.", references="core.person"),
        Field("place_id", "id", "Where.", references="shop.place"),
        Field("returned_id", "id", "The sale that it undoes.", nullable=True, references="shop.sale"),
        Field("items", "integer", "How many."),
    ),
    ("sale_id",),
    "Sales.",
)


@pytest.fixture
def sold():
    columns = {"sale_id": [7, 9], "person_id": [16, 17], "place_id": [3, 3], "returned_id": [None, 7], "items": [1, -1]}
    return pa.table(columns, schema=SALE.schema)


def test_ids_of_the_world_stay_and_all_others_go_together(sold):
    space = Namespace("a")
    found = space.tables({SALE.name: sold}, {SALE.name: SALE, PLACE.name: PLACE})[SALE.name]
    assert found.schema == sold.schema
    assert found["place_id"].to_pylist() == [3, 3] and found["items"].to_pylist() == [1, -1]
    assert found["person_id"].to_pylist() == space.outward(np.array([16, 17])).tolist()
    assert found["returned_id"].to_pylist() == [None, found["sale_id"][0].as_py()]

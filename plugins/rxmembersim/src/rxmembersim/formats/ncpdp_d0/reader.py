"""All files read back, and what the tables say of each request and response, for `healthsim verify`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from healthsim_core import Records, Truth, read_queries
from rxmembersim.facts import document, rows
from rxmembersim.formats.ncpdp_d0.layout import SPELLED
from rxmembersim.formats.ncpdp_d0.parser import RESPONSES, Transmissions, cents, fields_of

FILES = {"B1": "b1.ncpdp", "B2": "b2.ncpdp"}
ANSWERS = {"B1": "b1_response.ncpdp", "B2": "b2_response.ncpdp"}
AMOUNTS = (
    "D9", "DC", "DQ", "DU", "DV", "DV.2", "DV.3", "F5", "F6", "F7", "J5", "F9", "FC", "FD", "FH", "FI", "FK", "4U",
)  # fmt: skip
QUESTIONS = read_queries(Path(__file__).with_name("truth.sql"))
_WORDS = {
    "person": ("first_name", "last_name", "address", "city"), "held": (),
    "card": ("bin", "pcn", "group_id", "cardholder_id"), "filled": ("cardholder_id", "dur_with"),
    "provider": ("last_name", "first_name"),
}  # fmt: skip
_PROVIDER = pa.schema([(name, pa.string()) for name in ("npi", "last_name", "first_name")])


def read_requests(folder: Path, truth: Truth) -> Iterator[Records | str]:
    """The requests of both files, a column a field, and what is wrong in the files themselves.

    Args:
        folder: The format's folder.
        truth: The tables.
    """
    _tell(truth)
    for transaction, name in FILES.items():
        sent = Transmissions(_content(folder / name), transaction)
        yield from _broken(name, sent)
        said = pa.table({"claim": _claim(sent, transaction), **_fields(sent, transaction)})
        truth.register(transaction.lower(), said.append_column("place", pa.array(sent.number)))
        truth.register("asked", truth.select(QUESTIONS[transaction]))
        yield Records(transaction, ["claim"], said, _should(truth, said, "request"))
        yield from _answers(folder, transaction, truth, said["claim"])
    for what, sql in QUESTIONS.items():
        if what.startswith((*FILES.values(), *ANSWERS.values())) and (wrong := truth.select(sql)).num_rows:
            yield f"{what} {wrong[0][0]} ({wrong.num_rows:,} in all)."


def _answers(folder: Path, transaction: str, truth: Truth, claims: pa.ChunkedArray) -> Iterator[Records | str]:
    """The responses to the requests of a file, each to the request at the same place."""
    name, kind = ANSWERS[transaction], RESPONSES[transaction]
    sent = Transmissions(_content(folder / name), kind)
    yield from _broken(name, sent)
    asked = pa.concat_arrays([*claims.chunks, pa.array([], pa.string())])
    place = pa.array(sent.number - 1, mask=sent.number > len(asked))
    nobody = pa.array([f"number {number:,}" for number in sent.number.tolist()], pa.string())
    claim = pc.fill_null(asked.take(place), nobody) if len(asked) else nobody
    said = pa.table({"claim": claim, **_fields(sent, kind)})
    truth.register(f"{transaction.lower()}_response", said)
    question = "response" if transaction == "B1" else "approval"
    yield Records(kind, ["claim"], said, _should(truth, said, question))


def _should(truth: Truth, said: pa.Table, question: str) -> pa.Table:
    columns = ", ".join(f'"{field}"' for field in said.column_names)
    return truth.select(f"SELECT {columns} FROM ({QUESTIONS[question]})")


def _broken(name: str, sent: Transmissions) -> Iterator[str]:
    if len(sent.broken):
        what = f"{len(sent.broken):,} transmissions are not built as they should be, such as number {sent.broken[0]:,}."
        yield f"{name}: {what}"


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _fields(sent: Transmissions, transaction: str) -> dict[str, pa.Array]:
    fields = {name: sent.column(name) for name in fields_of(transaction)}
    return sent.header() | {name: cents(column) if name in AMOUNTS else column for name, column in fields.items()}


def _claim(sent: Transmissions, transaction: str) -> pa.Array:
    """What tells requests apart: the claim's narrative; of a reversal, what names the claim."""
    if transaction == "B1":
        return sent.column("BM")
    payers = pc.fill_null(sent.column("4C"), "0")
    return pc.binary_join_element_wise(sent.column("D2"), sent.column("D3"), sent.header()["D1"], payers, " ")


def _tell(truth: Truth) -> None:
    """Make known what the queries ask besides the tables."""
    truth.stand_in("networksim.provider", _PROVIDER)
    for name, words in _WORDS.items():
        truth.register(name, _as_sent(truth.select(QUESTIONS[name]), words))
    for name, file in (("product", "formulary"), ("class", "classes")):
        truth.register(name, pa.Table.from_pylist([{**row, "place": place} for place, row in enumerate(rows(file), 1)]))
    for name in ("claimed", "payer", "shared"):
        truth.register(name, truth.select(QUESTIONS[name]))
    truth.register("unit", truth.select(QUESTIONS["unit"]))
    truth.register(
        "constants", pa.Table.from_pylist([{**document("pharmacies")["fallback"], **document("dur")["override"]}])
    )


def _as_sent(table: pa.Table, words: tuple[str, ...]) -> pa.Table:
    for name in words:
        table = table.set_column(table.column_names.index(name), name, _ascii(table[name].cast(pa.string())))
    return table


def _ascii(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Capitals without their accents; what no one can spell in ASCII is a blank, and blanks are never two;
    null where nothing is left."""
    if pc.any(pc.match_substring_regex(texts, "[^ -~]")).as_py():
        for letter, spelled in SPELLED.items():
            texts = pc.replace_substring(texts, letter, spelled)
        bare = pc.replace_substring_regex(pc.utf8_normalize(texts, "NFKD"), r"\p{Mn}", "")
        texts = pc.replace_substring_regex(bare, "[^ -~]", " ")
    if pc.any(pc.match_substring_regex(texts, "^ |  | $|^$")).as_py():
        texts = pc.utf8_trim(pc.replace_substring_regex(texts, " +", " "), " ")
        texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    return pc.ascii_upper(texts)

"""Bodies of media types that are no JSON: CSV tables and Arrow streams, some of them damaged."""

import os
import pickle

import pyarrow
import schemathesis
from hypothesis import strategies as st

NAMES = st.sampled_from(["smiles", "sequence", "drug_id", "target_id", "id", "compound", "pKd", "", "\u00e9"])
CELLS = st.one_of(
    st.sampled_from(["CCO", "c1ccccc1", "C(", "MKTAYIAKQRQISFVKSHFSRQ", "MK*T", "", "nan", "1e400", "D1", '"', ">5"]),
    st.text(max_size=12),
)


@st.composite
def tables(draw):
    names = draw(st.lists(NAMES, max_size=4, unique=True))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(names), max_size=len(names)), max_size=4))
    if draw(st.booleans()):
        names, rows = ["smiles", "sequence", *names[:1]], [["CCO", "MKTAYIAKQRQ", *row[:1]] for row in rows]
    return names, rows


@st.composite
def csv(draw):
    names, rows = draw(tables())
    separator, end = draw(st.sampled_from([(",", "\n"), (",", "\r\n"), ("\t", "\n"), (";", "\n")]))
    text = end.join(separator.join(row) for row in [names, *rows])
    return damaged(draw, text.encode("utf-8", "surrogatepass"))


@st.composite
def arrow(draw):
    names, rows = draw(tables())
    kinds = st.sampled_from([pyarrow.string(), pyarrow.large_string(), pyarrow.string_view(), pyarrow.binary()])
    cells = [[row[at].encode("utf-8", "replace").decode() for row in rows] for at in range(len(names))]
    arrays = [pyarrow.array(column, pyarrow.string()).cast(draw(kinds)) for column in cells]
    arrays = [array.dictionary_encode() if draw(st.integers(0, 7)) == 0 else array for array in arrays]
    table = pyarrow.table(arrays, names=[name or "empty" for name in names])
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return damaged(draw, sink.getvalue().to_pybytes())


def damaged(draw, whole):
    """The bytes as they are, or some of them changed or cut off."""
    if not whole or draw(st.integers(0, 2)):
        return whole
    changed = bytearray(whole)
    for at, value in draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=4)):
        changed[at] = value
    return bytes(changed[: draw(st.integers(0, len(whole)))])


schemathesis.openapi.media_type("text/csv", csv())
schemathesis.openapi.media_type("application/vnd.apache.arrow.stream", arrow())


@schemathesis.serializer("text/csv", "application/vnd.apache.arrow.stream")
def as_bytes(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.hook
def after_call(ctx, case, response):
    """Keeps what was sent and its outcome, for requests that are changed (`changed.py`)."""
    sent = response.request
    with open(os.environ["RECORDED"], "ab") as file:
        pickle.dump((sent.method, sent.path_url, dict(sent.headers), sent.body, response.status_code, case.operation.path), file)

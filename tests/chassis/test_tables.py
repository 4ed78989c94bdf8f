"""CSV as people's programs write it: rows come out as bytes come in."""

import pytest
from chassis.table_errors import MESSAGES, BadTable
from chassis.tables import CELL_LENGTH_MAX, ROW_BYTES_MAX, Reader

COLUMNS = {"id": ("ИД",), "name": ("Имя", "Имя ребёнка"), "born": ("Дата рождения",)}


def read(content: bytes, *, chunk=1 << 20, rows_max=1000):
    reader = Reader(COLUMNS, ["id", "name"], rows_max)
    parts = [content[at : at + chunk] for at in range(0, len(content), chunk)]
    return [row for part in parts for row in reader.feed(part)] + reader.end()


def cells(content: bytes, **how):
    return [row.cells for row in read(content, **how)]


RUSSIAN = "ИД;Имя\r\n1;Пётр\r\n2;Анна\r\n"
PETER = [{"id": "1", "name": "Пётр"}, {"id": "2", "name": "Анна"}]


@pytest.mark.parametrize(
    "content",
    [RUSSIAN.encode(), RUSSIAN.encode("utf-8-sig"), RUSSIAN.encode("cp1251"),
     RUSSIAN.replace(";", ",").encode(), RUSSIAN.replace("\r\n", "\n").encode("cp1251"),
     RUSSIAN.replace("ИД;Имя", "id;name").encode("cp1251"), RUSSIAN.rstrip().encode()],
    ids=["utf-8", "bom", "cp1251", "comma", "unix", "ascii header", "no last newline"],
)  # fmt: skip
@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_each_encoding_and_delimiter_is_told_from_the_content(content, chunk):
    assert cells(content, chunk=chunk) == PETER


def test_columns_come_in_any_order_letters_and_spaces():
    assert cells("  имя  РЕБЕНКА ,Ид\nПётр,1\n".encode()) == [{"id": "1", "name": "Пётр"}]


def test_cells_may_hold_delimiters_quotes_and_new_lines():
    content = 'id;name\n1;"Школа ""Радуга""; корпус 2\nвход со двора"\n2;x\n'.encode()
    assert [row["name"] for row in cells(content, chunk=3)] == [
        'Школа "Радуга"; корпус 2\nвход со двора', "x",
    ]  # fmt: skip


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    rows = read(b'id,name\n\n1,"a\nb"\n,,,\n2,b\n')
    assert [row.number for row in rows] == [3, 5]


def test_a_missing_last_cell_is_empty_and_one_too_many_is_an_error():
    rows = read(b"id,name,born\n1,a\n2,b,c,d\n3,c,,\n")
    assert rows[0].cells == {"id": "1", "name": "a", "born": ""}
    assert (rows[1].number, rows[1].error) == (3, "too_many_cells")
    assert rows[2].cells["born"] == ""


def test_a_quote_that_nobody_closed_costs_its_own_row_only():
    lines = ["id,name", '1,"open', *(f"{n},x" for n in range(2, 60))]
    rows = read("\n".join(lines).encode())
    assert [(row.number, row.error) for row in rows if row.error] == [(2, "unclosed_quote")]
    assert [row.cells["id"] for row in rows[1:]] == [str(n) for n in range(2, 60)]


def test_quotes_that_are_not_doubled_are_told_and_change_no_cell():
    rows = read(b'id;name\n1;"a ""b"" c"\n2;"a "b" c"\n3;a "b" c\n4;"a "b; c"\n')
    assert [(row.number, row.error) for row in rows] == [
        (2, None), (3, "bad_quote"), (4, None), (5, "unclosed_quote"),
    ]  # fmt: skip
    assert [row.cells["name"] for row in rows if not row.error] == ['a "b" c'] * 2


def test_a_bad_row_is_named_and_the_others_are_read():
    content = "id,name\n1,Пётр\n".encode() + b"2,\xcf\xff\n3,a\x00b\n" + b"4,d\n"
    rows = read(content)
    assert [(row.number, row.error) for row in rows] == [
        (2, None), (3, "bad_encoding"), (4, "bad_character"), (5, None),
    ]  # fmt: skip


def test_every_cell_of_a_row_that_is_too_long_is_named():
    long = b"x" * (CELL_LENGTH_MAX + 1)
    (row,) = read(b"id,name,born\n1," + long + b"," + long + b"\n")
    assert (row.error, row.columns) == ("cell_too_long", ["name", "born"])
    assert str(CELL_LENGTH_MAX) in MESSAGES["cell_too_long"]


@pytest.mark.parametrize(
    ("content", "code", "columns"),
    [
        (b"", "empty", []),
        (b"id,name\n", "empty", []),
        (b"id\n1\n", "missing_columns", ["name"]),
        (b"id,name,salary\n1,a,2\n", "unknown_columns", ["salary"]),
        ("id,name,Имя\n1,a,b\n".encode(), "repeated_columns", ["name"]),
        ("id;name\n1;a\n".encode("utf-16"), "not_csv", []),
        (b"PK\x03\x04 an xlsx file\n1\n", "not_csv", []),
        (b"id,name\n" + b"1,a\n" * 1001, "too_many_rows", []),
        (b"id,name\n1," + b"x" * (ROW_BYTES_MAX + 1), "row_too_long", []),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_file_that_is_no_such_table_is_told_why(content, code, columns):
    with pytest.raises(BadTable, match=code) as bad:
        read(content)
    assert bad.value.columns == columns

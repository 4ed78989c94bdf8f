"""With ten million children the desk's search reads what it shows, not all who are called so.

A plan depends on how many rows there are; here only whether the statement can use an index at all.
"""

import pytest
from certificates.desk_store import SQL

OTHERS = "NULL, NULL"  # any birth date, any status
FIRST_PAGE, NEXT_PAGE = "NULL, NULL", "'иванов иван', gen_random_uuid()"


async def plan(town, query, *avoided, outside, page):
    """How PostgreSQL would search where it avoids this, as it does with millions of rows."""
    values = f"'иванов%', {OTHERS}, 'school-7', {outside}, {page}, 51".split(", ")
    names = [f"${n}" for n in range(1, len(values) + 1)]
    text = SQL[query]
    for name, value in zip(reversed(names), reversed(values), strict=True):
        text = text.replace(name, value)
    async with town.store.transaction() as tx:
        for what in ("seqscan", *avoided):
            await tx.execute(f"SET LOCAL enable_{what} = off")
        rows = await tx.fetch(f"EXPLAIN {text}")
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("page", [FIRST_PAGE, NEXT_PAGE], ids=["first", "next"])
async def test_the_own_school_is_found_by_its_index(town, page):
    async with town.store.transaction() as tx:
        await tx.execute("DROP INDEX people_by_plain_name")  # the other way, good for few who match
    found = await plan(town, "find_people", outside="false", page=page)
    assert "Index Scan on people_by_school" in found


@pytest.mark.parametrize("page", [FIRST_PAGE, NEXT_PAGE], ids=["first", "next"])
async def test_a_page_of_all_schools_comes_in_the_order_of_the_index(town, page):
    found = await plan(town, "find_people", "sort", "bitmapscan", outside="true", page=page)
    assert "people_by_plain_name" in found
    assert "Presorted Key" in found


async def test_the_count_of_others_is_found_by_name(town):
    assert "people_by_plain_name" in await plan(
        town, "count_outside", outside="false", page=FIRST_PAGE
    )

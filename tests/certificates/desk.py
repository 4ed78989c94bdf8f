"""What the tests of the desk do with certificates and histories."""

from tests.doors import bearer

CLERK, PARENT = bearer("clerk", "staff"), bearer("parent", "parent")
SCHOOLMASTER = bearer("schoolmaster", "staff")
IVANOV = {"name": "иванов", "birth_date": "2016-05-01"}
CHECKED = {"checked_documents": ["Паспорт"], "consent": True}
LOOKING = {"reason": "проверка по жалобе семьи"}
WHY = {"reason": "mistake", "comment": "Выбран не тот ребёнок"}


async def change(client, number, what, headers=CLERK, body=WHY):
    return await client.post(f"/certificates/{number}/{what}", headers=headers, json=body)


async def active(client, number):
    assert (await change(client, number, "activation", body=CHECKED)).status_code == 200


async def search(client, headers=CLERK, **query):
    return await client.get("/certificates", params=query, headers=headers)


async def deeds(client, number, headers=CLERK) -> list[dict]:
    answer = await client.get(f"/certificates/{number}/history", headers=headers, params=LOOKING)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]

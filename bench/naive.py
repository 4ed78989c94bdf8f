"""The same job as most people would write it: one message at a time, one row at a time, awaited.

Two processes on the same Kafka and PostgreSQL: one decides and issues, one draws the page with
reportlab's platypus and the picture with Pillow, and keeps both as files in the database. No
encryption, no inbox, no outbox, no journal: it does less, and what it loses is not counted.

`python -m bench naive`: certificates a second beside ours, on one stack.
"""

import asyncio
import io
import json
import multiprocessing
import random
import time
from collections.abc import Callable
from multiprocessing.context import SpawnProcess
from pathlib import Path
from uuid import uuid4  # noqa: TID251  new requests at each run

import asyncpg
import fontpkg
import segno
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Image as Figure
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

from bench.crowd import superuser
from bench.pipeline import throughput
from bench.results import Result
from bench.town import a_town, a_town_stack
from tools.stack.apart import Stack

COUNT, OURS = 400, 20_000
REQUESTS, ISSUED, READY = "naive.requests", "naive.issued", "naive.ready"
NAME = "Проверочная Александра Ивановна"
TABLES = """
    CREATE SCHEMA naive;
    CREATE TABLE naive.certificates (id text PRIMARY KEY, child text UNIQUE, number text UNIQUE);
    CREATE TABLE naive.documents (id text PRIMARY KEY, password text, pdf bytea, png bytea)"""
FONT = "naive"


def main() -> list[Result]:
    with a_town_stack() as stack:
        return asyncio.run(_measure(stack))


async def _measure(stack: Stack) -> list[Result]:
    async with a_town(stack) as town:
        ours = max([await throughput(town, OURS) for _ in range(2)])
    naive = await _naively(stack.demo["kafka"], superuser(stack))
    measured = f"{naive:,.1f}/s against {ours:,.0f}/s: 1/{ours / naive:,.0f}"
    print(f"  {measured}")
    what = "the same from Kafka, written naively"
    return [Result(what, "≤ 1/100 of ours", measured, ours >= 100 * naive)]


async def _naively(kafka: str, database: str) -> float:
    connection = await asyncpg.connect(database)
    await connection.execute(TABLES)
    await connection.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, 12, 1) for name in (REQUESTS, ISSUED, READY)])
    await admin.close()
    parts = [_start(_issue, kafka, database), _start(_document, kafka, database)]
    try:
        return await _ask_and_wait(kafka)
    finally:
        for part in parts:
            part.kill()


def _start(work: Callable[[str, str], None], kafka: str, database: str) -> SpawnProcess:
    process = multiprocessing.get_context("spawn").Process(target=work, args=(kafka, database))
    process.start()
    return process


async def _ask_and_wait(kafka: str) -> float:
    """One request first, so that both are at work when the time begins."""
    consumer = AIOKafkaConsumer(
        READY, bootstrap_servers=kafka, auto_offset_reset="earliest", group_id="naive-bench"
    )
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer, consumer:
        await producer.send_and_wait(REQUESTS, uuid4().bytes)
        await asyncio.wait_for(consumer.getone(), 60)
        started = time.perf_counter()
        for _ in range(COUNT):
            await producer.send(REQUESTS, uuid4().bytes)
        for _ in range(COUNT):
            await asyncio.wait_for(consumer.getone(), 60)
        return COUNT / (time.perf_counter() - started)


def _issue(kafka: str, database: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(database)
        consumer, producer = await _joined(kafka, REQUESTS)
        async for record in consumer:
            child, number = record.value.hex(), f"{random.randrange(10**12):012}"  # noqa: S311
            found = "SELECT count(*) FROM naive.certificates WHERE child = $1"
            if not await connection.fetchval(found, child):
                saved = "INSERT INTO naive.certificates VALUES ($1, $2, $3)"
                await connection.execute(saved, str(uuid4()), child, number)
                told = json.dumps({"child": child, "number": number}).encode()
                await producer.send_and_wait(ISSUED, told)
            await consumer.commit()

    asyncio.run(run())


def _document(kafka: str, database: str) -> None:
    async def run() -> None:
        pdfmetrics.registerFont(TTFont(FONT, io.BytesIO(_font())))
        connection = await asyncpg.connect(database)
        consumer, producer = await _joined(kafka, ISSUED)
        async for record in consumer:
            number, password = json.loads(record.value)["number"], uuid4().hex[:12]
            saved = "INSERT INTO naive.documents VALUES ($1, $2, $3, $4)"
            pages = _page(number, password), _picture(number)
            await connection.execute(saved, str(uuid4()), password, *pages)
            await producer.send_and_wait(READY, record.value)
            await consumer.commit()

    asyncio.run(run())


async def _joined(kafka: str, topic: str) -> tuple[AIOKafkaConsumer, AIOKafkaProducer]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=kafka, group_id=topic, auto_offset_reset="earliest",
        enable_auto_commit=False,
    )  # fmt: skip
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await consumer.start()
    await producer.start()
    return consumer, producer


def _page(number: str, password: str) -> bytes:
    style = ParagraphStyle("text", fontName=FONT, fontSize=12, leading=16)
    rows = [["Ребёнок", NAME], ["Номер", number], ["Логин", f"do{number}"], ["Пароль", password]]
    table = Table(
        [[Paragraph(text, style) for text in row] for row in rows],
        style=[("GRID", (0, 0), (-1, -1), 0.5, "black")],
    )
    steps = [Paragraph("Посетите уполномоченную организацию с документами.", style)] * 4
    pdf = io.BytesIO()
    parts = [table, Spacer(1, 12), *steps, Figure(_code(number), 90, 90)]
    SimpleDocTemplate(pdf, pagesize=A4).build(parts)
    return pdf.getvalue()


def _picture(number: str) -> bytes:
    picture = Image.new("RGB", (1240, 877), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.truetype(io.BytesIO(_font()), 48)
    for row, text in enumerate(("СЕРТИФИКАТ", number, NAME)):
        pen.text((100, 100 + 100 * row), text, "black", font)
    picture.paste(Image.open(_code(number)).convert("RGB").resize((300, 300)), (850, 500))
    png = io.BytesIO()
    picture.save(png, "PNG")
    return png.getvalue()


def _code(number: str) -> io.BytesIO:
    code = io.BytesIO()
    segno.make(f"https://certificates.example/verify/{number}").save(code, kind="png", scale=4)
    code.seek(0)
    return code


def _font() -> bytes:
    return Path(fontpkg.path("PT Sans", 400)).read_bytes()

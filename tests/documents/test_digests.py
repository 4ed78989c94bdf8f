"""The bytes of an issued document never change."""

import hashlib

import pytest
from documents.credentials_page.render import digest, render
from documents.drawing import templates

from tests.documents.pages import LONG, values

CHILDREN = (
    values(),
    values(full_name="Гайнетдинова Гөлчәчәк Җәүдәт кызы Һаҗәр"),
    values(full_name="Öztürk Şükrü Łukasz"),
    values(full_name=LONG),
    values(full_name=f"{LONG} {LONG} {LONG}"),
    values(full_name="Nguyễn Ḫalı"),
    values(login="длинный-логин@портал.рф"),
)
_FIRST = (
    "a882d7f724c5695f55ea8d889115a692acfbf6a2f660a38e39b9f1029e31924b",
    "60a1fcfbe0e35ab2bf6effe16b2ea6aa1348badac1fe5679b26105b047702e6d",
    "45ba2e584826df669b8711415f2df8ee31e3b2f7160f59f6baff3468085770e1",
    "7031d2c84622670df818bb5fc86f99ea6005f1e5f80c6ed0943a6e5cf87a23df",
    "501496aa247ac879af0bf9fda6c696e6a67ff32ed8e0c59774821720d8609c90",
    "b2c3802e2471a2ad71967b197cde2ab601273836265c98ae802ca240e3a675fb",
    "88460de51e6e24163409619ccf17c06160a1d6ba978f56b2270824ecc9daa3d1",
)
_SECOND = (
    "d7db0ffe64f0074856134d63236585f0d3ee951a7049c4f4e43595a34ca06c08",
    "cfcf50406a90961011822e270c3ae3f62dc48fad2d8e21237f60c49f73064255",
    "83cd6d79d3b64aaf8dafc9f7252dee73963ff0bd7c7c5b45586efdbc95644cb2",
    "c1e8ba709273e244b1cc3ac207b06118bda9b27bceb6552ad6fa39a99204ca32",
    "54aefb7d73d3ccff518a78760ecd524cd9e3dd8717f87e602fa05c33c1c7cc69",
    "4b294694c64cbbd07613177506a5b254909b5263aa18361068f2158abf3eabdd",
    "f456a2475656958e295de501312b2a68a265eec85ae4ff379de7396e1a14eef6",
)
GOLDEN = {
    "credentials-1": dict(zip(CHILDREN, _FIRST, strict=True)),
    "credentials-2": dict(zip(CHILDREN, _SECOND, strict=True)),
}


def test_a_document_never_changes(version: str) -> None:
    """The digest is stored at issue and compared for years, across upgrades of everything.

    If this fails, an issued document can no longer be downloaded: make a new template version
    (docs/adr/0004) instead of changing a line here.
    """
    promised = GOLDEN[version]

    assert {v: digest(version, render(version, v)).hex() for v in promised} == promised


def test_template_files_never_change() -> None:
    """They are made by a command once, before the first document of the version is issued."""
    golden = {
        ("credentials-1", "page.bin"): (
            "149a382047575c1b98c4fbf6e0866217e90026a15ebd1334fcbf50335c1d65c9"
        ),
        ("credentials-1", "sans.ttf"): (
            "eeb63e39537da6e36abe6647a12d212fe8ca47e3957ee838566e5e608e8bf683"
        ),
        ("credentials-1", "sans-bold.ttf"): (
            "da3cf0f9836258db395730043f9577bec61b4e0fc201497235c50d5d825cdc99"
        ),
        ("credentials-1", "mono.ttf"): (
            "44f44a8490eb3fecf25bb9539cde9393dcc4df91bb24f95d5ae50909fd7282e8"
        ),
        ("credentials-2", "page.bin"): (
            "58567d67c23dc09e683bb36d17de912b57220bbcbc44424935cc637716cf846e"
        ),
    }

    files = {name: templates.content(*name) for name in golden}
    assert {name: hashlib.sha256(file).hexdigest() for name, file in files.items()} == golden


@pytest.mark.parametrize("name", ["Иванов Игорь Иванович", LONG])
def test_a_digest_is_the_sha256_of_the_file(version: str, name: str) -> None:
    """Outside systems can compare it with any tool."""
    pdf = render(version, values(full_name=name))

    assert digest(version, pdf) == hashlib.sha256(pdf).digest()


def test_a_document_does_not_depend_on_the_one_before(version: str) -> None:
    """A worker of the process pool draws thousands in a row."""
    rare, other = values(full_name="Öztürk Şükrü"), values(full_name=LONG)
    alone = render(version, rare)
    render(version, other)

    assert render(version, rare) == alone

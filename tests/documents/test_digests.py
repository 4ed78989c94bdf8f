"""The bytes of an issued document never change."""

import hashlib

import pytest
from documents.credentials_page.render import CURRENT, digest, render
from documents.drawing import templates

from tests.documents.pages import LONG, values


def test_a_document_never_changes() -> None:
    """The digest is stored at issue and compared for years, across upgrades of everything.

    If this fails, an issued document can no longer be downloaded: make a new template version
    (docs/adr/0004) instead of changing a line here.
    """
    golden = {
        values(): "a882d7f724c5695f55ea8d889115a692acfbf6a2f660a38e39b9f1029e31924b",
        values(
            full_name="Гайнетдинова Гөлчәчәк Җәүдәт кызы Һаҗәр"
        ): "60a1fcfbe0e35ab2bf6effe16b2ea6aa1348badac1fe5679b26105b047702e6d",
        values(
            full_name="Öztürk Şükrü Łukasz"
        ): "45ba2e584826df669b8711415f2df8ee31e3b2f7160f59f6baff3468085770e1",
        values(full_name=LONG): "7031d2c84622670df818bb5fc86f99ea6005f1e5f80c6ed0943a6e5cf87a23df",
        values(
            full_name=f"{LONG} {LONG} {LONG}"
        ): "501496aa247ac879af0bf9fda6c696e6a67ff32ed8e0c59774821720d8609c90",
        values(
            full_name="Nguyễn Ḫalı"
        ): "b2c3802e2471a2ad71967b197cde2ab601273836265c98ae802ca240e3a675fb",
        values(
            login="длинный-логин@портал.рф"
        ): "88460de51e6e24163409619ccf17c06160a1d6ba978f56b2270824ecc9daa3d1",
    }

    assert {v: digest(render(CURRENT, v)).hex() for v in golden} == golden


def test_template_files_never_change() -> None:
    """They are made by a command once, before the first document of the version is issued."""
    golden = {
        "page.bin": "149a382047575c1b98c4fbf6e0866217e90026a15ebd1334fcbf50335c1d65c9",
        "sans.ttf": "eeb63e39537da6e36abe6647a12d212fe8ca47e3957ee838566e5e608e8bf683",
        "sans-bold.ttf": "da3cf0f9836258db395730043f9577bec61b4e0fc201497235c50d5d825cdc99",
        "mono.ttf": "44f44a8490eb3fecf25bb9539cde9393dcc4df91bb24f95d5ae50909fd7282e8",
    }

    files = {name: templates.content(CURRENT, name) for name in golden}
    assert {name: hashlib.sha256(file).hexdigest() for name, file in files.items()} == golden


@pytest.mark.parametrize("name", ["Иванов Игорь Иванович", LONG])
def test_a_digest_is_the_sha256_of_the_file(name: str) -> None:
    """Outside systems can compare it with any tool."""
    pdf = render(CURRENT, values(full_name=name))

    assert digest(pdf) == hashlib.sha256(pdf).digest()


def test_a_document_does_not_depend_on_the_one_before() -> None:
    """A worker of the process pool draws thousands in a row."""
    rare, other = values(full_name="Öztürk Şükrü"), values(full_name=LONG)
    alone = render(CURRENT, rare)
    render(CURRENT, other)

    assert render(CURRENT, rare) == alone

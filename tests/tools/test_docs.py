"""The generated documents are as the code says, and drift is told by name."""

from pathlib import Path

import pytest

from tools import docs


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api")
    docs.write(folder)
    return folder


def test_what_is_committed_is_what_the_code_says() -> None:
    assert docs.drift(docs.API) == [], "run make docs"


def test_what_was_just_written_has_not_drifted(written: Path) -> None:
    assert docs.drift(written) == []


def test_a_changed_a_missing_and_a_stale_file_are_named_and_mended(written: Path) -> None:
    (written / "asyncapi.json").write_text("{}")
    (written / "openapi-identity.json").unlink()
    (written / "schemas" / "gone.v1.json").write_text("{}")
    drifted = ["asyncapi.json", "openapi-identity.json", "schemas/gone.v1.json"]
    assert docs.drift(written) == drifted
    docs.write(written)
    assert docs.drift(written) == []


def test_every_reference_of_asyncapi_leads_somewhere(written: Path) -> None:
    api = docs.asyncapi()
    for reference in references(api):
        if reference.startswith("#/"):
            node = api
            for part in reference.removeprefix("#/").split("/"):
                node = node[part]
        else:
            assert (written / reference).exists()


def references(node: object) -> set[str]:
    if isinstance(node, list):
        return set().union(*(references(one) for one in node))
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own.union(*(references(inner) for inner in node.values()))

"""docs/architecture.md is held to the code where it lists parts."""

import re

from tools.samples import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_part_of_the_chassis_is_told_and_no_other():
    table = TEXT.partition("## The chassis\n")[2].partition("\n## ")[0]
    told = re.findall(
        r"`(\w+)`", "".join(row.split("|")[1] for row in re.findall(r"^\|.*", table, re.MULTILINE))
    )
    modules = {path.stem for path in (ROOT / "libs/chassis/chassis").glob("*.py")} - {"__init__"}
    assert sorted(told) == sorted(modules)

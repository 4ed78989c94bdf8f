"""Does a schema still keep the promises of the published one?

Readers out there have the published schema: what they read must still come, what they write must
still be accepted. So a field may be added where it is optional, and a value to a closed set, which
the integrators' guide tells readers to expect; everything else is a new type.
"""

from typing import Any

_ONLY_WORDS = {"title", "description", "default", "examples", "$schema", "$id", "$defs"}


def broken_promises(published: dict[str, Any], today: dict[str, Any]) -> list[str]:
    """One line for each promise of `published` that `today` breaks; empty when it is additive."""
    return _compare(_resolved(published, published), _resolved(today, today), "value")


def _resolved(node: Any, root: dict[str, Any]) -> Any:
    """The schema with its $refs put in place, without the words that promise nothing."""
    if isinstance(node, list):
        return [_resolved(one, root) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _resolved(root["$defs"][node["$ref"].removeprefix("#/$defs/")], root)
    kept = {}
    for name, inner in node.items():
        if name == "properties":
            kept[name] = {field: _resolved(schema, root) for field, schema in inner.items()}
        elif name not in _ONLY_WORDS:
            kept[name] = _resolved(inner, root)
    return kept


def _compare(old: Any, new: Any, place: str) -> list[str]:
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [] if old == new else [f"{place} changed"]
    found = []
    for name in sorted((old.keys() | new.keys()) - {"properties", "required"}):
        if name in {"items", "additionalProperties"} and name in old and name in new:
            found += _compare(old[name], new[name], f"{place}[]")
        elif name == "anyOf" and len(old.get(name, [])) == len(new.get(name, [])):
            for before, after in zip(old[name], new[name], strict=True):
                found += _compare(before, after, place)
        elif name == "enum" and name in old and name in new:
            lost = [one for one in old[name] if one not in new[name]]
            found += [f"{place} may be {one} no more" for one in lost]
        elif old.get(name) != new.get(name):
            found.append(f"{place} changed its {name}")
    return found + _compare_fields(old, new, place)


def _compare_fields(old: dict[str, Any], new: dict[str, Any], place: str) -> list[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    was_required, is_required = set(old.get("required", [])), set(new.get("required", []))
    found = [f"{place}.{name} vanished" for name in sorted(before.keys() - after.keys())]
    found += [f"{place}.{name} became required" for name in sorted(is_required - was_required)]
    found += [
        f"{place}.{name} is required no more"
        for name in sorted(was_required - is_required)
        if name in after
    ]
    for name in sorted(before.keys() & after.keys()):
        found += _compare(before[name], after[name], f"{place}.{name}")
    return found

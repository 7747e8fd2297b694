"""Form-encoded parameters with brackets, as a tree: ``a[b][0]=c`` is ``{"a": {"b": ["c"]}}``."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from .errors import Refused

KEY = re.compile(r"[^\[\]]+|\[[^\[\]]*\]")


def parse(encoded: str) -> dict[str, Any]:
    """The tree of a query string or a body. Numbered keys make lists, in the order of their numbers."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        words = KEY.findall(name)
        if "".join(words) != name or not words or words[0].startswith("["):
            raise Refused(f"Invalid parameter name: {name}", name, kept=False)
        _plant(root, [word.strip("[]") for word in words], value)
    return {name: _listed(value) for name, value in root.items()}


def _plant(tree: dict[str, Any], path: list[str], value: str) -> None:
    for word in path[:-1]:
        word = word or str(len(tree))
        tree = tree.setdefault(word, {})
        if not isinstance(tree, dict):
            raise Refused(f"Invalid object: {path[0]}", path[0], kept=False)
    tree[path[-1] or str(len(tree))] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inside = {name: _listed(one) for name, one in value.items()}
    if inside and all(name.isdigit() for name in inside):
        return [inside[name] for name in sorted(inside, key=int)]
    return inside

"""One webhook of a file is changed, added or taken out, and everything else of the file stays byte for byte.

Comments, the order, flow style and variables stay too, except in the values that change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from chronicle_notebook.base._errors import InvalidInputError, UnknownWebhookError, did_you_mean
from chronicle_notebook.definition.file._content import StateContent
from chronicle_notebook.definition.file._state_reader import read_state
from chronicle_notebook.definition.file._writer import dumped, entry
from chronicle_notebook.model import WebhookDefinition

_STEP = "  "


def with_webhook(
    text: str, definition: WebhookDefinition, *, profile: str | None = None, path: str = "the text"
) -> str:
    """The file with a webhook: changed where the file has its id, else added.

    :raises StateFileError: the file is wrong, or would be.
    :raises InvalidInputError: the form of the file does not allow it.
    """
    content = read_state(text, profile=profile, path=path)
    owner = content.owned_by
    bare = definition if owner is None else owner.bare(definition)
    wanted = entry(bare)
    before = next((each for each in content.webhooks if each.id == definition.id), None)
    if before is None:
        edited = _added(text, wanted, content)
    else:
        old = entry(before if owner is None else owner.bare(before))
        edited = _changed(text, old, wanted, content.lines[definition.id])
    again = read_state(edited, profile=profile, path=path)
    found = next((each for each in again.webhooks if each.id == definition.id), None)
    others = [each for each in again.webhooks if each.id != definition.id]
    if (
        found is None
        or entry(found if owner is None else owner.bare(found)) != wanted
        or others != [each for each in content.webhooks if each.id != definition.id]
    ):
        raise _unfit("Its form does not allow to change this webhook alone.")
    return edited


def without_webhook(text: str, webhook: str, *, profile: str | None = None, path: str = "the text") -> str:
    """The file without the webhook of an id.

    :raises StateFileError: the file is wrong.
    :raises UnknownWebhookError: the file has no such webhook.
    """
    content = read_state(text, profile=profile, path=path)
    if webhook not in content.lines:
        hint = did_you_mean(webhook, content.lines) or "The file names its webhooks under webhooks."
        raise UnknownWebhookError(f"{path} has no webhook {webhook!r}.", field="id", hint=hint)
    items = _sequence(text)
    if items.flow_style:
        raise _unfit("Its webhooks are in one list in brackets.")
    item = _item(items, content.lines[webhook])
    lines = text.splitlines(keepends=True)
    first, last = item.start_mark.line, _line_of(text, _end(item))
    kept = "".join([*lines[:first], *lines[last + 1 :]])
    if len(items.value) == 1:  # a list without items has to say so
        key = next(node for node in _root(text).value if node[0].value == "webhooks")[0]
        start = key.end_mark.index + 1
        kept = f"{kept[:start]} []{kept[start:]}"
    again = read_state(kept, profile=profile, path=path)
    if list(again.webhooks) != [each for each in content.webhooks if each.id != webhook]:
        raise _unfit("Its form does not allow to take this webhook out alone.")
    return kept


@dataclass(frozen=True, slots=True)
class _Splice:
    start: int
    end: int
    text: str


def _changed(text: str, old: Mapping[str, Any], wanted: Mapping[str, Any], line: int) -> str:
    item = _item(_sequence(text), line)
    pairs = {key.value: (key, value) for key, value in item.value}
    last = max(item.value, key=lambda pair: pair[0].start_mark.index)
    indent = " " * last[0].start_mark.column
    splices = []
    for name in (*old, *(each for each in wanted if each not in old)):
        if old.get(name) == wanted.get(name):
            continue
        if name in pairs and name in wanted:
            key, value = pairs[name]
            splices.append(_Splice(key.start_mark.index, _end(value), _pair(name, wanted[name], indent, item)))
        elif name in pairs:
            splices.append(_without(pairs[name], item))
        else:
            glue = ", " if item.flow_style else f"\n{indent}"
            splices.append(_Splice(_end(last[1]), _end(last[1]), glue + _pair(name, wanted[name], indent, item)))
    for each in sorted(splices, key=lambda each: each.start, reverse=True):
        text = text[: each.start] + each.text + text[each.end :]
    return text


def _without(pair: tuple[yaml.Node, yaml.Node], item: yaml.MappingNode) -> _Splice:
    """Takes a key out, with the line break or the comma that goes with it."""
    position = item.value.index(pair)
    start, end = pair[0].start_mark.index, _end(pair[1])
    if position:
        return _Splice(_end(item.value[position - 1][1]), end, "")
    if len(item.value) > 1:
        return _Splice(start, item.value[1][0].start_mark.index, "")
    return _Splice(start, end, "")


def _added(text: str, wanted: dict[str, Any], content: StateContent) -> str:
    items = _sequence(text)
    if items.flow_style and items.value:
        raise _unfit("Its webhooks are in one list in brackets.")
    block = dumped(wanted).rstrip("\n").split("\n")
    if not items.value:
        told = "\n".join(f"{'- ' if number == 0 else _STEP}{line}" for number, line in enumerate(block))
        start, end = items.start_mark.index, items.end_mark.index
        if not items.flow_style:  # nothing stands after the key
            start = end = items.start_mark.index
        return f"{text[:start].rstrip(' ')}\n{told}{text[end:] or chr(10)}"
    indent = " " * items.start_mark.column
    told = "".join(f"{indent}{'- ' if number == 0 else _STEP}{line}\n" for number, line in enumerate(block))
    lines = text.splitlines(keepends=True)
    after = [line for name, line in content.lines.items() if name > wanted["id"]]
    if after and list(content.lines) == sorted(content.lines):
        place = min(after) - 1
        while place and lines[place - 1].strip().startswith("#"):
            place -= 1  # comments above a webhook belong to it
    else:
        place = _line_of(text, _end(items.value[-1])) + 1
        if place == len(lines) and lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
    return "".join([*lines[:place], told, *lines[place:]])


def _pair(name: str, value: Any, indent: str, item: yaml.MappingNode) -> str:
    if item.flow_style:
        flat = yaml.safe_dump({name: value}, default_flow_style=True, allow_unicode=True, width=100_000)
        return flat.strip()[1:-1]
    return dumped({name: value}).rstrip("\n").replace("\n", f"\n{indent}")


def _root(text: str) -> yaml.MappingNode:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise _unfit("It is empty.")
    return node


def _sequence(text: str) -> yaml.SequenceNode:
    node = next(value for key, value in _root(text).value if key.value == "webhooks")
    if isinstance(node, yaml.SequenceNode):
        return node
    return yaml.SequenceNode(node.tag, [], node.start_mark, node.end_mark, flow_style=False)


def _item(items: yaml.SequenceNode, line: int) -> yaml.MappingNode:
    found = [each for each in items.value if each.start_mark.line + 1 == line]
    if len(found) != 1 or not isinstance(found[0], yaml.MappingNode):
        raise _unfit("The webhook is not on lines of its own.")
    return found[0]


def _end(node: yaml.Node) -> int:
    """Where the text of a node ends: a block ends with its last value, not with the comments below."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return max(_end(value) for _, value in node.value)
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return _end(node.value[-1])
    return int(node.end_mark.index)


def _line_of(text: str, index: int) -> int:
    return text.count("\n", 0, index)


def _unfit(why: str) -> InvalidInputError:
    return InvalidInputError(
        f"The file cannot be edited in place. {why}",
        field="file",
        hint="Edit it by hand, or write it anew: DesiredState.read(...).write(...).",
    )

"""What a tree of criteria may look like in a directory file; every mistake is told with its path and what to do."""

import re
from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from shared.rules.facts import ANY_CHILD, CHILD_FACTS, FAMILY_FACTS, NUMBERS, PLACE_CODE, WORDS

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
OPERATORS = ("in", "at-least", "at-most", "between")
FAMILY_SCOPE = (*FAMILY_FACTS, *(ANY_CHILD + name for name in CHILD_FACTS))
CHILD_SCOPE = tuple(CHILD_FACTS)


class EntryId(fields.String):
    """An id: small letters, digits and single dashes."""

    def __init__(self, **options: Any) -> None:
        check = validate.Regexp(rf"{ID.pattern}\Z", error="is not an id. Use small letters, digits and single dashes.")
        super().__init__(validate=check, **options)


class Words(fields.String):
    """A text that is not empty."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            validate=validate.Regexp(r"\s*\S", error="is empty. Write it, or leave the key out."), **options
        )


class _Clause(Schema):
    id = EntryId(required=True)
    fact = fields.String(required=True)
    one_of = fields.List(fields.String(), data_key="in", validate=validate.Length(min=1))
    at_least = fields.Integer(data_key="at-least", strict=True)
    at_most = fields.Integer(data_key="at-most", strict=True)
    between = fields.Tuple((fields.Integer(strict=True), fields.Integer(strict=True)))
    sentence = fields.String(load_default=None)
    interpretation = Words(load_default=None)
    eligible_if = Words(load_default=None)

    @validates_schema(pass_original=True)
    def _holds_together(self, data: dict[str, Any], original: dict[str, Any], **_: Any) -> None:
        used = [name for name in OPERATORS if name in original]
        if len(used) != 1:
            raise ValidationError(f"has {len(used)} of the operators {', '.join(OPERATORS)}. Give it exactly one.")
        if data.get("sentence") is None and data.get("interpretation") is None:
            raise ValidationError("rests on nothing. Name its published `sentence`, or say our `interpretation`.")
        name = data["fact"].removeprefix(ANY_CHILD)
        if (name in NUMBERS) == (used == ["in"]):
            right = "at-least, at-most or between" if name in NUMBERS else "in"
            raise ValidationError(f"compares {name} with the wrong operator. Use {right}.", used[0])
        if "between" in data and data["between"][0] > data["between"][1]:
            raise ValidationError("starts above its end. Write [lowest, highest].", "between")
        for value in data.get("one_of", ()):
            if name in WORDS and value not in WORDS[name]:
                raise ValidationError(f"'{value}' is not a {name}. Use any of {', '.join(WORDS[name])}.", "in")
            if name not in WORDS and not PLACE_CODE.fullmatch(value):
                raise ValidationError(f"'{value}' is no place. Use ONS codes like E09000021, or gias:936.", "in")


class Tree(fields.Field[Any]):
    """`all` or `any` over a list, `not` over one item, or a clause, whose fact must be in `scope`."""

    def __init__(self, scope: tuple[str, ...], **options: Any) -> None:
        super().__init__(**options)
        self.scope = scope

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("is not a rule. Write all:, any:, not: or a clause with id and fact.")
        joined = [name for name in ("all", "any", "not") if name in value]
        if not joined:
            return self._clause(value)
        name, content = joined[0], value[joined[0]]
        if len(value) > 1:
            raise ValidationError(f"has keys beside `{name}`. Put them inside it.")
        if name == "not":
            return {"not": self._inner("not", content)}
        if not isinstance(content, list) or not content:
            raise ValidationError({name: ["is not a list of rules. Begin each rule with a dash."]})
        errors: dict[str | int, Any] = {}
        loaded = []
        for number, item in enumerate(content):
            try:
                loaded.append(self._deserialize(item, attr, data))
            except ValidationError as error:
                errors[number] = error.messages
        if errors:
            raise ValidationError({name: errors})
        return {name: loaded}

    def _inner(self, name: str, content: Any) -> dict[str, Any]:
        try:
            return self._deserialize(content, None, None)
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from None

    def _clause(self, value: dict[str, Any]) -> dict[str, Any]:
        if isinstance(value.get("fact"), str) and value["fact"] not in self.scope:
            raise ValidationError(
                {"fact": [f"'{value['fact']}' is not known here. Use any of {', '.join(self.scope)}."]}
            )
        clause: dict[str, Any] = _Clause().load(value)
        return clause


def clauses_in(tree: dict[str, Any], under_not: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    """The clauses of a loaded tree, each with whether it stands under a `not`."""
    for item in tree.get("all", []) + tree.get("any", []):
        yield from clauses_in(item, under_not)
    if "not" in tree:
        yield from clauses_in(tree["not"], True)
    if "fact" in tree:
        yield tree, under_not

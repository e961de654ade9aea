"""Builds an agency's rules from an entry that the schema has let through."""

from typing import Any

from shared.rules.criteria import AllOf, AnyOf, Clause, Node, Not
from shared.rules.evaluate import Rules
from shared.rules.part import Review
from shared.rules.receipt import About

Entry = dict[str, Any]


def build_rules(entry: Entry) -> Rules:
    """The rules of one agency; who publishes no consultation gives none."""
    criteria, review = entry["criteria"], entry["review"]
    return Rules(
        family=_node(entry, "criteria", criteria["family"]),
        child=_node(entry, "criteria", criteria["child"]) if criteria["child"] else None,
        consultation=_node(entry, "criteria", criteria["consultation"] or _no_consultation(entry)),
        family_reviews=tuple(_review(entry, item) for item in review["family"]),
        child_reviews=tuple(_review(entry, item) for item in review["child"]),
    )


def _no_consultation(entry: Entry) -> Entry:
    return {
        "id": "family-support-only",
        "fact": "kind",
        "one_of": ["family-support"],
        "sentence": None,
        "interpretation": f"{entry['service']['name']} publishes no consultation for professionals.",
        "eligible_if": None,
    }


def _review(entry: Entry, item: Entry) -> Review:
    return Review(
        id=item["id"],
        when=_node(entry, "review", item["when"]),
        reason=item["reason"],
        instead_of=tuple(item["instead_of"]),
        even_if_eligible=item["even_if_eligible"],
    )


def _node(entry: Entry, part: str, tree: Entry) -> Node:
    if "all" in tree:
        return AllOf(tuple(_node(entry, part, item) for item in tree["all"]))
    if "any" in tree:
        return AnyOf(tuple(_node(entry, part, item) for item in tree["any"]))
    if "not" in tree:
        return Not(_node(entry, part, tree["not"]))
    low, high = tree.get("between", (tree.get("at_least"), tree.get("at_most")))
    return Clause(
        about=_about(entry, part, tree),
        allowed=frozenset(tree["one_of"]) if "one_of" in tree else None,
        low=low,
        high=high,
        eligible_if=tree["eligible_if"],
    )


def _about(entry: Entry, part: str, tree: Entry) -> About:
    sentence = entry["sentences"][tree["sentence"]] if tree["sentence"] else None
    return About(
        id=tree["id"],
        part=part,
        fact=tree["fact"],
        sentence=sentence["text"] if sentence else None,
        source=_source(entry["sources"][sentence["source"]]) if sentence else None,
        interpretation=tree["interpretation"],
    )


def _source(source: Entry) -> str:
    return f"{source['name']} ({source['url']})" if source["url"] else str(source["name"])

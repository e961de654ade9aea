"""An export of what is held, as one page that anybody can read and print: headings, lists, no script, no other file."""

from datetime import datetime
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from shared.clock import LONDON

_SOURCES = {
    "referrals": "What was said, and what happened to the referral",
    "eligibility": "What the agencies' published rules say",
    "routing": "Which agencies were asked, and what they wrote",
    "notifications": "Messages that were sent",
}
_PAGE = """<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>What is held: {{ reference }}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1f; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 2.5rem; border-bottom: 2px solid #1b1b1f; }
dl { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: .25rem 1rem; margin: 0 0 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; } dd dl { margin: 0; }
li { margin-bottom: .75rem; } .none { color: #55555c; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } }
</style>
</head>
<body>
<h1>What is held about referral {{ reference }}</h1>
<p>Everything that Waypost holds about this referral and the family that it is about, by the part that holds it.
What an agency wrote is the agency's; it is held here for it, and says whose it is.</p>
{% for source, heading in sources.items() if source in held %}
<h2>{{ heading }}</h2>
{% for part, value in held[source].items() %}
<h3>{{ part | words }}</h3>
{{ value | shown }}
{% endfor %}
{% endfor %}
</body>
</html>
"""


def page_of(found: dict[str, Any]) -> str:
    """The page; everything that somebody wrote is escaped."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["words"] = _words
    environment.filters["shown"] = _shown
    return environment.from_string(_PAGE).render(**found, sources=_SOURCES)


def _words(name: str) -> str:
    """`held_at` is read as "Held at"."""
    text = name.replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]


def _shown(value: Any) -> Markup:
    if value in (None, "", [], {}):
        return Markup('<p class="none">Nothing.</p>')
    if isinstance(value, dict):
        rows = [Markup("<dt>{}</dt><dd>{}</dd>").format(_words(name), _inside(each)) for name, each in value.items()]
        return Markup("<dl>{}</dl>").format(Markup("").join(rows))
    if isinstance(value, list):
        return Markup("<ul>{}</ul>").format(
            Markup("").join(Markup("<li>{}</li>").format(_inside(each)) for each in value)
        )
    return Markup("<p>{}</p>").format(_inside(value))


def _inside(value: Any) -> Any:
    if value in (None, "", [], {}):
        return Markup('<span class="none">nothing</span>')
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (dict, list)):
        return _shown(value)
    return _moment(value) if isinstance(value, str) else value


def _moment(text: str) -> str:
    """A moment as people in England write it; any other text as it is."""
    try:
        moment = datetime.fromisoformat(text) if len(text) > 18 and text[10:11] == "T" else None
    except ValueError:
        moment = None
    return f"{moment.astimezone(LONDON):%-d %B %Y, %H:%M}" if moment and moment.tzinfo else text

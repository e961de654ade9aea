"""`waypost reviews`: referrals for which no rule can decide, and what a person decides. Every act is in the audit table."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.commands.operator import ask

app = typer.Typer(help="Referrals that wait for a person: list, show, decide.", no_args_is_help=True)
Referral = Annotated[str, typer.Argument(help="The referral's id as `waypost reviews list` shows it.")]


@app.command("list")
def list_(reason: Annotated[str | None, typer.Option(help="Only those that wait for this reason.")] = None) -> None:
    """Show what waits for a person, the oldest first.

    Example: `waypost reviews list --reason possible-duplicate`
    """
    table = Table("referral", "reference", "kind", "reason", "agencies", "since")
    for item in _every("/v1/reviews", {"reason": reason} if reason else {}):
        about = (item["referral_id"], item["reference"], item["kind"], item["reason"])
        table.add_row(*about, ", ".join(item["agencies"]), item["changed_at"][:16])
    Console().print(table)


@app.command()
def show(referral: Referral) -> None:
    """Show what the rules said of one, who has room, what may be a duplicate, and where it may be sent.

    Example: `waypost reviews show 0192…`
    """
    found = ask("GET", f"/v1/reviews/{referral}")
    typer.echo(f"{found['reference']}  {found['status']}  {found['reason'] or ''}".rstrip())
    table = Table("agency", "rules", "family agrees", "room", "missing", "may be sent there")
    for each in found["outcomes"]:
        agency = each["agency"]
        agreed = "yes" if each["covered_by_consent"] else "no"
        allowed = "yes" if agency in found["may_route_to"] else "no"
        table.add_row(agency, each["outcome"], agreed, each["capacity"], ", ".join(each["missing"]), allowed)
    Console().print(table)
    for each in found["duplicates"]:
        typer.echo(f"may be of the same child: {each['reference'] or ''} {each['referral_id']}")
    for each in found["tasks"]:
        typer.echo(f"asked: {each['agency']}  {each['state']}  {each['reason'] or ''}".rstrip())
    for each in found["rulings"]:
        typer.echo(f"{each['at'][:16]}  {each['actor']}  {each['decision']}  {each['agency'] or ''}  {each['reason']}")


@app.command()
def decide(
    referral: Referral,
    decision: Annotated[str, typer.Argument(help="route, not-eligible or decide-again.")],
    agency: Annotated[str | None, typer.Option(help="Where to, for `route`.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept with your key's id.")] = "",
    look: Annotated[bool, typer.Option("--look", help="Say what would happen, and change nothing.")] = False,
) -> None:
    """Decide one. It never goes to an agency that the family has not agreed to.

    Example: `waypost reviews decide 0192… route --look --agency time-matters`
    Example: `waypost reviews decide 0192… route --agency time-matters --reason "they know the family"`
    """
    choice = {"decision": decision} | ({"agency": agency} if agency else {})
    if look:
        outlook = ask("POST", f"/v1/reviews/{referral}/outlook", json=choice)
        typer.echo(f"would be {outlook['status']} {', '.join([*outlook['agencies'], *outlook['codes']])}".strip())
        for each in outlook["asks"]:
            typer.echo(f"would be asked: {each}")
        for each in outlook["takes_back"]:
            typer.echo(f"would be told to stop: {each}")
        return
    if len(reason) < 3:
        raise typer.BadParameter("say why with --reason")
    ruling = choice | {"reason": reason}
    stands = ask("POST", f"/v1/reviews/{referral}", json=ruling)
    typer.echo(f"{stands['status']} {', '.join([*stands['agencies'], *stands['codes']])}".strip())


def _every(path: str, chosen: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = ask("GET", path, params={**chosen, **cursor, "limit": 100})
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}

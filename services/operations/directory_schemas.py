"""What operations' HTTP takes and gives of the agency directory."""

from marshmallow import Schema, fields, validate

from shared.http.pages import MOST

KIND = validate.OneOf(["re-routed", "newly-in", "newly-out", "otherwise"])


class LiveVersion(Schema):
    """What is live, since when and by whom; its entries; and which version each service goes by."""

    number = fields.Integer(required=True)
    version = fields.String(required=True)
    entries = fields.List(fields.Dict(), required=True)
    services = fields.List(fields.Dict(), required=True)
    publications = fields.List(fields.Dict(), required=True)
    drafts = fields.List(fields.Dict(), required=True)


class NewDraft(Schema):
    """Files by name. They take the place of the live ones of their names; alone they count where they are the `whole`."""

    files = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"[a-z0-9-]{1,60}\.yaml\Z")),
        values=fields.String(),
        required=True,
        validate=validate.Length(1, 200),
    )
    whole = fields.Boolean(load_default=False)
    note = fields.String(load_default="", validate=validate.Length(max=500))


class Draft(Schema):
    """One draft: what it changes, how far it was run over past facts, and what it would decide otherwise, by kind."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    state = fields.String(required=True)
    note = fields.String(required=True)
    uploaded_by = fields.String(required=True)
    uploaded_at = fields.AwareDateTime(required=True)
    based_on = fields.Integer(required=True)
    outdated = fields.Boolean(required=True)
    entries = fields.List(fields.Dict(), required=True)
    changes = fields.List(fields.Dict(), required=True)
    trial = fields.Dict(required=True)


class ChangesQuery(Schema):
    """Which referrals: all that a draft would decide otherwise, or those of one kind."""

    kind = fields.String(validate=KIND)
    cursor = fields.String()
    limit = fields.Integer(validate=validate.Range(1, MOST))


class Publication(Schema):
    """The number of a publication."""

    number = fields.Integer(required=True)


class GoBack(Schema):
    """Which publication to go back from; it must be the live one."""

    number = fields.Integer(required=True, validate=validate.Range(1))

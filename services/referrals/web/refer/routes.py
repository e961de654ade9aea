"""All routes of the form and of the pages that lead to it, for the service to be one.

Names begin with `refer_`, so that none hides another of the service.
"""

from services.referrals.web.refer.form_routes import FormRoutes
from services.referrals.web.refer.returning import ReturnRoutes
from services.referrals.web.refer.start import StartRoutes


class ReferRoutes(StartRoutes, ReturnRoutes, FormRoutes):
    """A service with the form is a `ReferRoutes`; it has `pages` and `front` too."""

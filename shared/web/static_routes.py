"""The routes of style sheet, scripts and icons: files that are the same for everybody."""

from werkzeug.wrappers import Response

from shared.http import problems
from shared.http.request import Request
from shared.web.page import page
from shared.web.statics import address, files

HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class StaticRoutes:
    """A service with pages is a `StaticRoutes`."""

    @page("GET", "/static/<name>", public="the looks of the pages")
    def static(self, request: Request, name: str) -> Response:
        """A file of the pages' looks."""
        content, kind = files().get(f"/static/{name}", (None, None))
        if content is None:
            raise problems.not_found()
        return Response(content, 200, HEADERS, content_type=kind)

    @page("GET", "/favicon.ico", public="the looks of the pages")
    def icon(self, request: Request) -> Response:
        """The icon, where a browser asks for it by its old name."""
        content, kind = files()[address("icon.svg")]
        return Response(content, 200, {**HEADERS, "Cache-Control": "public, max-age=86400"}, content_type=kind)

"""GraphiQL at /graphiql, from this origin only: the built page of web/graphiql, its assets, and their security headers.

Building it is the business of app/web_assets.py; without a build the page says what to do.
"""

from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "worker-src": "'self'",
    # Monaco positions and colours its text with style attributes and style elements.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    # GraphiQL's style sheet carries its fonts as data.
    "font-src": "'self' data:",
    # Covers ws: and wss: of the same host and port, too.
    "connect-src": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{directive} {sources}" for directive, sources in _POLICY.items())

# Assets need the policy as well: a worker obeys the one that came with its own script.
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# An asset's name contains a hash of its content.
CACHE_FOREVER = "public, max-age=31536000, immutable"
CACHE_WITH_CHECK = "no-cache"

# All that a build contains. Python's `mimetypes` reads the machine's own tables, which may call .js text/plain;
# with nosniff that breaks the page.
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".ttf": "font/ttf"}

NOT_BUILT_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Rookery · GraphiQL is not built</title>
<link rel="icon" href="data:,">
<style>
body { max-width: 36rem; margin: 15vh auto 0; padding: 0 1.5rem; font: 1rem/1.6 system-ui, sans-serif; }
pre { padding: .75rem 1rem; border: 1px solid; border-radius: .5rem; }
</style>
</head>
<body>
<h1>GraphiQL is not built yet</h1>
<p>The API is up and answers at <code>/graphql</code>; only this page is missing. In the checkout, run</p>
<pre>make web</pre>
<p>and reload. It takes about half a minute, says what it does, and names the reason if it cannot.
It needs a package registry, and Node 20.19 or newer, which it installs for itself where there is none.</p>
</body>
</html>
"""


def routes(*, dist: Path) -> list[BaseRoute]:
    """The routes of GraphiQL over the build in `dist`, which may be absent, and may appear or change while we serve."""
    page = dist / "index.html"

    async def show_page(_request: Request) -> Response:
        if not page.is_file():
            return HTMLResponse(NOT_BUILT_PAGE, status_code=503, headers=_page_headers("no-store"))
        return FileResponse(page, media_type="text/html", headers=_page_headers(CACHE_WITH_CHECK))

    async def send_asset(request: Request) -> Response:
        name = request.path_params["name"]
        asset = dist / "assets" / name
        # The parameter holds no slash; a backslash would be one on Windows.
        if asset.name != name or not asset.is_file():
            return PlainTextResponse("Not found", status_code=404, headers=SECURITY_HEADERS)
        headers = {**SECURITY_HEADERS, "Cache-Control": CACHE_FOREVER}
        return FileResponse(asset, media_type=_media_type(asset), headers=headers)

    async def add_slash(_request: Request) -> Response:
        return RedirectResponse("/graphiql/", headers=SECURITY_HEADERS)

    return [
        Route("/graphiql", add_slash),
        Route("/graphiql/", show_page),
        Route("/graphiql/assets/{name}", send_asset),
    ]


def _page_headers(cache_control: str) -> Mapping[str, str]:
    return {**SECURITY_HEADERS, "Cache-Control": cache_control}


def _media_type(asset: Path) -> str:
    return MEDIA_TYPES.get(asset.suffix, "application/octet-stream")

"""The web client: a page at `/`, its worker, and its files under `/web/`. They are public.

The files are few and small, so they are read once and answered from memory. No path from
outside ever reaches the disk. The content security policy lets the page load from, and talk
to, this server only.
"""

import gzip
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from sanic import Blueprint, HTTPResponse, Request

from chat.api.etags import has_already
from chat.errors import NotFound

INSTALLED = Path(__file__).parents[1] / "page"
FOLDER = INSTALLED if INSTALLED.exists() else Path(__file__).parents[2] / "web"
"""setup.py puts the checkout's folder into the package."""
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
LASTING = {"Cache-Control": "public, max-age=31536000, immutable"}
"""A font's name has its version in it."""
COMMENT = re.compile(rb"^\s*(?:/\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
"""Lines of a script that only its readers need. They are not sent."""
HEADERS = {
    # Browsers ask for it again each time, and get it again only when it has changed.
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' blob:; media-src 'self' blob:; font-src 'self'; manifest-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


class File(Struct, frozen=True):
    body: bytes
    content_type: str
    tag: str


def load(folder: Path) -> dict[str, File]:
    """The files of the folder and of the client library in it, by their paths."""
    files = {}
    for path in (*folder.iterdir(), *(folder / "client").iterdir()):
        if path.suffix in TYPES:
            body = path.read_bytes()
            if path.suffix == ".js":
                body = COMMENT.sub(b"", body)
            tag = f'"{sha256(body).hexdigest()}"'
            name = path.relative_to(folder).as_posix()
            files[name] = File(body, TYPES[path.suffix], tag)
    return files


@cache
def compressed(body: bytes) -> bytes:
    """A file is compressed when it is first asked for: to compress all at the start takes long."""
    return gzip.compress(body, mtime=0)


def blueprint(base_path: str) -> Blueprint:
    """The routes, with the files as they are at this moment."""
    files = load(FOLDER)
    made = Blueprint("web")

    @made.get("/", ctx_public=True)
    async def page(request: Request) -> HTTPResponse:
        return answer(request, files["index.html"])

    @made.get("/sw.js", ctx_public=True)
    async def worker(request: Request) -> HTTPResponse:
        """The page's service worker, where it may see to the whole page."""
        return answer(request, files["sw.js"])

    @made.get("/widget.js", ctx_public=True)
    async def widget(request: Request) -> HTTPResponse:
        """The script that a shop puts on its pages."""
        made = answer(request, files["widget.js"])
        made.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return made

    @made.get("/widget/", ctx_public=True)
    async def chat(request: Request) -> HTTPResponse:
        """The frame that it opens. Only pages of WIDGET_ORIGINS may show it."""
        made = answer(request, files["widget.html"])
        allowed = " ".join(request.app.ctx.settings.widget_origins) or "'none'"
        policy = made.headers["Content-Security-Policy"]
        made.headers["Content-Security-Policy"] = policy.replace(
            "frame-ancestors 'none'", f"frame-ancestors {allowed}"
        )
        return made

    @made.get("/web/<name:path>", ctx_public=True)
    async def part(request: Request, name: str) -> HTTPResponse:
        file = files.get(name.removesuffix("/"))
        if file is None:
            raise NotFound("The web client has no such file.")
        return answer(request, file)

    if base_path:

        @made.get(base_path, strict_slashes=True, ctx_public=True)
        async def without_slash(_: Request) -> HTTPResponse:
            """Redirect to the path with a slash, to which the page's own links are relative."""
            return HTTPResponse(status=308, headers={"Location": f"{base_path}/"})

    return made


def answer(request: Request, file: File) -> HTTPResponse:
    # The tag is weak, because it stands for the file both compressed and not.
    headers = HEADERS | {"ETag": f"W/{file.tag}"}
    if file.content_type == TYPES[".woff2"]:
        headers |= LASTING
    if origin := request.app.ctx.file_origin:  # the page reads files where they are kept
        policy = headers["Content-Security-Policy"]
        headers["Content-Security-Policy"] = policy.replace(
            "connect-src 'self'", f"connect-src 'self' {origin}"
        )
    if has_already(request, file.tag):
        return HTTPResponse(status=304, headers=headers)
    body = file.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = compressed(body)
    return HTTPResponse(body, headers=headers, content_type=file.content_type)

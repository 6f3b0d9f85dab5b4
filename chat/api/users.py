"""Users: sign up, read oneself, and find people to talk to."""

from msgspec import UNSET
from sanic import Blueprint, HTTPResponse, Request

from chat.api import bodies, etags, keys, paging, responses
from chat.api.operations import Operation
from chat.api.parameters import SEARCH_LIMIT, OnceHeaders, UserSearch
from chat.api.schemas import Erasing, NewPassword, NewUser, UserChanges
from chat.errors import Conflict, Forbidden, RateLimited
from chat.http import addresses
from chat.records import Me, Profile, User
from chat.services.erasure import wrong_password
from chat.services.invites import no_such_invite
from chat.services.registry import Services
from chat.services.users import SEARCH_MAX, invite_needed, sign_up_closed

blueprint = Blueprint("users", url_prefix="/api/users")


@blueprint.post("/", ctx_public=True)
@Operation(
    takes=NewUser,
    headers=OnceHeaders,
    gives={201: User, 200: User},
    refuses=(
        keys.REUSED,
        Forbidden("Users come from another identity provider here."),
        sign_up_closed(),
        invite_needed(),
        no_such_invite(),
        Conflict("This username is taken.", code="username_taken"),
        RateLimited("Too many sign-ups from this address.", retry_after=1),
    ),
)
async def sign_up(request: Request) -> HTTPResponse:
    """Sign up."""
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewUser)
    address = addresses.of_client(request, request.app.ctx.settings.trusted_proxies)
    by = None if body.invite is UNSET else await services.invites.way(body.invite)
    user, is_new = await services.users.sign_up(
        body.username, body.password, address, keys.of(request), by
    )
    return responses.json(user, 201 if is_new else 200)


@blueprint.get("/")
@Operation(query=UserSearch, gives={200: list[Profile]})
async def search(request: Request) -> HTTPResponse:
    """Find users.

    Those come whose name begins with `search`. Without `search` the first of all users come.
    """
    services: Services = request.app.ctx.services
    query = paging.parameters(request, ("search", "limit"))
    limit = paging.integer("limit", query.get("limit", str(SEARCH_LIMIT)), 1, SEARCH_MAX)
    return responses.json(
        await services.users.search(request.ctx.identity, query.get("search", ""), limit)
    )


@blueprint.get("/me/")
@Operation(gives={200: Me})
async def me(request: Request) -> HTTPResponse:
    """The caller."""
    services: Services = request.app.ctx.services
    return responses.json(await services.users.me(request.ctx.identity))


@blueprint.patch("/me/")
@Operation(takes=UserChanges, gives={200: Me})
async def change(request: Request) -> HTTPResponse:
    """Change the caller's name that is shown, and the caller's metadata."""
    services: Services = request.app.ctx.services
    body = bodies.decode(request, UserChanges)
    who = request.ctx.identity
    return responses.json(await services.users.change(who, body.display_name, body.metadata))


@blueprint.post("/me/password/")
@Operation(takes=NewPassword, gives={204: None}, refuses=(wrong_password(),))
async def change_password(request: Request) -> HTTPResponse:
    """Change the caller's password.

    Every other sign-in of the caller ends: its tokens stop working, and its sockets are closed.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewPassword)
    await services.password_change.change(
        request.ctx.identity, body.old_password, body.new_password
    )
    return responses.empty()


@blueprint.delete("/me/")
@Operation(takes=Erasing, gives={202: None}, refuses=(wrong_password(),))
async def erase(request: Request) -> HTTPResponse:
    """Erase the caller, for ever.

    The account ends at once: no token of it works any more, and its sockets close with 4401. Then
    the user leaves every conversation, and each of their messages becomes a deleted one, with its
    files; these are changes as any others, which also clients learn of that were away. The name
    becomes `deleted-user-<id>`. `password` is needed where the user has one; users of another
    issuer's tokens have none.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, Erasing)
    password = None if body.password is UNSET else body.password
    await services.erasure.begin(request.ctx.identity, password)
    return HTTPResponse(status=202)


@blueprint.get("/me/export/")
@Operation(gives={200: "application/zip"}, sends=("Content-Disposition",))
async def export(request: Request) -> HTTPResponse | None:
    """Everything of the caller, as a zip.

    `profile.json`, `conversations.json` and `messages.json` (those that the caller sent, with the
    names of their files), `tickets.json` if there are any, and the files in `files/`. What the
    caller said as a guest is in it. It is made while it is sent.
    """
    services: Services = request.app.ctx.services
    headers = {"Content-Disposition": 'attachment; filename="export.zip"', **etags.KEPT}
    head = HTTPResponse(headers=headers, content_type="application/zip")
    return await responses.stream(request, head, services.exports.of(request.ctx.identity))

"""Accounts, for staff: the same as `payam users`."""

from msgspec import UNSET
from sanic import Blueprint, HTTPResponse, Request

from chat import records
from chat.api import bodies, etags, keys, paging, responses
from chat.api.operations import Operation
from chat.api.parameters import LIST_LIMIT, AccountPlace, OnceHeaders
from chat.api.schemas import AccountChanges, NewAccount, SetPassword, Suspending
from chat.errors import Conflict
from chat.services.accounts import own_account
from chat.services.registry import Services
from chat.services.staff import not_staff

blueprint = Blueprint("staff_accounts", url_prefix="/api/staff/users")

ONE = "/<user_id:id>/"
NOT_STAFF = not_staff()
OWN = own_account()


@blueprint.get("/")
@Operation(
    query=AccountPlace, gives={200: list[records.Account]}, sends=("Link",), refuses=(NOT_STAFF,)
)
async def list_all(request: Request) -> HTTPResponse:
    """List users.

    By id, also the suspended and the erased ones. Only for staff.
    """
    services: Services = request.app.ctx.services
    query = paging.parameters(request, ("search", "staff", "suspended", "after", "limit"))
    limit = paging.limit(query.get("limit", str(LIST_LIMIT)))
    flags = {
        name: paging.flag(name, query[name]) for name in ("staff", "suspended") if name in query
    }
    found = await services.accounts.list(
        request.ctx.identity,
        prefix=query.get("search", ""),
        is_staff=flags.get("staff"),
        is_suspended=flags.get("suspended"),
        after=paging.integer("after", query.get("after", "0"), 0, records.ID_MAX),
        limit=limit,
    )
    if len(found) < limit:
        return responses.json(found)
    asked: dict[str, int | str] = {
        name: query[name] for name in ("search", "staff", "suspended") if name in query
    }
    link = paging.link(request, "next", {**asked, "limit": limit, "after": found[-1].id})
    return responses.json(found, headers=link)


@blueprint.post("/")
@Operation(
    takes=NewAccount,
    headers=OnceHeaders,
    gives={201: records.Account, 200: records.Account},
    refuses=(
        NOT_STAFF,
        keys.REUSED,
        Conflict("This username is taken.", code="username_taken"),
    ),
)
async def create(request: Request) -> HTTPResponse:
    """Make a user.

    Without a password nobody can sign in as the user until one is set. Only for staff.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, NewAccount)
    password = None if body.password is UNSET else body.password
    account, is_new = await services.accounts.create(
        request.ctx.identity,
        body.username,
        password,
        is_staff=body.is_staff,
        key=keys.of(request),
    )
    return responses.json(account, 201 if is_new else 200)


@blueprint.get(ONE)
@Operation(gives={200: records.WholeAccount}, refuses=(NOT_STAFF,))
async def show(request: Request, user_id: int) -> HTTPResponse:
    """One user.

    Only for staff.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.accounts.show(request.ctx.identity, user_id))


@blueprint.patch(ONE)
@Operation(takes=AccountChanges, gives={200: records.Account}, refuses=(NOT_STAFF, OWN))
async def change(request: Request, user_id: int) -> HTTPResponse:
    """Make a user staff, or end that.

    Only for staff, and not for oneself.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, AccountChanges)
    return responses.json(
        await services.accounts.set_staff(request.ctx.identity, user_id, is_staff=body.is_staff)
    )


@blueprint.delete(ONE)
@Operation(gives={202: None}, refuses=(NOT_STAFF, OWN))
async def erase(request: Request, user_id: int) -> HTTPResponse:
    """Erase a user, for ever.

    It is what `DELETE /api/users/me/` is for the user. Only for staff, and not for oneself.
    """
    services: Services = request.app.ctx.services
    await services.accounts.delete(request.ctx.identity, user_id)
    return HTTPResponse(status=202)


@blueprint.post(f"{ONE}suspend/")
@Operation(takes=Suspending, gives={200: records.Account}, refuses=(NOT_STAFF, OWN))
async def suspend(request: Request, user_id: int) -> HTTPResponse:
    """Suspend a user.

    All of the user's tokens stop working and their sockets close with 4401, on every node.
    Signing in is refused with 403 `suspended`. What the user wrote stays. Only for staff, and not
    for oneself.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, Suspending)
    return responses.json(
        await services.accounts.suspend(request.ctx.identity, user_id, body.reason)
    )


@blueprint.post(f"{ONE}unsuspend/")
@Operation(gives={200: records.Account}, refuses=(NOT_STAFF, OWN))
async def unsuspend(request: Request, user_id: int) -> HTTPResponse:
    """Let a suspended user sign in again.

    Only for staff, and not for oneself.
    """
    services: Services = request.app.ctx.services
    return responses.json(await services.accounts.unsuspend(request.ctx.identity, user_id))


@blueprint.post(f"{ONE}password/")
@Operation(takes=SetPassword, gives={204: None}, refuses=(NOT_STAFF, OWN))
async def set_password(request: Request, user_id: int) -> HTTPResponse:
    """Give a user another password.

    All sign-ins of the user end. Only for staff, and not for oneself.
    """
    services: Services = request.app.ctx.services
    body = bodies.decode(request, SetPassword)
    await services.accounts.set_password(request.ctx.identity, user_id, body.password)
    return responses.empty()


@blueprint.get(f"{ONE}export/")
@Operation(gives={200: "application/zip"}, sends=("Content-Disposition",), refuses=(NOT_STAFF,))
async def export(request: Request, user_id: int) -> HTTPResponse | None:
    """Everything of a user, as a zip.

    It is what `GET /api/users/me/export/` gives the user. Only for staff.
    """
    services: Services = request.app.ctx.services
    chunks = await services.accounts.export(request.ctx.identity, user_id)
    headers = {
        "Content-Disposition": f'attachment; filename="user-{user_id}.zip"',
        **etags.KEPT,
    }
    head = HTTPResponse(headers=headers, content_type="application/zip")
    return await responses.stream(request, head, chunks)

"""Search in the caller's messages."""

from sanic import Blueprint, HTTPResponse, Request

from chat.api import paging, responses
from chat.api.operations import Operation
from chat.api.parameters import SEARCH_LIMIT, MessageSearch
from chat.errors import InvalidInput, NotFound
from chat.records import ID_MAX, Found
from chat.services.registry import Services
from chat.services.search import LIMIT_MAX

blueprint = Blueprint("search", url_prefix="/api/search")

NO_CONVERSATION = NotFound("There is no such conversation for you.")


@blueprint.get("/")
@Operation(
    query=MessageSearch, gives={200: list[Found]}, sends=("Link",), refuses=(NO_CONVERSATION,)
)
async def find(request: Request) -> HTTPResponse:
    """Find messages that contain a text.

    The newest come first; `Link` leads to earlier ones. Letter case, keyboards of Persian and
    Arabic, vowel marks, accents, digits of all scripts and the non-joiner do not count. `matches`
    says where in `content` the text stands: half-open ranges of code points.
    """
    services: Services = request.app.ctx.services
    query = paging.parameters(request, ("q", "conversation", "sender", "before", "limit"))
    if "q" not in query:
        raise InvalidInput({"q": ["Is required."]})
    given = {
        name: paging.integer(name, query[name], 0, ID_MAX)
        for name in ("conversation", "sender", "before")
        if name in query
    }
    limit = paging.integer("limit", query.get("limit", str(SEARCH_LIMIT)), 1, LIMIT_MAX)
    found, rest = await services.search.find(
        request.ctx.identity,
        query["q"],
        conversation_id=given.get("conversation"),
        sender_id=given.get("sender"),
        before=given.get("before"),
        limit=limit,
    )
    if rest is None:
        return responses.json(found)
    following: dict[str, int | str] = {**query, "limit": limit, "before": rest}
    return responses.json(found, headers=paging.link(request, "next", following))

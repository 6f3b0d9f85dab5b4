"""The request of a handshake, whoever has read it: Sanic, or `arrivals`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from sanic import Request

from chat.auth.middleware import socket_token, subprotocol_token
from chat.errors import InvalidInput
from chat.http import addresses
from chat.services.malformed import unknown


class Knock(ABC):
    """`conversation_id` is that of the path, or None for `/ws/`. `transport` is the client's."""

    __slots__ = ("conversation_id", "transport")

    conversation_id: int | None
    transport: Any

    @abstractmethod
    def token(self) -> str:
        """Raises NotAuthenticated where there is none, and InvalidInput for a long header."""

    @property
    @abstractmethod
    def is_blind(self) -> bool:
        """Whether it is a browser's, which cannot see the status of a refusal."""

    @abstractmethod
    def address(self, trusted: tuple[str, ...]) -> str:
        """The client's, behind these proxies. Raises InvalidInput where a header is too long."""

    @abstractmethod
    def arguments(self) -> Mapping[str, list[str]]:
        """The URL's parameters, each with its values."""

    def parameters(self, known: tuple[str, ...]) -> dict[str, str]:
        """The URL's parameters, each once.

        Raises InvalidInput for any that is not known: a misspelt `since` would lose what the
        client asks for.
        """
        found: dict[str, str] = {}
        for name, values in self.arguments().items():
            if name not in known:
                raise InvalidInput(unknown(name, known, "parameter"))
            if len(values) > 1:
                raise InvalidInput({name: ["May be there only once."]})
            found[name] = values[0]
        return found


class RequestKnock(Knock):
    """Read by Sanic."""

    __slots__ = ("_request",)

    def __init__(self, request: Request) -> None:
        self._request = request
        self.conversation_id = request.match_info.get("conversation_id")
        self.transport = request.transport

    def token(self) -> str:
        return socket_token(self._request)

    @property
    def is_blind(self) -> bool:
        # The token came as a subprotocol, because a browser sets no headers.
        request = self._request
        if request.method != "GET" or "authorization" in request.headers:
            return False
        return subprotocol_token(request) is not None

    def address(self, trusted: tuple[str, ...]) -> str:
        return addresses.of_client(self._request, trusted)

    def arguments(self) -> Mapping[str, list[str]]:
        return self._request.get_args(keep_blank_values=True)

"""The documents say where the server is, which is known only when somebody asks for them.

They are made once, with these words in place of what a request tells.
"""

from chat.api.places import Place

HOST = "payam-host.invalid"
PREFIX = "/payam-prefix"
PROTOCOL = "payam-protocol"


def located(body: bytes, place: Place) -> bytes:
    """The document as the client at this place is to read it."""
    words = {
        # Nothing stands before the paths: OpenAPI has a slash for that, AsyncAPI no field.
        f'"url":"{PREFIX}"': f'"url":"{place.prefix or "/"}"',
        f'"pathname":"{PREFIX}",': f'"pathname":"{place.prefix}",' if place.prefix else "",
        PREFIX: place.prefix,
        HOST: place.host,
        PROTOCOL: "wss" if place.is_secure else "ws",
    }
    for word, here in words.items():
        body = body.replace(word.encode(), here.encode())
    return body

"""Puts into the documents where the server is. Only a request for a document shows that.

The documents are made once, with these words in the places where it belongs.
"""

from chat.api.places import Place

HOST = "payam-host.invalid"
PREFIX = "/payam-prefix"
PROTOCOL = "payam-protocol"


def located(body: bytes, place: Place) -> bytes:
    """The document for a client that finds the server at this place."""
    words = {
        # Without a prefix OpenAPI has a slash, and AsyncAPI leaves out the field.
        f'"url":"{PREFIX}"': f'"url":"{place.prefix or "/"}"',
        f'"pathname":"{PREFIX}",': f'"pathname":"{place.prefix}",' if place.prefix else "",
        PREFIX: place.prefix,
        HOST: place.host,
        PROTOCOL: "wss" if place.is_secure else "ws",
    }
    for word, here in words.items():
        body = body.replace(word.encode(), here.encode())
    return body

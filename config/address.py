"""Listens on HOST and PORT, or says in one line why that is not possible."""

import errno
import os
import socket
from typing import Any

from config.errors import SettingsError

IN_USE = (errno.EADDRINUSE,)
NOT_OURS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
FORBIDDEN = (errno.EACCES, errno.EPERM)


def listen(host: str, port: int, backlog: int) -> socket.socket:
    """A socket that listens there; raises SettingsError, whose text is one line."""
    family, where = resolve(host, port)
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(where)
        listening.listen(backlog)
    except OSError as error:
        listening.close()
        raise SettingsError(complaint(host, port, error)) from None
    return listening


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise SettingsError(
            f"HOST: {host!r} is not known here ({error.strerror});"
            " it may be an address or a name of this machine"
        ) from None
    # A name may stand for several addresses. IPv4 comes first, as elsewhere for "localhost".
    family, _, _, _, where = min(found, key=lambda one: one[0] != socket.AF_INET)
    return family, where


def complaint(host: str, port: int, error: OSError) -> str:
    if error.errno in IN_USE:
        return f"PORT={port} is in use on {host}: stop what listens there, or choose another port"
    if error.errno in NOT_OURS:
        return f"HOST={host} is not an address of this machine; it may be one, or 0.0.0.0 for all"
    if error.errno in FORBIDDEN:
        return (
            f"PORT={port} may not be listened on by this user; ports below 1024"
            " usually need the right CAP_NET_BIND_SERVICE"
        )
    return f"HOST={host}, PORT={port}: {os.strerror(error.errno or 0)}"


def shown(host: str, port: int) -> str:
    """The address as it is written in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

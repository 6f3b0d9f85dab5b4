"""The nginx that deploy/nginx.conf describes, in front of a running Payam."""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Self

from tests.support.payam_server import CHECKOUT, PayamServer
from tests.support.server_process import ServerProcess

SHIPPED = CHECKOUT / "deploy" / "nginx.conf"
IDLE_SECONDS = 8
"""How long an idle socket may be silent here, instead of the shipped 90 seconds."""
SBIN = "/usr/sbin"  # not on everybody's PATH


class NginxServer(ServerProcess):
    """The shipped file, but for addresses, paths, and how soon an idle socket is cut off.

    `upstreams` are the addresses behind it. `changes` are further replacements in the file's text.
    """

    name = "nginx"

    def __init__(self, upstreams: Sequence[str], changes: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.upstreams = upstreams
        self.changes = changes or {}
        self.access_log = self.directory / "access.log"

    def start(self) -> None:
        (self.directory / "nginx.conf").write_text(self.configuration())
        super().start()

    def configuration(self) -> str:
        text = SHIPPED.read_text()
        server = "        server payam:8000 max_fails=1 fail_timeout=2s;\n"
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = "".join(f"    {kind}_temp_path {self.directory}/{kind};\n" for kind in kinds)
        changes = {
            server: "".join(server.replace("payam:8000", one) for one in self.upstreams),
            "listen 80 ": f"listen {self.host}:{self.port} ",
            "/run/nginx.pid": f"{self.directory}/nginx.pid",
            "/var/log/nginx/error.log": "stderr",
            "/var/log/nginx/access.log": str(self.access_log),
            "proxy_read_timeout 90s": f"proxy_read_timeout {IDLE_SECONDS}s",
            "worker_processes auto": "worker_processes 1",
            "http {\n": f"http {{\n{folders}",
            **self.changes,
        }
        for shipped, here in changes.items():
            assert text.count(shipped) == 1, f"deploy/nginx.conf has not one {shipped!r}"
            text = text.replace(shipped, here)
        return text

    def command(self) -> Sequence[str]:
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:{SBIN}")
        assert nginx, "no nginx: `make test` installs it on Debian"
        # Its workers must read the folder, which is its owner's alone.
        directives = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
        folder = str(self.directory)
        return [nginx, "-p", folder, "-c", f"{folder}/nginx.conf", "-e", "stderr", "-g", directives]

    def answers(self) -> bool:
        with closing(HTTPConnection(self.host, self.port, timeout=5)) as connection:
            try:
                connection.request("HEAD", "/")
                return bool(connection.getresponse().status)
            except (OSError, HTTPException):  # refused, or cut off
                return False


class ProxiedServer(PayamServer):
    """Payam with an nginx in front: clients that get its URLs come through that.

    `others` are further nodes that the nginx knows.
    """

    prefix = ""
    """The path at which nginx serves it."""

    def __init__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        others: Sequence[PayamServer] = (),
        changes: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__({"TRUSTED_PROXIES": "127.0.0.1", **(settings or {})})
        self.nginx = NginxServer([self.address, *(other.address for other in others)], changes)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.nginx.port}{self.prefix}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.nginx.port}{self.prefix}"

    def close(self) -> None:
        try:
            self.nginx.close()
        finally:
            super().close()

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            self.nginx.start()
        except BaseException:
            self.close()
            raise
        return self


PREFIX = "/chat"
AS_DOCUMENTED = {
    "location / {": f"location {PREFIX}/ {{",
    "location /ws/ {": f"location {PREFIX}/ws/ {{",
    "location ~ ^/api/conversations/": f"location ~ ^{PREFIX}/api/conversations/",
    "location ~ ^/api/uploads": f"location ~ ^{PREFIX}/api/uploads",
    "location ~* ^/metrics": f"location ~* ^{PREFIX}/metrics",
}
TAKEN_AWAY = {
    "proxy_http_version 1.1;": f"proxy_http_version 1.1; rewrite ^{PREFIX}(/.*)$ $1;",
    'X-Forwarded-Prefix "";': f"X-Forwarded-Prefix {PREFIX};",
}


class PrefixedServer(ProxiedServer):
    """Payam at a path of a site: as docs/operations.md says, or by a header of the proxy's."""

    prefix = PREFIX

    def __init__(self, *, by_header: bool) -> None:
        settings = {"RATE_LIMITS": "off"} | ({} if by_header else {"BASE_PATH": PREFIX})
        super().__init__(settings, changes=TAKEN_AWAY if by_header else AS_DOCUMENTED)

"""A server that speaks S3 (moto), with one bucket."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from urllib.request import Request, urlopen

from tests.support.server_process import ServerProcess

BUCKET = "payam-files"


class S3Server(ServerProcess):
    name = "s3"

    def command(self) -> Sequence[str]:
        return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]

    def answers(self) -> bool:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as connection:
            try:
                connection.request("GET", "/moto-api/")
                return connection.getresponse().status < 500
            except (OSError, HTTPException):
                return False

    def make_bucket(self) -> None:
        request = Request(f"{self.url}/{BUCKET}", method="PUT")  # noqa: S310 - of ours
        urlopen(request).close()  # noqa: S310 - of ours

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def rights(self) -> Mapping[str, str]:
        """The environment of who uses the bucket."""
        return {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.url,
        }

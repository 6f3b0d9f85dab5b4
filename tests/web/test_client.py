"""The JavaScript client library, in Node, against a running server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from tests.faults.proxy import FaultProxy, Way
from tests.support.commands import run_command
from tests.support.payam_server import PayamServer
from tests.support.tokens import access_token

HERE = Path(__file__).parent
NODE = compute_driver_executable()[0]
"""The Node that Playwright brings: tests need no other."""
ALONE = ("account", "react-native", "folding")
SECONDS = 600  # keep a test from hanging: all of them, and each
ONE_SECONDS = 120


def put_back(server: PayamServer) -> None:
    """The database itself stays as it is: to the server's clients its numbers count anew."""
    run_command("restored", settings=server.settings)


@asynccontextmanager
async def faults(server: PayamServer, proxy: FaultProxy) -> AsyncIterator[int]:
    """The port on which a test in another process asks for faults (`faults.mjs`)."""

    async def restart() -> None:
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)

    async def at_once(do: Callable[..., Any], *arguments: Any) -> None:
        do(*arguments)

    words: dict[str, Callable[[], Awaitable[None]]] = {
        "cut": lambda: at_once(proxy.cut),
        "vanish": lambda: at_once(proxy.drop_half_open),
        "stall": lambda: at_once(proxy.stall, Way.BACK),
        "resume": lambda: at_once(proxy.resume),
        "refuse": proxy.refuse,
        "accept": proxy.accept,
        "restart": restart,
        "restored": lambda: asyncio.to_thread(put_back, server),
    }

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        word, *rest = (await reader.readline()).decode().split()
        if word == "token":
            writer.write(access_token(server, int(rest[0]), "somebody", int(rest[1])).encode())
        else:
            await words[word]()
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]


async def run(script: str, report: Path, settings: dict[str, str] | None = None) -> None:
    """Every test of a script; the failure shows Node's report."""
    with report.open("wb") as out:
        node = await asyncio.create_subprocess_exec(
            NODE,
            f"--test-timeout={1000 * ONE_SECONDS}",
            "--test-force-exit",  # a dead connection's close is never answered
            str(HERE / script),
            env=settings or {},
            stdout=out,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(SECONDS):
                await node.wait()
        except TimeoutError:
            pytest.fail(shown(report))
        finally:
            if node.returncode is None:
                node.kill()
                await node.wait()
    assert node.returncode == 0, shown(report)


def shown(report: Path) -> str:
    return report.read_text()


@pytest.mark.parametrize("script", ["client.test.mjs", "live.test.mjs"])
async def test_the_client_library(script: str, tmp_path: Path) -> None:
    """One conversation on a socket, and all of them on one, over a network that fails."""
    with PayamServer() as server:
        async with FaultProxy(server.port) as proxy, faults(server, proxy) as port:
            settings = {
                "PAYAM_URL": f"http://127.0.0.1:{proxy.port}",
                "PAYAM_DIRECT": server.url,
                "PAYAM_FAULTS": str(port),
            }
            await run(script, tmp_path / "report", settings)


@pytest.mark.parametrize("script", [f"{name}.test.mjs" for name in ALONE])
async def test_the_client_library_alone(script: str, tmp_path: Path) -> None:
    """Against frames in every order, and where the platform has little."""
    await run(script, tmp_path / "report")

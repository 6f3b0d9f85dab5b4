"""`/metrics` says what happened, in all workers together, and outlives them."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from chat import __version__, metrics
from config.settings import Settings
from tests.api.client import Api
from tests.support.http_client import http_client
from tests.support.payam_server import CHECKOUT, PayamServer
from tests.support.people import People, Person
from tests.support.postgres_server import PostgresServer
from tests.support.processes import children, owners
from tests.support.redis_server import RedisServer
from tests.support.sockets import Socket

DASHBOARD = CHECKOUT / "deploy" / "grafana-dashboard.json"
PATIENCE_SECONDS = 60  # keeps a test from hanging
MESSAGES = 5
OURS = ("payam_", "process_")


class Figures:
    """What a server says of itself at one moment."""

    def __init__(self, text: str) -> None:
        self.families: dict[str, Metric] = {}
        for family in text_string_to_metric_families(text):
            self.families[family.name] = family

    def of(self, sample: str, **labels: str) -> float:
        """The sum of a sample over all that carry these labels."""
        return sum(
            one.value
            for family in self.families.values()
            for one in family.samples
            if one.name == sample and labels.items() <= one.labels.items()
        )


async def figures(server: PayamServer) -> Figures:
    # Each on a connection of its own, as a scrape is: any worker may answer.
    async with http_client(server.url) as http:
        response = await http.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    return Figures(response.text)


async def until(server: PayamServer, fulfilled: Callable[[Figures], bool]) -> Figures:
    """The first figures that are so: each worker hands on its own once a second."""
    seen = Figures("")
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not fulfilled(seen):
                seen = await figures(server)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"never so: {seen.families}") from None
    return seen


async def talk(ali: Socket, *listeners: Socket) -> None:
    """Ali says a few things, each acknowledged and heard by everyone."""
    for number in range(MESSAGES):
        await ali.send({"type": "chat_message", "message": "hello", "client_id": f"{number}"})
    for socket in listeners:
        for _ in range(MESSAGES):
            await socket.receive_type("chat.message")


async def test_what_is_sent_is_counted(deployment: PayamServer, people: People) -> None:
    """Each message once, each of its frames once, whichever worker wrote it; each socket."""
    ali, sara = await people("ali"), await people("sara")
    conversation = await ali.begin_conversation(sara)
    before = await figures(deployment)
    first = await ali.connect(conversation)
    second = await sara.connect(conversation, apart_from=first)

    await talk(first, first, second)

    def is_counted(now: Figures) -> bool:
        return (
            now.of("payam_messages_stored_total") - before.of("payam_messages_stored_total"),
            now.of("payam_deliveries_total") - before.of("payam_deliveries_total"),
            now.of("payam_connections") - before.of("payam_connections"),
        ) == (MESSAGES, 2 * MESSAGES, 2)

    after = await until(deployment, is_counted)
    stored = after.of("payam_commit_changes_sum") - before.of("payam_commit_changes_sum")
    assert stored == MESSAGES
    for stage in ("queued", "acknowledged", "delivered"):
        seen = after.of("payam_change_seconds_count", stage=stage)
        assert seen == after.of("payam_commit_seconds_count")
    assert after.of("payam_relay_connected") == 1
    assert after.of("payam_write_queue") == after.of("payam_relay_backlog") == 0

    await first.close()
    await second.close()
    await until(
        deployment, lambda now: now.of("payam_connections") == before.of("payam_connections")
    )


async def test_requests_are_counted_by_route(deployment: PayamServer, people: People) -> None:
    """By its template, so that ids and paths that nobody made are no figures of their own."""
    ali = await people("ali")
    labels = {"method": "GET", "route": "/api/conversations/{conversation_id}", "status": "404"}
    unknown = {"method": "other", "route": "unknown", "status": "404"}
    name = "payam_http_request_seconds_count"
    before = await figures(deployment)
    for number in range(3):
        await ali.http.get(f"/api/conversations/{10**9 + number}/")
        await ali.http.request("BREW", f"/nowhere/{number}")
    after = await figures(deployment)
    assert after.of(name, **labels) - before.of(name, **labels) == 3
    assert after.of(name, **unknown) - before.of(name, **unknown) == 3
    assert not [
        sample
        for sample in after.families["payam_http_request_seconds"].samples
        if "nowhere" in sample.labels["route"]
    ]


async def test_who_comes_back_and_what_was_missed_are_counted(
    postgres_server: PostgresServer, migrated_template: str
) -> None:
    """A resume is one; so is a gap, here what a process without a relay did not hear of."""
    shared = {
        "DATABASE_URL": postgres_server.create_database(template=migrated_template),
        "JWT_SECRET": "s" * 40,
        "RATE_LIMITS": "off",
    }
    with PayamServer(shared) as hearing, PayamServer(shared) as deaf:
        async with People(hearing) as people, seen_from(deaf, await people("ali")) as ali_there:
            ali = ali_there.of
            conversation = await ali.begin_conversation()
            here = await ali.connect(conversation, since=0)
            await here.receive_type("resumed")
            there = await ali_there.person.connect(conversation)
            # By the time this is stored, the look at the database on joining is over: in the
            # midst of the talk it would find, and heal, a part of the gap.
            await there.send({"type": "chat_message", "message": "the one before the gap"})
            await there.receive_type("chat.message")
            await talk(here, here)
            await here.receive_type("chat.message")
            await there.send({"type": "chat_message", "message": "the one after the gap"})
            for _ in range(MESSAGES + 1):
                await there.receive_type("chat.message")
            assert (await figures(deaf)).of("payam_gaps_healed_total") == 1
            assert (await figures(deaf)).of("payam_resumes_total") == 0
            assert (await figures(hearing)).of("payam_resumes_total") >= 1


class Double:
    """The same person on another server of the same database."""

    def __init__(self, person: Person, of: Person) -> None:
        self.person = person
        self.of = of


@asynccontextmanager
async def seen_from(server: PayamServer, of: Person) -> AsyncIterator[Double]:
    person = Person(server, of.username)
    person.use({"access": of.access, "refresh": of.refresh})
    try:
        yield Double(person, of)
    finally:
        await person.close()


async def test_slow_readers_are_counted() -> None:
    """From zero, which is there before the first; an alert needs both."""
    settings = {"RATE_LIMITS": "off", "WS_SEND_BUFFER": "65536", "MESSAGE_MAX_LENGTH": "60000"}
    with PayamServer(settings) as server:
        async with People(server) as people:
            ali, sara = await people("ali"), await people("sara")
            conversation = await ali.begin_conversation(sara)
            await sara.connect(conversation, is_lazy=True)
            zero = await figures(server)
            assert "4408" in [one.labels["code"] for one in zero.families["payam_closes"].samples]
            assert zero.of("payam_closes_total", code="4408") == 0
            path = f"/api/conversations/{conversation}/messages/"
            for number in range(300):  # more than the kernel's buffers of both ends hold
                await ali.http.post(path, json={"content": "x" * 60_000})
                if number % 10 == 0:
                    closed = (await figures(server)).of("payam_closes_total", code="4408")
                    if closed:
                        break
            assert closed == 1


@pytest.fixture
def workers() -> Iterator[PayamServer]:
    """Two workers that a test may kill."""
    with (
        RedisServer() as relay,
        PayamServer({"RATE_LIMITS": "off", "REDIS_URL": relay.url}, workers=2) as server,
    ):
        yield server


async def test_counters_outlive_a_worker(workers: PayamServer) -> None:
    """One that is killed leaves its counts behind, but not its sockets; its successor adds."""
    async with People(workers) as people:
        ali, sara = await people("ali"), await people("sara")
        conversation = await ali.begin_conversation(sara)
        first = await ali.connect(conversation)
        second = await sara.connect(conversation, apart_from=first)
        await talk(first, first, second)
        before = await until(
            workers,
            lambda now: (
                (now.of("payam_deliveries_total"), now.of("payam_connections")) == (2 * MESSAGES, 2)
            ),
        )
        assert before.of("payam_messages_stored_total") == MESSAGES

        victim = owners(workers.pids())[first.local_port]
        os.kill(victim, signal.SIGKILL)
        await first.until_closed()
        master = workers.process.pid
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(children(master)) < 2 or victim in children(master):
                await asyncio.sleep(0.05)

        after = await until(workers, lambda now: now.of("payam_connections") == 1)
        assert after.of("payam_messages_stored_total") == MESSAGES
        assert after.of("payam_deliveries_total") == 2 * MESSAGES

        again = await ali.connect(conversation, apart_from=second)
        await again.send({"type": "chat_message", "message": "back"})
        await again.receive_type("chat.message")
        await second.receive_type("chat.message")
        await until(
            workers,
            lambda now: (
                (
                    now.of("payam_messages_stored_total"),
                    now.of("payam_deliveries_total"),
                    now.of("payam_connections"),
                )
                == (MESSAGES + 1, 2 * MESSAGES + 2, 2)
            ),
        )


def test_the_files_of_figures_go_with_the_server(workers: PayamServer) -> None:
    """They are while it runs, for its user alone, and are not afterwards."""
    [folder] = [
        found
        for parent in ("/dev/shm", "/tmp")  # noqa: S108 - where gunicorn.conf.py makes it
        for found in Path(parent).glob(f"payam-metrics-{workers.process.pid}-*")
    ]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.glob("counter_*.db"))
    workers.stop()
    assert not folder.exists()


def test_metrics_can_be_switched_off(tmp_path: Path) -> None:
    """404, as for any path that is not there."""
    with Api(Settings(data_dir=tmp_path, metrics=False)) as api:
        assert api.request("GET", "/metrics").status_code == 404


def names() -> set[str]:
    """Of all samples that there can be."""
    suffixes = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    return {
        family.name + suffix
        for family in metrics.registry.collect()
        for suffix in suffixes[family.type]
    }


def test_the_dashboard_shows_what_there_is() -> None:
    """Each of its queries names samples that exist, and each metric is in one of them."""
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [
        target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])
    ]
    used = {word for query in queries for word in words(query) if word.startswith(OURS)}
    assert used <= names()
    families = {family.name for family in metrics.registry.collect()}
    assert {name for name in families if not any(word.startswith(name) for word in used)} == set()
    [source] = [one for one in dashboard["templating"]["list"] if one["type"] == "datasource"]
    uids = {panel["datasource"]["uid"] for panel in dashboard["panels"] if "targets" in panel}
    assert uids == {"${" + source["name"] + "}"}


def words(query: str) -> list[str]:
    return "".join(one if one.isalnum() or one == "_" else " " for one in query).split()


async def test_the_process_and_the_version_are_there(deployment: PayamServer) -> None:
    """Of each worker by itself, under the names that dashboards of others know."""
    now = await until(deployment, lambda now: now.of("process_resident_memory_bytes") > 0)
    assert now.of("payam_build_info", version=__version__) == 1
    assert now.of("process_cpu_seconds_total") > 0
    assert now.of("process_start_time_seconds") > 0
    assert now.of("process_max_fds") > 0
    if deployment.workers > 1:
        pids = {one.labels["pid"] for one in now.families["process_max_fds"].samples}
        assert pids <= {str(pid) for pid in deployment.pids()}


async def test_the_lag_of_the_loop_is_measured(deployment: PayamServer) -> None:
    """All the time, on each worker; and no stall is longer than the longest one."""
    before = (await figures(deployment)).of("payam_loop_lag_seconds_count")
    after = await until(
        deployment, lambda now: now.of("payam_loop_lag_seconds_count") > before + 10
    )
    assert after.of("payam_loop_longest_stall_seconds") * after.of(
        "payam_loop_lag_seconds_count"
    ) >= after.of("payam_loop_lag_seconds_sum")

"""What Payam counts of itself, for Prometheus.

On the hot path nothing is counted per message or per socket: the writer counts once per commit,
and the hub adds to a plain number, which is passed to the library once per second.

Under gunicorn each worker writes its figures to files in PROMETHEUS_MULTIPROC_DIR, which
gunicorn.conf.py makes. Any worker answers with the sum of all. Counters stay when their worker
is gone; gauges count living workers only.
https://prometheus.github.io/client_python/multiprocess/
"""

import asyncio
import os
import platform
import resource
import time
from collections.abc import Callable, Mapping
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]

SAMPLE_SECONDS = 1.0
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LAGS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
WAITS = (10.0, 30.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 14_400.0, 43_200.0, 86_400.0, 604_800.0)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

# This is the library's own switch, which it reads when it is imported. It is no setting of Payam.
IS_SHARED = "PROMETHEUS_MULTIPROC_DIR" in os.environ

registry = CollectorRegistry()

counter = partial(Counter, registry=registry)
histogram = partial(Histogram, registry=registry)
# How the values of several workers become one.
summed = partial(Gauge, registry=registry, multiprocess_mode="livesum")
greatest = partial(Gauge, registry=registry, multiprocess_mode="livemax")
least = partial(Gauge, registry=registry, multiprocess_mode="livemin")
each = partial(Gauge, registry=registry, multiprocess_mode="liveall")

build = greatest(
    "payam_build_info", "1, with the versions of what runs in the labels", ["version", "python"]
)
# The names of the next four are those that Prometheus' own libraries give them.
process_cpu = each("process_cpu_seconds_total", "Seconds of a core that the process has taken")
process_memory = each("process_resident_memory_bytes", "Memory that the process has")
process_start = each(
    "process_start_time_seconds", "When the process began to serve, in seconds since 1970"
)
process_most_files = each(
    "process_max_fds", "Most files and sockets that the process may have open"
)
messages_stored = counter("payam_messages_stored", "New messages that were committed")
commit_changes = histogram("payam_commit_changes", "Changes in one commit", buckets=SIZES)
commit_seconds = histogram("payam_commit_seconds", "How long one commit took", buckets=SECONDS)
change_seconds = histogram(
    "payam_change_seconds",
    "From the arrival of a commit's oldest change until its commit began (queued), its sender"
    " was answered (acknowledged), the sockets of its worker had it (delivered; with more than"
    " 1,000 in a conversation, it was ready to be written to them)",
    ["stage"],
    buckets=SECONDS,
)
deliveries = counter("payam_deliveries", "Frames of changes that were written to sockets")
connections = summed("payam_connections", "Open websockets")
closes = counter("payam_closes", "Websockets that the server closed, by close code", ["code"])
resumes = counter("payam_resumes", "Clients that resumed")
gaps_healed = counter(
    "payam_gaps_healed", "Times that changes the relay had not brought were read from the database"
)
heals_in_vain = counter(
    "payam_heals_in_vain", "Times that the database did not have changes that the relay announced"
)
resets = counter(
    "payam_resets",
    "Clients that had to read a conversation again, because the database was put back",
)
write_queue = summed("payam_write_queue", "Changes that wait for the database")
cursor_held = greatest(
    "payam_cursor_held_seconds",
    "For how long a transaction has been open that makes returning clients read changes again",
)
follower_behind_seconds = greatest(
    "payam_follower_behind_seconds",
    "Age of the oldest change that this follower has not handled; 0 where it has them all",
    ["follower"],
)
follower_behind_conversations = greatest(
    "payam_follower_behind_conversations",
    "Conversations in which this follower has something to do, as far as it counts them",
    ["follower"],
)
followers_running = greatest(
    "payam_followers_running",
    "1 in the worker whose followers' process runs; 0 in all of them means that none does",
)
webhook_attempts = counter(
    "payam_webhook_attempts",
    "Requests to webhooks: delivered, refused (by another status than 2xx), timeout, cut,"
    " unreachable, forbidden (an address that is not allowed)",
    ["outcome"],
)
webhooks_failing = greatest(
    "payam_webhooks_failing", "Webhooks whose last attempts failed, and that are tried again"
)
webhooks_paused = greatest(
    "payam_webhooks_paused",
    "Webhooks that are paused, because their receiver is gone or has failed for too long",
)
pushes = counter(
    "payam_pushes",
    "Pushes to devices, by platform and outcome: delivered, gone (the device is), refused, failed"
    " (it is tried again) and expired (it was tried until PUSH_TTL)",
    ["platform", "outcome"],
)
push_seconds = histogram(
    "payam_push_seconds",
    "From a message until a push for it was taken by a push service or a gateway",
    buckets=(1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 30.0, 60.0, 300.0, 3600.0),
)
push_waiting_seconds = greatest(
    "payam_push_waiting_seconds",
    "For how long a device has waited for somebody to look whether there is something to push",
)
relay_backlog = summed("payam_relay_backlog", "Events that wait to be published")
relay_connected = least(
    "payam_relay_connected", "1 while every worker receives what the others publish"
)
loop_lag_seconds = histogram(
    "payam_loop_lag_seconds",
    "How much later than it was due the event loop ran a timer, fifty times per second",
    buckets=LAGS,
)
loop_longest_stall = greatest(
    "payam_loop_longest_stall_seconds", "The longest such lag of the last minute or two"
)
unread_bytes = summed(
    "payam_unread_bytes",
    "Bytes of large answers over HTTP that are held until their clients have read them",
)
answers_refused = counter(
    "payam_answers_refused",
    "Answers over HTTP that were refused because too many bytes wait to be read already,"
    " of one user or on the whole worker",
    ["limit"],
)
clients_cut = counter(
    "payam_clients_cut",
    "Clients over HTTP that were cut off because they took nothing of an answer for too long",
)
relay_refusals = counter(
    "payam_relay_refusals",
    "Commands that Redis refused, for example because of missing rights, by command",
    ["command"],
)
limits_hit = counter(
    "payam_limits_hit",
    "Requests, frames, sockets and sign-ins that were one too many, by limit",
    ["limit"],
)
sign_ins_failed = counter("payam_sign_ins_failed", "Sign-ins with a wrong name or password")
desk_open = greatest(
    "payam_desk_open", "Tickets that are not closed; the worker that looks after the desk counts"
)
desk_waiting = greatest("payam_desk_waiting", "Tickets whose customers wait for an answer")
desk_unassigned = greatest(
    "payam_desk_unassigned", "Tickets that are not closed, and that no agent has"
)
desk_first_response = histogram(
    "payam_desk_first_response_seconds",
    "From the opening of a ticket until the first answer of an agent",
    buckets=WAITS,
)
desk_resolution = histogram(
    "payam_desk_resolution_seconds",
    "From the opening of a ticket until it was closed",
    buckets=WAITS,
)
uploads_refused = counter("payam_uploads_refused", "Uploads that were refused, by code", ["code"])
staff_acts = counter("payam_staff_acts", "What staff and the operator did, by kind", ["kind"])
http_seconds = histogram(
    "payam_http_request_seconds",
    "From a request until its answer begins",
    ["method", "route", "status"],
    buckets=SECONDS,
)

_queued = change_seconds.labels("queued")
_acknowledged = change_seconds.labels("acknowledged")
_delivered = change_seconds.labels("delivered")
# They exist from the start, because an alert needs the zero.
closes.labels("4408")
answers_refused.labels("user")
answers_refused.labels("worker")
for _outcome in ("delivered", "refused", "timeout", "cut", "unreachable", "forbidden"):
    webhook_attempts.labels(_outcome)


class Tally:
    """A counter for places where even the library's costs too much. The sampler passes it on."""

    __slots__ = ("_counter", "_waiting")

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._waiting = 0

    def add(self, amount: int) -> None:
        self._waiting += amount

    def hand_on(self) -> None:
        waiting, self._waiting = self._waiting, 0
        self._counter.inc(waiting)


delivered_frames = Tally(deliveries)


def committed(
    *,
    changes: int,
    messages: int,
    arrived: float,
    begun: float,
    ended: float,
    acknowledged: float,
    delivered: float,
) -> None:
    """Count one commit, after everything that follows from it. Times are those of `monotonic`.

    `arrived` is when its oldest change came, `acknowledged` when its senders had their answers.
    """
    commit_changes.observe(changes)
    commit_seconds.observe(ended - begun)
    _queued.observe(begun - arrived)
    _acknowledged.observe(acknowledged - arrived)
    _delivered.observe(delivered - arrived)
    if messages:
        messages_stored.inc(messages)


def begin(version: str) -> None:
    """Set what stays the same while the process runs."""
    build.labels(version, platform.python_version()).set(1)
    process_start.set(time.time())
    process_most_files.set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def resident_bytes() -> int:
    """Memory that this process has; 0 where there is no /proc."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


class Sampler:
    """Reads, once per second, the values that are not counted where they change."""

    def __init__(self, gauges: Mapping[Gauge, Callable[[], float]]) -> None:
        self._gauges = dict(gauges)

    def watch(self, gauge: Gauge, value: Callable[[], float]) -> None:
        """Set this gauge to this value from now on."""
        self._gauges[gauge] = value

    def sample(self) -> None:
        delivered_frames.hand_on()
        for gauge, value in self._gauges.items():
            gauge.set(value())

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            self.sample()
            await asyncio.sleep(SAMPLE_SECONDS)


def exposition() -> bytes:
    """All figures in Prometheus' text format. With several workers it reads files."""
    if not IS_SHARED:
        return generate_latest(registry)
    everyone = CollectorRegistry()
    MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
    return generate_latest(everyone)

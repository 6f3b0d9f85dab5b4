"""What the followers' process counts, as the serving process passes it on to Prometheus.

A report is one line of JSON: a list of [metric, values of its labels, number].
"""

import msgspec
from prometheus_client import Counter, Gauge

from chat import metrics

COUNTERS: dict[str, Counter] = {"payam_webhook_attempts": metrics.webhook_attempts}
GAUGES: dict[str, Gauge] = {
    "payam_webhooks_failing": metrics.webhooks_failing,
    "payam_webhooks_paused": metrics.webhooks_paused,
}
Figure = tuple[str, list[str], float]

_figures = msgspec.json.Decoder(list[Figure]).decode


def report() -> bytes:
    """The present figures of this process."""
    found: list[Figure] = []
    for name, metric in {**COUNTERS, **GAUGES}.items():
        for family in metric.collect():
            found += [(name, list(one.labels.values()), one.value) for one in family.samples]
    return msgspec.json.encode(found) + b"\n"


class Taken:
    """The figures that one process has sent. A counter begins at 0 in each process."""

    def __init__(self) -> None:
        self._counted: dict[tuple[str, tuple[str, ...]], float] = {}

    def take(self, line: bytes) -> None:
        for name, labels, value in _figures(line):
            if name in GAUGES:
                GAUGES[name].set(value)
                continue
            key = name, tuple(labels)
            COUNTERS[name].labels(*labels).inc(value - self._counted.get(key, 0.0))
            self._counted[key] = value

    def end(self) -> None:
        """The process has ended: nothing is failing here any more."""
        for gauge in GAUGES.values():
            gauge.set(0)

"""What one delivery costs the server, from few receivers to many."""

from loadtest.charts import compact
from loadtest.crowd import Crowd
from loadtest.growth.answer import Answer
from loadtest.growth.bench import Bench
from loadtest.growth.steps import answer_by_size, cost_by_size
from loadtest.measuring import Run
from loadtest.plots import logarithmic

IN_FLIGHT = 8


def ask(bench: Bench) -> Answer | None:
    sizes = bench.sizes.receivers
    crowd = Crowd(users=max(sizes) + 1, conversations=1, members=2)
    runs = {
        size: Run("fanout", f"--receivers {size} --in-flight {IN_FLIGHT}", crowd) for size in sizes
    }
    found = cost_by_size(
        bench,
        runs,
        lambda measured: measured.figures.get("server_cpu_per_delivery"),
        "receivers",
    )
    return answer_by_size(
        bench,
        found,
        lambda costs: logarithmic(min(costs), max(costs), compact),
        name="receivers",
        title="Processor time per delivery, µs, by receivers",
        about=f"One conversation; its sender keeps {IN_FLIGHT} messages in flight. Payam's own"
        " time, storing included, over all deliveries: flat or falling is good.",
        unit="receivers",
    )

"""Figures that several scenarios report."""

from loadtest.load import Load
from loadtest.snapshot import Window

MIB = 1 << 20


def add_throughput(load: Load, window: Window) -> None:
    """Add how much went through in the window, and the processor time of both sides."""
    load.figure("deliveries_per_second", "deliveries", window.delivered / window.seconds, "/s")
    load.figure("messages_per_second", "messages stored", window.acked / window.seconds, "/s")
    add_costs(load, window, window.delivered, "delivery")


def add_costs(load: Load, window: Window, units: int, unit: str) -> None:
    """Add the processor time in all and per unit; the server's only if its pid is known."""
    for side, cpu in sides(window):
        load.figure(f"{side}_cpu", f"CPU, {side}", cpu / window.seconds * 100, "%")
    add_cost_of_each(load, window, units, unit)
    if window.last.server is not None:
        load.figure("server_memory", "memory, server", window.last.server.memory / MIB, "MiB")
    load.figure("loader_memory", "memory, loader", window.last.loader.memory / MIB, "MiB")


def add_cost_of_each(load: Load, window: Window, units: int, unit: str) -> None:
    """Add the processor time per unit, if any units were done in the window."""
    for side, cpu in sides(window):
        if units:
            each = cpu / units * 1e6
            load.figure(f"{side}_cpu_per_{unit}", f"CPU, {side}, each {unit}", each, "µs")


def sides(window: Window) -> list[tuple[str, float]]:
    """Seconds of processor time of the server and of the loader."""
    loader = ("loader", window.loader_cpu)
    return [loader] if window.server_cpu is None else [("server", window.server_cpu), loader]

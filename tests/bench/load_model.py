"""``python -m tests.bench.load_model``: what 10,000 shops, 1,000,000 buyers and 10,000,000 cases would need.

Unit costs are measured here and now, on PostgreSQL; how people behave and what machines cost is assumed, and printed.
The busiest minutes are played through as a queue of requests, to see how long they wait.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
from dataclasses import dataclass, fields

from tests.bench.__main__ import scene
from tests.bench.unit_costs import EVENTS_OF_CASE, PAGE_BYTES, Costs, measure_costs
from tests.postgres import fresh_database

GB = 1024**3
WAIT_GOAL_MS = 150.0  # p95 of a page, as trust asks of buyers' lists


@dataclass(frozen=True)
class Assumed:
    """How much there is and how people behave. Nothing of this is measured."""

    shops: int = 10_000
    buyers: int = 1_000_000
    cases: int = 10_000_000
    years: float = 3.0  # in which these cases come, and for which they are kept
    visits_a_day: float = 0.1  # of a buyer who looks at orders
    pages_a_visit: float = 5
    pages_a_case: float = 40  # of both sides, over its life
    desk_pages_a_day: float = 150  # of a shop
    polls_an_hour: float = 3_600 / 8 * 0.02  # of a shop and of each hundredth buyer: a chat that is open
    photos_a_case: float = 2.5
    busiest_hour: float = 0.12  # of a day
    festival: float = 3.0  # the busiest day for each usual one
    filled: float = 0.6  # most of a processor that is planned for
    core_price: float = 60  # 元 a month for a core with 4 GB; put your own prices here
    disk_price: float = 0.8  # 元 a month for a GB of SSD
    store_price: float = 0.12  # 元 a month for a GB of object storage
    traffic_price: float = 0.5  # 元 for a GB out
    copies: int = 2  # of the database: a standby, and its base backups


@dataclass(frozen=True)
class Need:
    """What the assumed world needs in its busiest hour, and a month."""

    pages: float  # a second
    polls: float
    steps: float
    photos: float
    portal_cores: float
    database_cores: float
    database_bytes: float
    photo_bytes: float
    log_a_day: float
    traffic_a_month: float
    workers: int
    connections: int
    mean_ms: float  # of a request in the portal


def work_out(costs: Costs, world: Assumed) -> Need:
    """From unit costs to machines."""
    peak = world.busiest_hour / 3600 * world.festival
    cases_a_day = world.cases / world.years / 365
    pages_a_day = (
        world.buyers * world.visits_a_day * world.pages_a_visit
        + cases_a_day * world.pages_a_case
        + world.shops * world.desk_pages_a_day
    )
    pages, steps = pages_a_day * peak, cases_a_day * (EVENTS_OF_CASE + 1) * peak
    polls = (world.shops + world.buyers / 100) * world.polls_an_hour / 3600 * world.festival
    photos = cases_a_day * world.photos_a_case * peak
    html = [both for name, both in costs.pages.items() if "poll" not in name]
    [poll] = [both for name, both in costs.pages.items() if "poll" in name]
    portal_ms, database_ms = (sum(each[side] for each in html) / len(html) for side in (0, 1))
    portal = (pages * portal_ms + polls * poll[0] + steps * costs.step[0] + photos * costs.photo) / 1000
    database = (pages * database_ms + polls * poll[1] + steps * costs.step[1]) / 1000
    workers = math.ceil(portal / world.filled)
    return Need(
        pages,
        polls,
        steps,
        photos,
        portal,
        database,
        world.cases * costs.case_bytes,
        world.cases * world.photos_a_case * costs.photo_bytes,
        cases_a_day * world.festival * costs.log_bytes,
        pages_a_day * 30 * PAGE_BYTES,
        workers,
        workers * 4,
        portal * 1000 / (pages + polls + steps + photos),
    )


def play(rate: float, mean_ms: float, workers: int, *, seconds: float = 60, seed: int = 1) -> tuple[float, float]:
    """Play requests that come at random to workers of one core: (p50, p95) of waiting and work, milliseconds.

    Work is taken to be exponential: many short pages, few long ones.
    """
    dice = random.Random(seed)
    free = [0.0] * workers
    at, took = 0.0, []
    while at < seconds:
        at += dice.expovariate(rate)
        begins = max(at, heapq.heappop(free))
        ends = begins + dice.expovariate(1000 / mean_ms)
        heapq.heappush(free, ends)
        took.append((ends - at) * 1000)
    took.sort()
    return took[len(took) // 2], took[int(len(took) * 0.95)]


def list_limits(costs: Costs, need: Need, world: Assumed) -> list[tuple[float, str, str]]:
    """How many times this load each thing bears, the least first, with what lifts it."""
    return sorted(
        [
            (16 * world.filled / need.database_cores, "one PostgreSQL of 16 cores", "lists from a replica; by shop"),
            (200 / need.connections, "200 connections to PostgreSQL", "PgBouncer, or max_connections"),
            (
                1000 / sum(costs.step) / need.steps,
                "one sweep, if it took all steps",
                "more sweeps: they share cases",
            ),
            (2 * 1024 * GB / need.database_bytes, "2 TB of SSD for the database", "partitions by shop; old cases out"),
        ]
    )


def show(costs: Costs, world: Assumed) -> None:
    """Print what is measured, what is assumed, what follows."""
    print("measured here (CPU ms: portal, database)")
    for name, (portal, database) in {**costs.pages, "a step of a case": costs.step}.items():
        print(f"  {name:<34}{portal:>8.2f}{database:>8.2f}")
    print(f"  {'a photo of 12 megapixels':<34}{costs.photo:>8.0f}")
    print(f"  a case with its order: {costs.case_bytes:,} bytes of tables and indexes, {costs.log_bytes:,} of log")
    print(f"  a photo and its small picture: {costs.photo_bytes:,} bytes")
    print(f"  a worker: {costs.worker_bytes / 2**20:.0f} MB, a connection: {costs.connection_bytes / 2**20:.0f} MB")
    print("assumed")
    for each in fields(world):
        print(f"  {each.name:<34}{getattr(world, each.name):>14,}")
    need = work_out(costs, world)
    print("follows, for the busiest hour of the busiest day")
    print(f"  a second: {need.pages:,.0f} pages, {need.polls:,.0f} polls, {need.steps:,.1f} steps,", end=" ")
    print(f"{need.photos:,.1f} photos")
    print(f"  portal: {need.portal_cores:.1f} cores of work, {need.workers} cores, {need.connections} connections")
    print(f"  database: {need.database_cores:.1f} cores of work, {need.database_bytes / GB:,.0f} GB,", end=" ")
    print(f"{need.log_a_day / GB:,.1f} GB of log a day; photos {need.photo_bytes / GB:,.0f} GB")
    rate = need.pages + need.polls + need.steps + need.photos
    for workers in (need.workers, math.ceil(need.portal_cores * 1.1)):
        half, most = play(rate, need.mean_ms, workers)
        held = "held" if most <= WAIT_GOAL_MS else "missed"
        print(f"  played through on {workers} cores: p50 {half:.0f} ms, p95 {most:.0f} ms", end=" ")
        print(f"(goal {WAIT_GOAL_MS:.0f}: {held})")
    database_cores = math.ceil(need.database_cores / world.filled)
    cost = {
        "portal": need.workers * world.core_price,
        "database": database_cores * world.copies * world.core_price
        + need.database_bytes / GB * world.copies * world.disk_price,
        "photos": need.photo_bytes / GB * world.store_price,
        "traffic": need.traffic_a_month / GB * world.traffic_price,
    }
    print("  元 a month: " + ", ".join(f"{name} {value:,.0f}" for name, value in cost.items()), end="")
    print(f"; together {sum(cost.values()):,.0f}, {sum(cost.values()) / world.shops:.2f} a shop")
    print("the first three limits")
    for times, name, lifted in list_limits(costs, need, world)[:3]:
        print(f"  {times:5.1f} x this load: {name}; lifted by: {lifted}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load_model", description=__doc__)
    for each in fields(Assumed):
        kind = type(each.default)
        parser.add_argument(f"--{each.name.replace('_', '-')}", type=kind, default=each.default)
    world = Assumed(**vars(parser.parse_args()))
    with scene(fresh_database()) as made:
        costs = measure_costs(made)
    show(costs, world)


if __name__ == "__main__":
    main()

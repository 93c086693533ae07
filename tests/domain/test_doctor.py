"""`portal doctor` finds what it looks for: each check has violations planted behind the portal's back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from portal import doctor
from portal.cli.group import portal
from portal.extensions import db
from portal.models import Order
from tests.cast import Cast
from tests.conftest import bring_in, copy_data, make_app, stand_in
from tests.domain import planted_cases, planted_files, planted_money, planted_orders, planted_strangers, planted_ties
from tests.domain.doctor_world import PLANTS, Plant, World, make_world

NAMES = [*(check.name for check in doctor.CHECKS), "files"]
PLANTED = (planted_cases, planted_files, planted_money, planted_orders, planted_strangers, planted_ties)


@pytest.fixture(scope="module")
def first_world(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, cast_template: tuple[Path, Cast]
) -> tuple[Path, World]:
    """The folder of a world that nobody touches, to be copied for each test."""
    folder = tmp_path_factory.mktemp("doctor")
    for app in stand_in(make_app(folder, sqlite_template)):
        made = make_world(app, bring_in(cast_template))
    return folder, made


@pytest.fixture
def world(app: Flask, first_world: tuple[Path, World]) -> World:
    folder, made = first_world
    copy_data(folder, app)
    data = app.extensions["portal_settings"].data
    return replace(made, store=app.extensions["portal_store"], database=data / "portal.db", cast=replace(made.cast))


def doctors_word(app: Flask) -> tuple[int, dict[str, list[str]]]:
    """The exit code of `portal doctor`, and the violations it printed below the name of each check."""
    db.session.remove()
    run = app.test_cli_runner().invoke(portal, ["doctor"])
    assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
    said: dict[str, list[str]] = {}
    verdicts: dict[str, str] = {}
    name = ""
    for line in run.output.splitlines():
        if line.startswith("do "):
            continue  # what is to be done, such as loading a year's calendar
        if line.startswith("      "):
            said[name].append(line.strip())
        else:
            name = line[4:].partition(": ")[0]
            said[name], verdicts[name] = [], line[:4].strip()
    assert verdicts == {name: "BAD" if found else "ok" for name, found in said.items()}
    return run.exit_code, said


def test_a_whole_world_is_well(app: Flask, world: World) -> None:
    assert doctors_word(app) == (0, {name: [] for name in NAMES})


@pytest.mark.parametrize(("check", "broken"), PLANTS, ids=[f"{name}: {plant.__name__}" for name, plant in PLANTS])
def test_it_is_found_and_nothing_else(app: Flask, world: World, check: str, broken: Plant) -> None:
    lines = broken(world)
    code, said = doctors_word(app)
    if check in ("parties", "policies", "shops"):  # a row of another shop is missing where the key with the shop points
        assert all("what it names in" in line for line in said["database"])
        said["database"] = []
    if check in ("parties", "policies"):  # these say it in the words of the trade
        assert all("is another shop's" in line for line in said["shops"])
        said["shops"] = []
    for name in {"sold", "faults"} - {check}:  # an order or a case that was changed behind their back counts otherwise
        assert all(line.startswith(("order line", "case line", "shop")) for line in said[name])
        said[name] = []
    assert (code, said) == (1, {name: lines if name == check else [] for name in NAMES})


def test_every_check_has_a_violation_planted() -> None:
    assert {check for check, _ in PLANTS} == set(NAMES)
    assert {function.__module__ for _, function in PLANTS} == {module.__name__ for module in PLANTED}


def test_more_paid_than_can_be_believed_is_said_and_breaks_nothing(app: Flask, world: World) -> None:
    order = db.session.get_one(Order, (world.other_order, world.cast.shop))
    due, number = order.goods_total_fen, order.order_no
    world.run("UPDATE orders SET paid_fen = :paid WHERE id = :order", paid=due + 1, order=world.other_order)
    said = app.test_cli_runner().invoke(portal, ["doctor"])
    assert said.exit_code == 0
    assert f"do  payments: order {number}: paid {due + 1}, can have cost {due}; " in said.output


def test_a_long_list_is_cut(app: Flask, world: World) -> None:
    world.run("DELETE FROM case_tallies", "DELETE FROM notices")
    for number in range(25):
        world.run(
            "INSERT INTO case_tallies (shop_id, state, number) VALUES (:shop, :state, 1)",
            shop=world.cast.shop2,
            state=f"s{number}",
        )
    code, said = doctors_word(app)
    assert code == 1
    assert len(said["tabs"]) == doctor.MOST_SHOWN + 1 and said["tabs"][-1] == "…"

"""A browser and a portal for it: the real app in a thread, on a world made from the sample order export."""

from __future__ import annotations

import random
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from portal.calendar import clock
from portal.cases import clock as case_clock
from portal.demo import building
from portal.extensions import db, writing
from portal.models import Draft, Order, OrderLine, RateCount, Shop, User
from portal.orders import sold
from portal.orders.export_format import read
from portal.orders.importing import import_orders
from portal.people import accounts
from portal.rights import policies
from tests import exports
from tests.cast import PASSWORD
from tests.conftest import make_app

SAMPLE = Path(__file__).parents[1] / "data" / "orders-export.xlsx"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Debian's Chromium, also as root, without its calls home."""
    return {
        "executable_path": "/usr/bin/chromium",
        "args": [
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@dataclass
class World:
    """The running portal and how a test reaches behind it."""

    app: Flask
    url: str

    def sweep(self) -> None:
        with self.app.app_context():
            case_clock.sweep(clock.now())
            db.session.remove()

    def exchangeable(self, buyer: str = "haijiao_xm") -> tuple[str, str]:
        """(order number, its seller's 会员名) of a finished order of this buyer without a case or draft.

        When the sample has no more of them, goods on their way arrive; then the buyer has bought once more.
        """
        with self.app.app_context():
            if not self._has_left(buyer):
                self._sell_again(buyer)
            row = db.session.execute(
                db.select(Order.id, Order.order_no, Order.status, Shop.owner_id)
                .join(Shop, Shop.id == Order.shop_id)
                .join(User, User.id == Order.buyer_id)
                .where(*_untouched(buyer))
                .order_by(Order.status, Order.id)
            ).first()
            assert row is not None
            if row.status != "completed":
                with writing():
                    arrived = {"status": "completed", "received_at": clock.now()}
                    db.session.execute(db.update(Order).where(Order.id == row.id).values(**arrived))
            seller = db.session.get_one(User, row.owner_id).member_name
            db.session.remove()
        return row.order_no, seller

    def _has_left(self, buyer: str) -> bool:
        query = db.select(Order.id).join(User, User.id == Order.buyer_id).where(*_untouched(buyer))
        return db.session.scalars(query.limit(1)).first() is not None

    def _sell_again(self, buyer: str) -> None:
        company = db.session.scalars(db.select(User.company_name).where(User.member_name == buyer)).one()
        number = f"39{random.randrange(10**13, 10**16):016d}{random.randrange(1, 10)}"
        cells = exports.order(number, 买家会员名=buyer, 买家公司名=company, 下单批次号="")
        with tempfile.TemporaryDirectory() as folder:
            file = exports.text(Path(folder) / "again.csv", exports.table([cells]))
            with read(file) as export:
                import_orders(export, now=clock.now(), vouched=True)

    def order_of_many(self, number: int, buyer: str = "haijiao_xm") -> str:
        """The order number of a finished order of this buyer, made to have ``number`` lines of three units."""
        order_no, _ = self.exchangeable(buyer)
        with self.app.app_context(), writing():
            order_id = db.session.scalars(db.select(Order.id).where(Order.order_no == order_no)).one()
            first = db.session.scalars(db.select(OrderLine).where(OrderLine.order_id == order_id)).first()
            assert first is not None
            kept = {
                name: getattr(first, name) for name in ("shop_id", "order_id", "unit", "unit_price_fen", "product_id")
            }
            known = db.session.scalar(db.select(db.func.count()).where(OrderLine.order_id == order_id)) or 0
            for place in range(known, number):
                line = OrderLine(
                    **kept,
                    position=place + 1,
                    line_key=f"more-{place}",
                    title="秋冬加厚连裤袜 高弹力不勾丝 多色可选",
                    spec=f"黑色;{place} 码",
                    quantity_milli=3_000,
                    snapshot={},
                )
                db.session.add(line)
            db.session.execute(db.update(OrderLine).where(OrderLine.order_id == order_id).values(quantity_milli=3_000))
            sold.count_sold(first.shop_id, [order_id])
        return order_no


def _untouched(buyer: str) -> tuple[Any, ...]:
    return (
        User.member_name == buyer,
        Order.status.in_(("completed", "in_transit", "unshipped")),
        Order.case_count == 0,
        Order.id.not_in(db.select(Draft.order_id)),  # left by another test
    )


@pytest.fixture(scope="session")
def world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The sample's buyers and sellers, all with the demo's password, every shop with a return address."""
    app = make_app(tmp_path_factory.mktemp("e2e") / "data", sqlite_template, qa="1")
    with app.app_context():
        now = clock.now()
        with read(SAMPLE) as export:
            import_orders(export, now=now, vouched=True)
        with writing():
            secret = accounts.hash_password(PASSWORD)
            for user in db.session.scalars(db.select(User)):
                user.password_hash = secret
            for shop in db.session.scalars(db.select(Shop)):
                policies.add_address(
                    shop.id,
                    name="仓库小王",
                    phone="13800138000",
                    address="浙江省义乌市北苑街道88号",
                    note="",
                    make_default=True,
                    now=now,
                )
        db.session.remove()
    with serving(app) as running:
        yield running


@contextmanager
def serving(app: Flask) -> Iterator[World]:
    """The app on a port of this machine, in a thread."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield World(app, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def lively(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The demo's world: a case in every state."""
    app = make_app(tmp_path_factory.mktemp("lively") / "data", sqlite_template, qa="1")
    with app.app_context():
        building.build(clock.now(), app.extensions["portal_store"])
        db.session.remove()
    with serving(app) as world:
        yield world


KINDS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
    "phone-without-script": {"viewport": PHONE, "has_touch": True, "is_mobile": True, "java_script_enabled": False},
    "desk": {"viewport": DESK},
}


def ways(names: str, by_day: str) -> Any:
    """A journey is walked with script and without: ``by_day`` says which of the two by day, the other by night.

    ``names``: the parameters that say who uses what; without script everybody does the same.
    """
    usual = ("phone", "desk")[: len(names.split(","))]
    plain = ("phone-without-script",) * len(usual)
    night = pytest.mark.nightly
    return pytest.mark.parametrize(
        names,
        [
            pytest.param(*usual, marks=() if by_day == "script" else night),
            pytest.param(*plain, marks=() if by_day == "plain" else night),
        ],
    )


@pytest.fixture
def visit(browser: Browser, world: World) -> Iterator[Any]:
    """``visit(kind)``: a fresh browser window of this kind on the portal. Each test may sign in anew as often."""
    opened: list[BrowserContext] = []
    with world.app.app_context(), writing():
        db.session.execute(db.delete(RateCount))

    def make(kind: str, **more: Any) -> Page:
        context = browser.new_context(**{"base_url": world.url, "locale": "zh-CN", **KINDS[kind], **more})
        context.set_default_timeout(10_000)
        opened.append(context)
        return context.new_page()

    yield make
    for context in opened:
        context.close()

"""The fixed cast of the suite, and how they act: signing in, ordering, applying."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal import words
from portal.cases import mediation_rows, taking
from portal.cases import opening as cases_opening
from portal.cases.effects.hand_ins import InspectedLine, RequestedLine
from portal.cases.effects.step_context import ActedBy, hand_in_type
from portal.cases.proposals import Terms
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, Mediation, MoneyEntry, Order, OrderLine, Product, Shop, Sku, User
from portal.money import entries as money_entries
from portal.orders import known_shops, sold
from portal.people import accounts, sessions
from portal.rights import policies

PASSWORD = "huanhuo-demo"
PARCELS = [("ZTO", "75484863576596")]

Way = list[tuple[str, Actor, dict[str, Any]]]  # steps, who takes each, what they hand in


def make_order_no() -> str:
    """Nineteen digits of which the last is no 0: an export's number that ends in zeros is doubted."""
    return f"{secrets.randbelow(9 * 10**17) + 10**17}{secrets.randbelow(9) + 1}"


@dataclass
class Cast:
    """One buyer, one seller with a shop, and two who are always somebody else. Ids, because rows come and go."""

    now: datetime
    buyer: int
    buyer2: int
    seller: int
    seller2: int
    shop: int
    shop2: int
    mediator: int = 0

    @classmethod
    def make(cls, now: datetime) -> Cast:
        with writing():
            people = {
                name: accounts.create_user(name, now=now, company_name=f"{name}公司", password=PASSWORD, weak_ok=True)
                for name in ("buyer", "buyer2", "seller", "seller2", "mediator", "operator")
            }
            people["mediator"].mediator = True
            people["operator"].operator = True
            shops = [accounts.create_shop(people[name], f"{name}的店", now) for name in ("seller", "seller2")]
            for shop in shops:
                policies.add_address(
                    shop.id,
                    name="仓库",
                    phone="13800138000",
                    address="浙江省义乌市北苑街道1号",
                    note="",
                    make_default=True,
                    now=now,
                )
            ids = {name: user.id for name, user in people.items()}
            shop_ids = [shop.id for shop in shops]
        sides = [ids[name] for name in ("buyer", "buyer2", "seller", "seller2")]
        return cls(now, *(*sides, *shop_ids, ids["mediator"]))

    @classmethod
    def of_app(cls, _app: Flask) -> Cast:
        """The cast of a database that may have it already."""
        from tests.conftest import NOW

        people = dict(db.session.execute(db.select(User.member_name, User.id)).all())
        if "buyer" not in people:
            return cls.make(NOW)
        shops = dict(db.session.execute(db.select(Shop.owner_id, Shop.id)).all())
        ids = [people[name] for name in ("buyer", "buyer2", "seller", "seller2")]
        return cls(NOW, *(*ids, shops[people["seller"]], shops[people["seller2"]], people["mediator"]))

    def publish_policy(
        self, window_days: int, hidden_days: int, *, at: datetime, guarantees: Sequence[str] = ()
    ) -> None:
        """The shop's own terms from a moment on: nothing else in them than how long they run."""
        with writing():
            policies.publish_policy(
                self.shop,
                window_days=window_days,
                hidden_days=hidden_days,
                special_freight="negotiated",
                guarantees=guarantees,
                excluded=(),
                words="",
                by=self.seller,
                now=at,
            )

    def order(
        self,
        *,
        status: str = "completed",
        lines: int = 1,
        milli: int = 10_000,
        order_no: str = "",
        buyer: int | None = None,
        shop: int | None = None,
        unit: str = "双",
        title: str = "纯棉中筒袜 男女同款",
        price_fen: int = 1250,
        **columns: Any,
    ) -> Order:
        """An order of ``lines`` lines of one product each with two specifications at the same price."""
        columns.setdefault("shown", True)
        received = columns.pop(
            "received_at", self.now - timedelta(days=2) if status in ("completed", "delivered") else None
        )
        with writing():
            order = Order(
                order_no=order_no or make_order_no(),
                shop_id=shop or self.shop,
                buyer_id=buyer or self.buyer,
                status=status,
                status_text=status,
                ordered_at=columns.pop("ordered_at", self.now - timedelta(days=6)),
                paid_at=columns.pop("paid_at", self.now - timedelta(days=6)),
                received_at=received,
                goods_total_fen=columns.pop("goods_total_fen", price_fen * lines * milli // 1000),
                paid_fen=columns.pop("paid_fen", price_fen * lines * milli // 1000),
                receiver_name=columns.pop("receiver_name", "李雯"),
                receiver_phone=columns.pop("receiver_phone", "13425059650"),
                receiver_address=columns.pop("receiver_address", "四川省 成都市 武侯区 一环路南二段8号"),
                carrier_text="中通快递(ZTO)",
                tracking_text=columns.pop("tracking_text", "75484863576596"),
                imported_at=self.now,
                updated_at=self.now,
                **columns,
            )
            if order.shown:
                known_shops.vouch({(order.buyer_id, order.shop_id)}, self.now)
            db.session.add(order)
            db.session.flush()
            for position in range(lines):
                product = Product(
                    shop_id=order.shop_id,
                    product_key=secrets.token_hex(8),
                    title=title,
                    cargo_no=f"HH-{100 + position}",
                )
                db.session.add(product)
                db.session.flush()
                for number, spec in enumerate(("黑色;L", "白色;L")):
                    db.session.add(
                        Sku(
                            shop_id=order.shop_id,
                            product_id=product.id,
                            sku_key=f"49{product.id:08d}{number}",
                            spec=spec,
                            price_fen=price_fen,
                        )
                    )
                db.session.add(
                    OrderLine(
                        shop_id=order.shop_id,
                        order_id=order.id,
                        position=position + 1,
                        line_key=f"line-{position}",
                        title=title,
                        spec="黑色;L",
                        unit=unit,
                        unit_price_fen=price_fen,
                        quantity_milli=milli,
                        cargo_no=f"HH-{100 + position}",
                        offer_id="622419341609",
                        sku_id="4900392655487",
                        product_id=product.id,
                        snapshot={"货品标题": title, "型号": "黑色;L"},
                    )
                )
            db.session.flush()
            sold.count_sold(order.shop_id, [order.id])
            order_id = order.id
        return db.session.scalars(db.select(Order).where(Order.id == order_id)).one()

    def open_case(
        self,
        order: Order | None = None,
        *,
        milli: int = 2_000,
        reason: str = "damaged",
        now: datetime | None = None,
        lines: int = 1,
        case_type: CaseType = CaseType.EXCHANGE,
        dearer: int | None = None,
        negotiated: bool = False,
        refund_fen: int | None = None,
    ) -> Case:
        """An application for the first lines, straight through the domain. ``dearer``: for a SKU at another price."""
        order = order or self.order()
        receiver = (order.receiver_name, order.receiver_phone, order.receiver_address)
        first = db.select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id).limit(lines)
        bought = [(line.id, line.product_id, line.unit_price_fen) for line in db.session.scalars(first)]
        with writing():
            sku_id = None
            if dearer is not None:
                sku = Sku(
                    shop_id=order.shop_id,
                    product_id=bought[0][1],
                    sku_key=secrets.token_hex(6),
                    spec="红色;XL",
                    price_fen=bought[0][2] + dearer,
                )
                db.session.add(sku)
                db.session.flush()
                sku_id = sku.id
            case = cases_opening.open_case(
                by=self.by(Actor.BUYER),
                order=db.session.get_one(Order, order.id),
                wanted=[RequestedLine(line_id, milli, sku_id) for line_id, _, _ in bought],
                reason=reason,
                description="袜子破洞",
                receiver=receiver,
                freight_payer="seller",
                basis=f"商品质量问题，收货后 15 天内可{words.TYPE[case_type]}",
                policy_id=policies.get_current(order.shop_id).id,
                photos=[],
                now=now or self.now,
                case_type=case_type,
                negotiated=negotiated,
                refund_fen=refund_fen,
            )
            case_id = case.id
        return db.session.get_one(Case, case_id)

    def terms(self, case: Case, **changed: Any) -> Terms:
        """Terms that leave the case as it is, but for ``changed``."""
        lines = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id).order_by(CaseLine.id)).all()
        kind = CaseType(changed.pop("type", case.type))
        refunds = kind in (CaseType.RETURN_REFUND, CaseType.REFUND_ONLY)
        values: dict[str, Any] = {"amount_fen": 500 if refunds else 0, "freight_payer": "seller", **changed}
        return Terms(kind, tuple((line.id, line.quantity_milli, None) for line in lines), **values)

    def by(self, actor: Actor, user: int | None = None) -> ActedBy:
        """This side's own person."""
        own = {Actor.BUYER: self.buyer, Actor.SELLER: self.seller, Actor.MEDIATOR: self.mediator}
        user_id = user or own[actor]
        return ActedBy(actor, user_id, db.session.get_one(User, user_id).member_name, "request")

    def take(
        self, case: Case, step: str, actor: Actor, now: datetime | None = None, user: int | None = None, **values: Any
    ) -> Case:
        """One step in a transaction of its own; ``user``: by somebody else of that side."""
        with writing():
            version, shown = values.pop("version", None), values.pop("shown", None)
            handed = hand_in_type(step)(**values)
            by = self.by(actor, user)
            at = now or self.now
            case_id = taking.take(case.id, step, by=by, now=at, version=version, handed=handed, shown=shown).id
        return db.session.get_one(Case, case_id)

    def until(
        self,
        state: str,
        *,
        order: Order | None = None,
        now: datetime | None = None,
        lines: int = 1,
        case_type: CaseType = CaseType.EXCHANGE,
        **opening: Any,
    ) -> Case:
        """A case brought to ``state`` by the shortest way."""
        at = now or self.now
        if state == "paying":
            opening.setdefault("dearer", 100)
        opening.setdefault("reason", "missing_item" if case_type is CaseType.REISSUE else "damaged")
        case = self.open_case(order, now=at, lines=lines, case_type=case_type, **opening)
        for step, actor, values in self.path(state, case_type):
            case = self.take(case, step, actor, at, **self._facts_of(case, dict(values), at))
        assert case.state == state, (case.state, state)
        return case

    @staticmethod
    def path(state: str, case_type: CaseType) -> Way:
        """The steps from the application to ``state``."""
        buyer, seller = Actor.BUYER, Actor.SELLER
        shipped: tuple[str, Actor, dict[str, Any]] = ("ship_replacement", seller, {"parcels": PARCELS, "ship": True})
        back: Way = [("agree", seller, {}), ("ship_return", buyer, {"parcels": PARCELS})]
        bad: Way = [*back, ("dispute_goods", seller, {"dispute": 0}), ("accept_result_none", buyer, {})]
        returns = case_type in (CaseType.EXCHANGE, CaseType.RETURN_REFUND)
        sends = case_type in (CaseType.EXCHANGE, CaseType.REISSUE)
        agreed: Way = [*back, ("accept_goods", seller, {})] if returns else [("agree", seller, {})]
        extra: Way = [("propose", seller, {"terms": {"compensation_fen": 100}}), ("accept_reship", buyer, {}), shipped]
        owing: Way = [*extra, ("confirm", buyer, {})] if sends else agreed  # until money is owed
        paid = ("refund_ok", seller, {"reference": "2026112300001"})
        ways: dict[str, Way] = {
            "applied": [],
            "proposed": [("propose", seller, {"terms": {}})],
            "revising": [("ask_evidence", seller, {"note": "请补拍外包装"})],
            "withdrawn": [("withdraw", buyer, {})],
            "returning": back[:1],
            "inspecting": back,
            "disputed": [*back, ("dispute_goods", seller, {"dispute": 1_000})],
            "paying": [*back, ("accept_goods_diff", seller, {})],
            "reshipping": agreed,
            "confirming": [*agreed, shipped],
            "refunding": owing,
            "refund_failed": [*owing, ("refund_fail", seller, {"note": "账户已注销"})],
            "completed": [*agreed, shipped, ("confirm", buyer, {})] if sends else [*agreed, paid],
            "closed": bad
            if returns
            else [
                ("propose", seller, {"terms": {}}),
                ("decline", buyer, {}),
                ("ask_evidence", seller, {"note": "请补拍"}),
            ],
            "converted": [
                ("propose", seller, {"terms": {"type": "exchange" if case_type is CaseType.REISSUE else "reissue"}}),
                ("accept_convert", buyer, {}),
            ],
        }
        return ways[state]

    def _facts_of(self, case: Case, values: dict[str, Any], at: datetime) -> dict[str, Any]:
        lines = db.session.scalars(db.select(CaseLine).where(CaseLine.case_id == case.id)).all()
        if "dispute" in values:
            accepted = values["dispute"]
            counted = [
                InspectedLine(line.id, line.quantity_milli, min(accepted, line.quantity_milli), "not_resellable", "旧")
                for line in lines
            ]
            return {"counted": counted, "photos": self.photos(2, self.seller, at), "note": "有使用痕迹"}
        if "terms" in values:
            return {"terms": self.terms(case, **values["terms"])}
        if values.pop("ship", None):
            return values | {"shipped": {line.id: line.accepted_milli - line.shipped_milli for line in lines}}
        return values

    def mediated(self, case: Case, stage: str = "deciding", asked_by: str = "buyer", **columns: Any) -> Case:
        """The platform is in the case, at this stage since now, as if ``asked_by`` had called for it."""
        span, rule = {
            "evidence": (timedelta(hours=48), "mediation_evidence"),
            "deciding": (timedelta(days=5), "mediation_decision"),
            "overdue": (timedelta(days=5), "mediation_second"),
        }[stage]
        with writing():
            db.session.execute(
                db.update(Case)
                .where(Case.id == case.id)
                .values(
                    escalated=True,
                    stage=stage,
                    due_at=self.now + span,
                    due_rule=rule,
                    **{name: value for name, value in columns.items() if name not in mediation_rows.NAMES},
                )
            )
            values = {
                "case_id": case.id,
                "shop_id": case.shop_id,
                "stage_at": self.now,
                "escalated_at": self.now,
                "evidence_round": 1,
                "heard": "",
                "asked_by": asked_by,
            }
            values |= {name: value for name, value in columns.items() if name in mediation_rows.NAMES}
            db.session.execute(db.delete(Mediation).where(Mediation.case_id == case.id))
            db.session.execute(db.insert(Mediation).values(**values))
        db.session.expire_all()
        return db.session.get_one(Case, case.id)

    def paid_beside(self, case: Case, reference: str = "2026112400077") -> None:
        """A small payment of this case, planned and recorded as made now, whatever its state."""
        with writing():
            found = db.session.get_one(Case, case.id)
            entry = money_entries.plan_entry(found, "freight", 100, key="beside", at=self.now, by=None)
            entry.state = "due"
            db.session.flush()
            money_entries.settle_entry(found, entry.id, reference=reference, by=self.seller, at=self.now)
            found.entry_count += 1
        db.session.expire_all()

    def entry_beside(self, case: Case) -> dict[str, Any]:
        """That payment, to be handed in with a step about it."""
        key = f"{case.id}:beside"
        return {"entry_id": db.session.scalars(db.select(MoneyEntry.id).where(MoneyEntry.key == key)).one()}

    def employ(self, shop_id: int, member_name: str, role: str) -> None:
        """Somebody is asked to work in this shop and says yes."""
        from portal.people import invitations

        with writing():
            invitations.invite(shop_id, member_name, role, by=self.seller, now=self.now)
            user_id = db.session.scalars(db.select(User.id).where(User.member_name == member_name)).one()
            asked = invitations.invitations_of(member_name, self.now)[-1].id
            invitations.answer_invitation(asked, user_id, accepts=True, now=self.now)

    def photos(
        self, number: int, owner: int, at: datetime | None = None, shop: int | None = None, side: str = "buyer"
    ) -> list[str]:
        """Loose photo rows of this person, without files behind them (tests of files make real ones)."""
        from portal.models import Evidence

        made = []
        with writing():
            for _ in range(number):
                public_id = secrets.token_hex(16)
                made.append(public_id)
                db.session.add(
                    Evidence(
                        shop_id=shop or self.shop,
                        public_id=public_id,
                        owner_id=owner,
                        side=side,
                        key=f"{public_id[:2]}/{public_id}.webp",
                        thumb_key=f"{public_id[:2]}/{public_id}.webp",
                        sha256="0" * 64,
                        thumb_sha256="0" * 64,
                        bytes=1,
                        width=10,
                        height=10,
                        thumb_width=10,
                        thumb_height=10,
                        created_at=at or self.now,
                    )
                )
        return made

    def shop_of(self, user: int) -> Shop:
        return db.session.scalars(db.select(Shop).where(Shop.owner_id == user)).one()


def shows_money(text: str) -> bool:
    """Whether a page names a sum: as a figure, ¥18.00, or in a sentence, 18.00 元."""
    return "¥" in text or re.search(r"\d\s*元", re.sub(r"<[^>]*>", "", text)) is not None


def sign_in(app: Flask, member_name: str) -> FlaskClient:
    """A browser in which this person is signed in (straight through the session table: quick)."""
    from portal.calendar import clock

    client = app.test_client()
    user = db.session.scalars(db.select(User).where(User.member_name == member_name)).one()
    client.set_cookie("sid", sessions.sign_in(user, now=clock.now()))
    db.session.rollback()
    return client


def token_of(page: TestResponse) -> dict[str, str]:
    """The hidden fields of the first form that has them: csrf_token, form_key, version and what the page showed."""
    found: dict[str, str] = {}
    for name in ("csrf_token", "form_key", "version", "shown"):
        match = re.search(rf'name="{name}" value="([^"]*)"', page.text)
        if match:
            found[name] = html.unescape(match[1])
    return found


def post(
    client: FlaskClient, url: str, data: dict[str, Any] | None = None, *, at: str = "", **kwargs: Any
) -> TestResponse:
    """Open the page (``at`` or ``url``), take its hidden fields, and send the form as a browser would."""
    hidden = token_of(client.get(at or url))
    return client.post(url, data={**hidden, **(data or {})}, **kwargs)

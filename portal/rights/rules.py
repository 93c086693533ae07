"""铺货退货规则: public, versioned, never changed; a new version is announced seven days before it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from portal.extensions import db
from portal.models.calendar import RuleVersion

NOTICE: Final = timedelta(days=7)  # 电子商务法 34
_START: Final = {  # from when the term to apply runs, by the setting's name
    "received": "自签收的次日起算；还没有签收记录的，不开始计算",
    "shipped": "自签收的次日起算；没有签收记录的，自发货的次日起算",
    "confirmed": "自签收的次日起算；没有签收记录的，自付款的次日起算",
}
_FIRST: Final = """一、这份规则管什么
铺货（分销）订单：您从供应商采购，再在自己的店铺卖给消费者。别的订单看店铺的「换货条件」。
例如：您在这里买了 20 双袜子，由供应商直接发给您店铺的顾客，就是铺货订单。

二、还没有确认、还没有发货的订单
在订单列表里直接撤销，一笔或多笔，提交后立即生效。供应商正好在同一时刻发货的，以先完成的一方为准。\
已经付的款项由供应商退还。
例如：顾客下单后马上不要了，供应商还没有发货，您撤销就行；如果页面告诉您已经发货，收到后再申请退换。

三、已经确认、已经发货的订单
请在 {apply} 个工作日内提交退换货申请，{start}。
例如：星期一签收，从星期二开始数。
超过期限不等于没有办法：可以申请与供应商协商，须供应商同意。

四、多久办完
从提交申请的次日起 {finish} 个工作日内办完。到期没有办完的，系统提醒双方并标为超期；不会因为超期就关闭售后单，您的\
申请还在。

五、哪些天算工作日
按国务院办公厅公布的放假和调休安排计算，调休上班的周末也算。下一年的安排公布之前，暂按周一至周五计算并注明；公布后\
重新计算，期限只会延后，不会提前。

六、有一方一直不处理
每一步都有期限，到期前提醒，到期后系统按事先说明的办法继续，不会无声无息地停住。期限有多长、到期会怎样，写在这份\
规则的下面，也写在每张售后单上。

七、消费者的权利
消费者在网上购物，依照《消费者权益保护法》第二十五条享有七日无理由退货的权利，自签收之日的次日起算。定作的、鲜活\
易腐的、在线下载或者已拆封的数字化商品、交付的报刊，以及购买时经消费者确认不宜退货的商品除外。退回的商品应当完好；\
商家自收到退回商品之日起七日内返还货款；退回运费由消费者承担，另有约定的按约定。
例如：顾客收到合身的衣服，只是不喜欢了，吊牌还在，可以依照这一条退货；定做的印字衣服不在此列。

八、规则怎么修改
修改在生效前至少 {notice} 日公布，以前的各版都留着。已经提交的售后单按提交时的规则办理。
"""


def write_first_version(start: str, apply_days: int, finish_days: int) -> str:
    """Version 1, with the terms as they are set when it is published."""
    return _FIRST.format(start=_START[start], apply=apply_days, finish=finish_days, notice=NOTICE.days)


class RuleRefused(ValueError):
    """A version that can't be published; ``sentence`` says why, ``field`` where."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.field = sentence, field


def list_versions() -> Sequence[RuleVersion]:
    """All versions, the newest first."""
    return db.session.scalars(select(RuleVersion).order_by(RuleVersion.version.desc())).all()


def get_in_force(now: datetime) -> RuleVersion:
    """The version that holds now."""
    return db.session.scalars(
        select(RuleVersion).where(RuleVersion.effective_at <= now).order_by(RuleVersion.version.desc()).limit(1)
    ).one()


def publish_version(
    words: str, changes: str, effective_at: datetime, *, by: int, now: datetime, exception: str = ""
) -> RuleVersion:
    """Announce a new version; inside ``writing()``. Raises RuleRefused when it would hold too soon without a reason."""
    newest = db.session.scalars(select(RuleVersion).order_by(RuleVersion.version.desc()).limit(1)).one()
    if words.strip() == newest.words.strip():
        raise RuleRefused("内容和最新一版相同", "words")
    if effective_at < now:
        raise RuleRefused("生效时间不能早于现在", "effective")
    if effective_at < now + NOTICE and not exception:
        raise RuleRefused("生效时间须在公布 7 天之后；法律另有要求的，请写明依据", "effective")
    if effective_at < newest.effective_at:
        raise RuleRefused("已公布的上一版还没有生效，新版不能比它更早生效", "effective")
    number = (db.session.scalar(select(func.max(RuleVersion.version))) or 0) + 1
    made = RuleVersion(
        version=number,
        words=words,
        changes=changes,
        published_at=now,
        published_by=by,
        effective_at=effective_at,
        exception=exception,
    )
    db.session.add(made)
    db.session.flush()
    return made

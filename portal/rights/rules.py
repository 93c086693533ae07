"""铺货退货规则: public, versioned, never changed; a new version is announced seven days before it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from portal.extensions import db
from portal.models.calendar import RuleVersion

NOTICE: Final = timedelta(days=7)  # 电子商务法 34
FIRST: Final = """一、适用范围
本规则适用于铺货(分销)订单:商家从供应商采购,再通过自己的店铺卖给消费者。

二、未确认或尚未发货的订单
商家可以直接在订单列表中撤销申请,一笔或多笔。提交后立即生效;如果供应商在同一时刻发货,以先完成的一方为准。
已付的款项由供应商退回。

三、已确认和已发货的订单
商家须在 7 个工作日内提交退换货申请,自签收之日的次日起算;没有签收记录的,自发货之日的次日起算。超过期限\
的,可以申请与供应商协商,须供应商同意。

四、办理时限
自提交申请之日的次日起 15 个工作日内办完。超过时限会提醒双方并标为超期,不会因此关闭售后单。

五、工作日
按国务院办公厅公布的放假和调休安排计算。下一年度的安排公布之前,暂按周一至周五计算并注明;公布后重新计算,只\
会延后,不会提前。

六、消费者的权利
消费者在网上购物,依照《消费者权益保护法》第二十五条享有七日无理由退货的权利,自签收之日的次日起算。定作的、\
鲜活易腐的、在线下载或者已拆封的数字化商品、交付的报刊,以及购买时经消费者确认不宜退货的商品除外。退回的商品\
应当完好;商家自收到退回商品之日起七日内返还货款;退回运费由消费者承担,另有约定的按约定。

七、规则的修改
修改在生效前至少 7 日公布。已经提交的售后单按提交时的规则办理。
"""


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

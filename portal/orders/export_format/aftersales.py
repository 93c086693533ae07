"""Words for an after-sale that is under way, as shops' tools make them: whom it waits for, to do what. Pure.

A column 售后状态 leaves out what its words are about: 「待商家处理」 and 「已取消」 are said of the refund there.
"""

from __future__ import annotations

import re

WHO = "(?:买家|卖家|商家|平台|客服|用户|客户|系统|供应商|供货商|厂家|店铺|小二|官方|消费者|顾客|商户)"
_MATTER = "(?:退款退货|退货退款|仅退款|极速退款|退款售后|退换货|退款|退货|售后|维权|纠纷|退差价|拦截退款)"
_VERB = (
    "(?:处理|审核|审批|受理|确认|同意|响应|操作|介入|举证|协商|验货|退货|退回|寄回|寄出|退款|打款"
    "|(?:修改|填写|上传|提供|补充)(?:退货)?(?:物流单号|物流|单号|运单号?|凭证|信息|申请|协议)?)"
)
_GOODS = "(?:确认收货|收货|签收|发货)"  # the order's own where nobody is named
_PAPER = "(?:申请|协议|单|请求)"
_DOES = f"(?:{WHO}(?:再次)?(?:{_VERB}|{_GOODS})|{_VERB})"
_BY = f"(?:{WHO}|订单|人工|客服|运营|财务|主管|仓库|二次|再次|提交)"
_CHECK = f"(?:等待|待|未|已)?{_BY}?(?:审核|审单|复核|审批)(?:中|通过|完成)?"
_EXAMINED = re.compile(_CHECK)
_UNDER_WAY = re.compile(
    "|".join(
        (
            f"{_MATTER}{_PAPER}?(?:已提交)?(?:等待|待|等|未){_DOES}(?:{_MATTER}?{_PAPER}?|中)",
            f"(?:等待|待|等){WHO}?{_VERB}?{_MATTER}{_PAPER}?{_VERB}?",
            f"(?:部分|全额|全部)?{_MATTER}{_PAPER}?{WHO}?(?:正在)?(?:{_VERB}|进行|仲裁)?中",
            f"{WHO}?已?(?:申请|发起|提交|同意)了?{_MATTER}{_PAPER}?(?:{_VERB}中?)?",
            "(?:退款|退货|售后|维权|纠纷)?(?:平台|客服|官方|小二)(?:已|正在)?介入(?:处理)?中?",
            "(?:售后)?(?:维权|纠纷|仲裁|举证|协商)(?:处理)?中|(?:售后)?协商纠纷",
            f"{WHO}已?(?:退货|退回|寄回)",
            f"售后{WHO}?已?(?:申请|同意|受理|审核|审核通过|寄回|退回|退货|寄出)",
            f"(?:售后|退货){WHO}已?{_GOODS}",
            f"(?:退款|退货|售后){_PAPER}?{_CHECK}",
            f"(?:售后|退货)(?:等待|待|等){WHO}{_GOODS}",
        )
    )
)
_OWN_NOUNS = re.compile(f"{_MATTER}|订单|交易|付款|支付|评价|换货|补寄|补发|维修|价保|赔付|退差|退运费|介入|无售后")
_REFUSED = re.compile(f"，?售后{WHO}?已?(?:拒绝|不同意)(?=，)")  # and then somebody is waited for
_SAID = re.compile(r"[^,，、;；。/|\s()（）\[\]【】]+")


def is_under_way(plain: str) -> bool:
    """Whether a word, without marks, says that somebody still has to decide on a refund or to do their part of it."""
    return _UNDER_WAY.fullmatch(plain) is not None


def is_examined(plain: str) -> bool:
    """Whether a word says where the shop's own check of a paid order stands (待审核): before it is sent."""
    return _EXAMINED.fullmatch(plain) is not None


def say_of_aftersale(aftersale: str, order: str) -> str:
    """The words of 售后状态 with 售后 before those that would be taken for the order's (``order`` has its own)."""

    def name(found: re.Match[str]) -> str:
        word = found[0]
        own = word == order.strip() or _OWN_NOUNS.search(word) or not re.search("[\u3400-\u9fff]", word)
        return word if own else f"售后{word}"

    named = _SAID.sub(name, aftersale)
    return _REFUSED.sub("", named).lstrip("，")

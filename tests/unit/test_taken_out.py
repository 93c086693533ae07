"""Who took a parcel out, or signed for it at a door: the receiver's side, or nobody that a clock may start for."""

from __future__ import annotations

import pytest

from portal.parcels import wording

WIDE = str.maketrans({",": "，", ":": "：", "(": "（", ")": "）", ";": "；"})
TAKEN = (
    "快件已取出 快件已被取出 包裹已从丰巢柜取出 您的快件已从【菜鸟驿站】出库 包裹已从驿站出库 已刷脸取出 刷脸 刷脸取件 "
    "取件方式:刷脸 出库方式:人脸识别"
).split()
TAKERS = ("取件人", "取出人", "提货人", "领取人", "取货人")
RECEIVERS = ("本人", "家人", "收件人", "收件人本人", "客户", "李女士", "陈先生", "王**先生", "【本人】")
OTHERS = (
    "快递员 派件员 配送员 小哥 工作人员 寄件人 发件人 商家 顺丰速运 物流公司 陌生人 李师傅 张三(快递员) "
    "李女士(快递员) 王先生(寄件人) 驿站 丰巢"
).split()
DENIALS = "未 没有 待 等待 请 需 须 约定 预约 拒绝 应 将 准备 是否 非 不能 无法 如 禁止".split()
AGAINST = (
    "取件人电话无人接听 收件人称未收到 代签人拒绝 请及时取件 派送中 已退回 寄件人取消 您的寄件 退货包裹 误取 取件失败 "
    "待核实 快递员已取走 明日派送 外包装破损 要寄的快件 收件人不在 剩余1件"
).split()


def said(words: str) -> str:
    reading = wording.read(words.translate(WIDE))
    assert wording.read(words) == reading
    return reading.status if reading.clear else "unclear"


@pytest.mark.parametrize("taken", TAKEN)
@pytest.mark.parametrize("who", RECEIVERS)
def test_what_the_receiver_took_out_is_received(taken: str, who: str) -> None:
    for taker in TAKERS:
        for words in (f"{taken},{taker}:{who}", f"{taken} {taker}:{who}", f"【杭州市】{taken};{taker}:{who},感谢使用"):
            assert (words, said(words)) == (words, "signed")


@pytest.mark.parametrize("taken", TAKEN)
def test_what_another_took_out_is_not(taken: str) -> None:
    for taker in TAKERS:
        for who in OTHERS:
            for words in (f"{taken},{taker}:{who}", f"{taken} {taker}:【{who}】", f"{taker}:{who} {taken}"):
                assert said(words) != "signed", words


@pytest.mark.parametrize("taken", TAKEN)
@pytest.mark.parametrize("who", ["本人", "【本人】", "李女士"])
def test_what_is_still_to_be_taken_out_or_contradicted_is_not(taken: str, who: str) -> None:
    for taker in TAKERS:
        for denial in DENIALS:
            for words in (f"{denial}{taken},{taker}:{who}", f"{taken},{denial}{taker}:{who}", f"{denial}{taker}:{who}"):
                assert said(words) != "signed", words
        for against in AGAINST:
            for words in (f"{taken},{taker}:{who},{against}", f"{against},{taken} {taker}:{who}"):
                assert said(words) != "signed", words


SIGNED = (
    "【本人】已从丰巢柜取出快件",
    "【本人】已从丰巢快递柜取走",
    "丰巢【本人】已取出",
    "您的快件在【菜鸟驿站】由本人签收",
    "快件在【菜鸟裹裹】已由收件人本人签收",
    "您的快件在妈妈驿站由家人签收",
    "门口 收件人本人签收",
    "已送达门口 收件人本人签收",
    "快件已送达家门口,收件人本人签收",
)


@pytest.mark.parametrize("words", SIGNED)
def test_receipts_at_a_locker_a_station_and_a_door(words: str) -> None:
    assert said(words) == said(f"【杭州市】{words},感谢使用") == "signed"


@pytest.mark.parametrize("words", SIGNED)
def test_neighbours_of_them_are_none(words: str) -> None:
    for denial in DENIALS:
        for changed in (
            f"{denial}{words}",
            words.replace("由", f"{denial}由"),
            words.replace("本人", f"{denial}本人"),
            words.replace("收件人", f"{denial}收件人"),
            words.replace("已从", f"{denial}从"),
        ):
            if changed != words and "【如" not in changed:
                assert said(changed) != "signed", changed
    for against in AGAINST:
        if "签收" in words and "寄" in against:
            continue  # what its sender reads of a receipt is one
        assert said(f"{words},{against}") != "signed", against
        assert said(f"{against} {words}") != "signed", against
    for who in ("快递员", "寄件人", "陌生人"):
        for changed in (words.replace("收件人本人", who), words.replace("本人", who), words.replace("家人", who)):
            if changed != words:
                assert said(changed) != "signed", changed

"""Carriers: names, codes, number shapes; and tracking numbers as people paste them.

Shapes of numbers overlap (twelve digits fit seven carriers), so a number only suggests carriers and never refuses one:
the person who ships confirms.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    EXPRESS = "express"
    FREIGHT = "freight"  # traced like express, but slow
    PAPER = "freight_no_tracking"  # 专线 with a paper waybill: any number, nothing to trace
    NONE = "no_tracking"  # brought or fetched in person


@dataclass(frozen=True)
class Carrier:
    """One carrier. ``code`` is ours; the three others are those of the tracking services and of the order export.

    ``strong`` shapes are its own, ``weak`` ones may be others' too; both match the whole number. ``phone_tail``:
    tracking asks for the last four digits of a telephone number. ``historic``: ships no more, kept for old parcels.
    """

    code: str
    name: str
    kind: Kind
    aliases: tuple[str, ...] = ()
    kuaidi100: str = ""
    kdniao: str = ""
    code_1688: str = ""
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    phone_tail: bool = False
    historic: bool = False


CARRIERS: Final[tuple[Carrier, ...]] = (
    Carrier(
        "SF",
        "顺丰速运",
        Kind.EXPRESS,
        aliases=("顺丰", "顺丰快递", "SF Express", "顺丰标快"),
        kuaidi100="shunfeng",
        kdniao="SF",
        code_1688="SF",
        strong=(r"SF[A-Z0-9]\d{12}",),
        weak=(r"\d{12}", r"\d{15}"),
        phone_tail=True,
    ),
    Carrier(
        "ZTO",
        "中通快递",
        Kind.EXPRESS,
        aliases=("中通", "ZTO Express"),
        kuaidi100="zhongtong",
        kdniao="ZTO",
        code_1688="ZTO",
        strong=(r"7[3-68]\d{12}",),
        weak=(r"\d{14}", r"4\d{14}", r"(2[1-9]|36|37|39|50|53|54|55|56|63|64|68|72|9[1-58])\d{10}"),
        phone_tail=True,
    ),
    Carrier(
        "YTO",
        "圆通速递",
        Kind.EXPRESS,
        aliases=("圆通", "圆通快递"),
        kuaidi100="yuantong",
        kdniao="YTO",
        code_1688="YTO",
        strong=(r"YT\d{13}",),
        weak=(r"[A-Z]{2}\d{10}", r"[6-9]\d{17}", r"Y\d{12}", r"G\d{11}"),
    ),
    Carrier(
        "STO",
        "申通快递",
        Kind.EXPRESS,
        aliases=("申通",),
        kuaidi100="shentong",
        kdniao="STO",
        code_1688="STO",
        strong=(r"77\d{13}",),
        weak=(
            r"(77|43)\d{12,15}",
            r"(88|99)\d{13}",
            r"(268|368|468|568|668|688|768|868|888|968)\d{9,10}",
            r"STO\d{10}",
            r"(33|55|66)\d{11}",
        ),
    ),
    Carrier(
        "YUNDA",
        "韵达快递",
        Kind.EXPRESS,
        aliases=("韵达", "韵达速递"),
        kuaidi100="yunda",
        kdniao="YD",
        code_1688="YUNDA",
        strong=(r"46\d{13}", r"31\d{13}"),
        weak=(r"[34]\d{14}", r"5\d{12}", r"\d{13}", r"\d{15}"),
    ),
    Carrier(
        "JTSD",
        "极兔速递",
        Kind.EXPRESS,
        aliases=("极兔", "J&T", "JT", "J&T极兔速递"),
        kuaidi100="jtexpress",
        kdniao="JTSD",
        code_1688="HTKY",
        strong=(r"JT\d{13}",),
        weak=(r"JT\d{12}",),
    ),
    Carrier(
        "EMS",
        "EMS",
        Kind.EXPRESS,
        aliases=("EMS经济快递", "EMS标准快递", "邮政EMS", "邮政特快", "中国邮政速递"),
        kuaidi100="ems",
        kdniao="EMS",
        code_1688="EMS",
        strong=(r"[A-Z]{2}\d{9}CN",),
        weak=(r"(10|11|12)\d{11}", r"(50|51|52)\d{11}", r"(95|97|98|99)\d{11}"),
    ),
    Carrier(
        "YZBK",
        "邮政电商标快",
        Kind.EXPRESS,
        aliases=("邮政标准快递", "邮政标快", "中国邮政电商标快"),
        kuaidi100="youzhengbk",
        kdniao="YZBK",
        code_1688="YZBK",
        weak=(r"(9[5-9]|1[0-3])\d{11}",),
    ),
    Carrier(
        "YZPY",
        "邮政快递包裹",
        Kind.EXPRESS,
        aliases=("中国邮政", "邮政包裹", "邮政小包", "平邮"),
        kuaidi100="youzhengguonei",
        kdniao="YZPY",
        code_1688="POSTB",
        strong=(r"(PA|PB|PC|KA|KQ|GA)\d{11}",),
        weak=(r"(96|98|99)\d{11}", r"43\d{11}", r"\d{13}"),
    ),
    Carrier(
        "JD",
        "京东快递",
        Kind.EXPRESS,
        aliases=("京东", "京东物流"),
        kuaidi100="jd",
        kdniao="JD",
        code_1688="JD",
        strong=(r"JD[XKA-Z]\d{12}", r"JDV[A-Z]\d{11}", r"JD[A-Z0-9]{2}\d{11}"),
    ),
    Carrier(
        "DBL",
        "德邦快递",
        Kind.EXPRESS,
        aliases=("德邦", "Deppon"),
        kuaidi100="debangkuaidi",
        kdniao="DBL",
        code_1688="DBKD",
        strong=(r"DPK\d{12}",),
        weak=(r"\d{8,10}", r"DPK\d{11,}(-\d+)*"),
    ),
    Carrier(
        "DBLKY",
        "德邦物流",
        Kind.FREIGHT,
        aliases=("德邦快运",),
        kuaidi100="debangwuliu",
        kdniao="DBLKY",
        code_1688="DBL",
        weak=(r"\d{8,10}",),
    ),
    Carrier(
        "HTKY",
        "百世快递",
        Kind.EXPRESS,
        aliases=("百世汇通", "汇通"),
        kuaidi100="huitongkuaidi",
        kdniao="HTKY",
        code_1688="HTKY",
        weak=(r"(21|22|23|24|25|26|27|28|29|3\d|61|63)\d{10}", r"[67]\d{13}", r"5\d{13,14}", r"[ABDE]\d{12}"),
        historic=True,
    ),
    Carrier(
        "UC",
        "优速快递",
        Kind.EXPRESS,
        aliases=("优速",),
        kuaidi100="youshuwuliu",
        kdniao="UC",
        code_1688="UC",
        strong=(r"VIP\d{9}",),
        weak=(r"V\d{11}", r"\d{12}"),
    ),
    Carrier(
        "ZJS",
        "宅急送",
        Kind.EXPRESS,
        aliases=("宅急送快递",),
        kuaidi100="zhaijisong",
        kdniao="ZJS",
        code_1688="ZJS",
        strong=(r"ZJS\d{12}",),
        weak=(r"A\d{12}", r"(42|16)\d{8}"),
    ),
    Carrier(
        "DNWL",
        "菜鸟速递(丹鸟)",
        Kind.EXPRESS,
        aliases=("丹鸟", "菜鸟", "菜鸟直送"),
        kuaidi100="danniao",
        kdniao="DNWL",
        code_1688="CN",
        strong=(r"621\d{12}",),
    ),
    Carrier(
        "KYSY",
        "跨越速运",
        Kind.FREIGHT,
        aliases=("跨越",),
        kuaidi100="kuayue",
        kdniao="KYSY",
        code_1688="KYE",
        strong=(r"KY\d{13}",),
    ),
    Carrier(
        "ANE",
        "安能物流",
        Kind.FREIGHT,
        aliases=("安能", "安能快运"),
        kuaidi100="annengwuliu",
        kdniao="ANE",
        code_1688="ANE",
        weak=(r"\d{12}",),
    ),
    Carrier(
        "ZTOKY",
        "中通快运",
        Kind.FREIGHT,
        kuaidi100="zhongtongkuaiyun",
        kdniao="ZTOKY",
        code_1688="ZTOKY",
        weak=(r"\d{12}",),
    ),
    Carrier(
        "SFKY",
        "顺丰快运",
        Kind.FREIGHT,
        kuaidi100="shunfengkuaiyun",
        kdniao="SFKY",
        code_1688="SFKY",
        weak=(r"SF\d{13}",),
        phone_tail=True,
    ),
    Carrier(
        "YMDD",
        "壹米滴答",
        Kind.FREIGHT,
        kuaidi100="yimidida",
        kdniao="YMDD",
        code_1688="YMDD",
        weak=(r"\d{12}",),
    ),
    Carrier(
        "SX",
        "顺心捷达",
        Kind.FREIGHT,
        aliases=("顺心",),
        kuaidi100="sxjdfreight",
        kdniao="SX",
        code_1688="SX",
        weak=(r"\d{12}",),
    ),
    Carrier(
        "BESTKY",
        "百世快运",
        Kind.FREIGHT,
        kuaidi100="baishiwuliu",
        kdniao="BTWL",
        code_1688="BESTQJT",
        weak=(r"\d{11,12}",),
    ),
    Carrier(
        "ZYKD",
        "众邮快递",
        Kind.EXPRESS,
        aliases=("众邮",),
        kuaidi100="zhongyouex",
        kdniao="ZYE",
        code_1688="ZYKD",
        weak=(r"ZY\d{12,13}",),
    ),
    Carrier(
        "JGSD",
        "京广速递",
        Kind.EXPRESS,
        aliases=("京广",),
        kuaidi100="jinguangsudikuaijian",
        kdniao="JGSD",
        code_1688="JGSD",
    ),
    Carrier(
        "HHTT",
        "天天快递",
        Kind.EXPRESS,
        aliases=("天天",),
        kuaidi100="tiantian",
        kdniao="HHTT",
        code_1688="TTKDEX",
        weak=(r"(66|77|88|55[568])\d{10}", r"TT\d{12,13}"),
        historic=True,
    ),
    Carrier("SELF", "自送/自提", Kind.NONE, aliases=("自送", "自提", "上门自送", "面交")),
    Carrier("FREIGHT_OTHER", "物流专线(其他)", Kind.PAPER, aliases=("专线", "货运部", "物流"), code_1688="OTHER"),
)


BY_CODE: Final = {carrier.code: carrier for carrier in CARRIERS}


_POST: Final = "YZPY"  # 平邮 is one of its names


def by_code(code: str) -> Carrier | None:
    """The carrier of our own code, or None."""
    return BY_CODE.get(code)


def slow(code: str) -> bool:
    """Whether its parcels travel for weeks: freight and 平邮, which have the long clocks."""
    carrier = BY_CODE.get(code)
    return carrier is not None and (carrier.kind in (Kind.FREIGHT, Kind.PAPER) or code == _POST)


def traced(code: str) -> bool:
    """Whether a carrier reports where its parcels are."""
    carrier = BY_CODE.get(code)
    return carrier is not None and carrier.kind in (Kind.EXPRESS, Kind.FREIGHT)


def choices() -> tuple[Carrier, ...]:
    """The carriers to choose from when something is shipped today."""
    return tuple(carrier for carrier in CARRIERS if not carrier.historic)

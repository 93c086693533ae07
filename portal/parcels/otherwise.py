"""What a carrier's sentence says but for 签收: the first status that words of it speak of. Pure.

Kept apart from the reading of sentences (wording.py), which asks it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from portal.parcels import by_code
from portal.parcels.signers import HUB, SENDER, STATION

GOODS = "外卖订单|快件|包裹|快递|邮件|货物|货件|运单|订单|商品|物品|宝贝|件|货"
OWN = f"(?:您的?)?(?:{GOODS})?"
_TAKEN_BACK = re.compile(
    "(?:撤销|取消|撤回|更正).{0,4}签收|签收.{0,4}(?:撤销|取消|撤回|异常|失败)|误签|冒签|冒领|盗签|追回|误操作|(?:虚假|异常|失败)签收"
)
_LOST = re.compile("丢失|遗失|丢件|灭失|件(?:被|已)?丢了?(?=,|$)")
_NOT_LOST = re.compile("找到|找回|寻回|疑似|可能|是否|(?<!经)(?:核实|核查|查[找询])|防止|勿|未")
_BACK = re.compile(
    rf"退回|退件|退货|退往|转退|退签|拒收退|返货|原[路件]返回|返回(?:寄件|发件|发货|始发|仓库|商家)|(?:{SENDER})[人方]?(?:已|本人)?签收"
    rf"|签收人[:是为]?〈?(?:{SENDER})(?:人|方)?〉?$"
)
_NOT_BACK = re.compile(
    "(?:待|将|会|拟|准备|申请|要求|同意|协商|是否|不|未|可|请|勿|避免|禁止|联系)[^,]{0,6}退|退(?:件|货|回)(?:处理|申请)"
    rf"|(?<!正)(?<!正在)退回(?![^,]{{0,8}}(?:{SENDER}|始发|原))[^,]{{0,10}}(?:{HUB})"  # one depot to another
)
_TROUBLE = re.compile(
    "拒收|拒签|拒绝|拒付|短少|差错|超出[^,]{0,4}范围|已满|暂停接收|再投(?=[,:]|$)|未经[^,]{0,4}(?:允许|同意)|要求重新(?:派|投|配)|(?:下单|订单|寄件)已?取消|取消寄件|不愿|不肯|不同意|不签收|不要|不成功|未成功|(?:申请|待|安排)退|(?:未|没有?|暂未)(?:能)?(?:派送|派件|投递|妥投|送达)|失败|误取|误领"
    "|无人(?:接听|签收|在家|应答)|家中无人|不在|外出|出差|搬家|关机|停机|空号|无人接听|无信号|无法|联系不上|(?:地址|名址)(?:不详|错误|变更|有误)"
    "|迁移新址|改地址|滞留|留仓|问题件|疑难|异常|破损|损坏|少件|缺件|少\\d|超区|错分|误分|超时未|逾期未|不便|暂不|拉回|带回|核查"
    "|(?:要求|需要|希望)[^,]{0,4}(?:改|延|推迟|自取|更改|周|下周)|改约|改期|扣留|扣关|查扣|事故|(?:暂停|停止)(?:派送|派件|配送|投递|运输|收寄)|延期|延迟|推迟|延误|投诉|反馈|反映|称未|未收到|配送未完成"
)
# Why a carrier scans a parcel as 问题件: each is said in a hundred ways, of a thing and what is the matter with it.
_MATTERS = re.compile(
    "|".join(
        (
            "(?:地址|名址|地区|区域|城市|街道|门牌)[^,]{0,2}(?:不[详清全明符]|未写|缺失|不存在|模糊|错误|变更|有误|超[区出])",
            "(?:改|更)址(?!成功|完成|后|费)|改派(?![至到往新])|改寄(?![至到往新])|(?:变更|更改|修改|更换|改变)[^,]{0,6}地址(?!成功|完成)",
            "(?:送|派|投|分)错(?!分)|(?:错发|发错|错寄|寄错|串货|混装|混发)(?![^已]{0,4}已[转重])|查无此|无此[人单]|超[^,]{0,4}(?:区域|范围)"
            "|无服务(?:区|网点)|不在[^,]{0,4}范围|地址超区",
            "(?:电话|手机|号码|座机|联系方式)[^,]{0,6}(?:错误|有误|不[通符接]|打不通|[未没]接|拒接|停用|无效|不正确|欠费|不存在|错)"
            "|(?:[不未没拒]接|无人接|没人接)[^,]{0,3}(?:电话|听)",
            "(?:收件|收货|客户|用户)[^,]{0,3}(?:信息|姓名|资料|证件)[^,]{0,2}(?:不[全符详清]|错误|有误|缺失)|(?:验证|取[件货]|签收|身份|校验)码?[^,]{0,2}(?:错误|不符|失效|过期|不正确)",
            "搬走|搬离|搬迁|迁移|离职|休假|放假|歇业|停业|关门|隔离|封控|管控|小区不让|进不去|不让进|不收(?![取费款])|(?:件|包裹|买家|客户)[^,]{0,2}不要了?$",
            "受潮|受损|渗漏|泄[漏露]|漏液|变形|污损|浸[湿泡]|水[湿浸]|进水|压[坏碎]|摔[坏碎]|碎裂|开裂|破裂|散包|脱落|[面运]单[^,]{0,2}(?:模糊|不清|丢)",
            "有单无货|有货无单|[少多缺漏]货|[少多缺漏]件|重量不符|违禁|禁[寄运]品|安检[未不]通?过|(?:税费|关税|货款|运费|费用)[^,]{0,2}(?:未[付缴]|欠|待缴)"
            "|等待(?:缴税|补税|补资料)",
            "封路|封闭(?!小区)|塞车|堵车|抛锚|(?:车辆|班车|列车|航班|飞机|货机)[^,]{0,2}(?:故障|取消|延误|停飞|备降|事故)|(?:快件|包裹|货物|邮件|网点)?积压|爆仓",
            "拦截(?!失败|[^退]{0,6}退)|截留|(?:^|快件|包裹|邮件)已?(?:撤回|召回|被退)(?=,|$)|(?:买家|客户|用户|收件人|寄件人)?已?取消(?:了)?订单|理赔|赔付|索赔|无主件|无头件|无着件|下落不明",
            "[未没]能?(?:够)?(?:成功)?(?:派|投|送|妥投)出?(?=,|$)|派不出|(?<!能)不派[送件]|[未没]能(?:成功)?签收|称[^,]{0,8}(?:不是|非本|未买|没买|没有买)|^已?收回(?=,|$)",
        )
    )
)
_ADVICE = re.compile("^(?:温馨提示:?)?(?:请|勿|如|若|为)|请(?:勿|联系|致电|拨打|电联)|请?勿")
# Left where the receiver may find it: neither handed over nor kept by anybody who answers for it.
_SPOT = (
    "门口|门前|门外|楼道|楼梯口|电梯口|楼下(?:大厅|大堂)?|电表箱|水表箱|消防[栓箱]|鞋柜|[奶牛]奶?箱|窗台|阳台|院子|院[内里]"
    "|指定位置"
)
_LEFT_AT = re.compile(
    r"(?:(?<!转)[投存]?放(?:置|到|至|在|于|入|进)?[在到于至]?|搁(?:置|在|到|于)?|置于|送(?:货)?[至到达])"
    rf"[^,]{{0,12}}(?:{_SPOT})(?![^,〉]{{0,8}}(?:{STATION}|{HUB}|街道|路|社区|派送点))"
)
_AS_ASKED = re.compile("(?:按照?|根据|依|应|遵)[^,]{0,6}(?:要求|指示|约定|嘱咐|吩咐|备注)")
_NOT_LEFT = re.compile(
    "(?<!已)将(?=按|于|会|为|在|[投存]?放|搁|把|送|尽快|稍)|正在|请|勿|不|未|没|可以|能否|是否|要求|希望|需要|想|打算|准备|预计|约定"
)
_KEPT_BY = re.compile(STATION)


def is_left_somewhere(clauses: Sequence[str]) -> bool:
    """Whether it is said to lie before a door, in a stairwell and the like, and to be kept by no station."""
    left = [clause for clause in clauses if _LEFT_AT.search(clause)]
    if any(_KEPT_BY.search(re.sub("鞋柜", "", clause)) for clause in clauses):
        return False
    return any(not _NOT_LEFT.search(_AS_ASKED.sub("", clause)) for clause in left)


_WAITS = re.compile(
    f"代收(?!点|货款)|暂存|存放|投柜|待取|自提|取件码|取货码|请.{{0,10}}(?:取件|领取|自取|提货)|已到(?:站|自提点)|入库.{{0,10}}(?:{STATION})"
    f"|(?:放[入至到在]?|投[递放][至到]|派件至|到达|送达|已送).{{0,40}}(?:{STATION}|〉?服务站|店/站|邮政所|保管)"
    f"|(?:{STATION})代签|(?:{STATION})[^,〈〉]{{0,4}}〉?{OWN}(?:代为?|已)?签收|(?:签收(?!人)|妥投)[^,]*〈[^〉]*(?:{STATION})|签收人[:是为]〈?[^,]{{0,30}}(?:{STATION})"
)
AT_STATION = re.compile(f"(?:^|,)〈?[^,〈〉取离出]{{0,12}}(?:{STATION})〉?(?=,|$)")
LATER = re.compile(
    "(?:明[日天]|次日|后天|改日|周[一二三四五六日末]|[上下]午|将|待|预计|预约|准备|等待|取消|很快|尽快|稍后|重新安排)[^,]{0,10}"
    "(?:派送|派件|配送|投递|再派|送达)(?!中)"
)
_ROUND = re.compile(
    "(?<!完成)(?:派送|派件|配送|投递)(?![至到入]?信报箱|[至到]您?家?门口|网点|城市|站|点|部|中心|成功|完成|时间|方式|商)|正在送|送货中|送货上门中|(?:派送|派件)中(?!心)|已派出|派出"
    "|送往顺丰店/站"
)
_TAKEN_IN = re.compile("揽收|揽件|收寄|已收件|收件成功|收取(?:快件|邮件)?|取件(?!码|人)")
_NOT_YET_IN = re.compile("(?:待|等待|即将|预约|未|通知|安排|联系)[^,]{0,6}(?:揽收|揽件|取件|收件)")
_MOVES = re.compile(
    "到达|离开|发往|发出|运输|在途|分拣|装车|卸车|中转|下一站|打包|出库|起飞|清关|发车|扫描|转寄|已收入|称重|开始处理|送往下一站|已发货|取回"
)


def find_other(bare: str) -> str:
    """The status that words other than those of a receipt speak of; "" for none."""
    if _TAKEN_BACK.search(bare):
        return "exception"
    if _LOST.search(bare):
        return "exception" if _NOT_LOST.search(bare) else "lost"
    bare = re.sub("(?:逾期|超时)未取(?:将|会|则)[^,]*", "", bare)
    if _BACK.search(_NOT_BACK.sub("", bare)):
        return "returned"
    if _TROUBLE.search(bare) or _matters(bare) or by_code.TAKEN_OUT_AGAIN.search(bare):
        return "exception"
    if by_code.RIDER_COLLECTS.search(bare):
        return "delivering" if by_code.RIDER_RIDES.search(bare) else by_code.collected(bare)
    if _WAITS.search(bare):
        return "station"
    later = LATER.sub("", bare)
    if _ROUND.search(later):
        return "delivering"
    if _TAKEN_IN.search(_NOT_YET_IN.sub("", bare)):
        return "picked"
    return "transit" if _MOVES.search(bare) or later != bare else ""


def _matters(bare: str) -> bool:
    """Whether a reason is given why a parcel doesn't come; names and advice give none."""
    clauses = re.sub("〈[^〉]*〉", "", bare).split(",")
    return _MATTERS.search(",".join(clause for clause in clauses if not _ADVICE.search(clause))) is not None

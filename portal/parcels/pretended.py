"""Whether a carrier's sentence says of itself that it is a test: nothing has arrived by that. Pure.

What is said in brackets of any kind, or between marks, has to be a note of its own: a firm may be named after tests.
"""

from __future__ import annotations

import re

from portal import inputs
from portal.traditional import simplify

_TEST = (
    "模拟|测试|演示|示例|样例|范例|示范|仿真|演练|演习|预演|联调|压测|调试|试运行|沙箱|沙盒|虚拟|预发布?|灰度|培训|假"
    "|demo|test(?:ing|ed)?|example|mock(?:ed)?|dummy|sim|simulat(?:ed|ion)"
    "|fake|debug|qa|uat|sandbox|staging"
)
_NOTE = re.compile(
    rf"(?:这是|此为|此条为?|本条为?|该条为?|仅供|仅为|用于|纯属|系统|内部|接口|只是|为)?(?:{_TEST})\s*"
    r"(?:专?用|使用|环境|数据|信息|记录|轨迹|物流|签收|妥投|快递|快件|订单|运单|单号|单|件|包裹|版|勿动|请?忽略|请?勿理会|号"
    rf"|{_TEST}|消息|内容|状态|节点|短信|推送|回传|结果|场景|模式|账号|only|data|mode|record|scan|order|parcel|event|\s|[0-9#_])*+"
)
_MARKS = re.compile(r"[\[\]【】()〔〕〖〗<>《》〈〉「」『』{}“”\"'‘’,，。.;；!！、|/\\:：~*#=—–\-]+")
_NAME_ENDS = (
    "厂|公司|集团|中心|所|院|部|局|处|站|城|楼|厅|室|园|馆|店|校|系|班|路|街|巷|区|镇|村|县|市|苑|里|台|广场|大厦|基地"
)
# The word inside of a name: 「上海模拟电路厂」, 「演示大厅前台」.
IN_NAME = rf"(?:模拟|测试|演示|示范|仿真)(?=[^,〈〉已未签妥派送到在给由被收取投递完成]{{0,8}}(?:{_NAME_ENDS}))"


def is_pretended(words: str) -> bool:
    """Whether one of the notes of a sentence, between brackets or marks, says that it is a test."""
    plain = simplify(inputs.fold(words)).casefold()
    parts = [part for piece in _MARKS.split(plain) for part in (piece, *_of_chinese(piece))]
    return any(_NOTE.fullmatch(part.strip()) for part in parts)


def _of_chinese(piece: str) -> list[str]:
    """The words of a piece with Chinese in it, where a blank separates: in English every word has one."""
    return piece.split() if re.search("[\u3400-\u9fff]", piece) else []

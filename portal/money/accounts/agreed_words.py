"""The words of the consent to keep a bank account, by version."""

from __future__ import annotations

from collections.abc import Mapping

from portal.money.accounts.keyring import kept_for_days

# What the buyer agrees to, by version. A version that somebody has agreed to is never changed; a new text is a new one.
CONSENTS: Mapping[int, tuple[tuple[str, str], ...]] = {
    1: (
        ("为什么需要", "退款按原支付方式退回没有成功,商家需要转账给您。银行账户是敏感个人信息,需要您单独同意。"),
        ("用来做什么", "只用于支付这一笔退款,不用于其他任何用途。"),
        ("谁能看到", "店主和财务重新验证身份、说明原因后可以查看;其他页面只显示后四位。谁在何时查看过,您都能看到。"),
        ("保存多久", "加密保存,付款完成或售后结束后 {days} 天内删除。"),
        ("您可以随时撤回", "付款之前撤回同意,账户立即删除,退款仍然有效。"),
        ("不同意也可以", "不提供账户不影响您得到退款,商家须与您约定其他退款方式。"),
    ),
    2: (
        ("为什么需要", "退款按原支付方式退回没有成功，商家需要转账给您。银行账户是敏感个人信息，需要您单独同意。"),
        ("用来做什么", "只用于支付这一笔退款，不用于其他任何用途。"),
        ("谁能看到", "店主和财务重新验证身份、说明原因后可以查看；其他页面只显示后四位。谁在何时查看过，您都能看到。"),
        ("保存多久", "加密保存，付款完成或售后结束后 {days} 天内删除。"),
        ("您可以随时撤回", "付款之前撤回同意，账户立即删除，退款仍然有效。"),
        ("不同意也可以", "不提供账户不影响您得到退款，商家须与您约定其他退款方式。"),
    ),
}


CONSENT = max(CONSENTS)


def describe_consent(version: int = CONSENT) -> list[tuple[str, str]]:
    """The words of the consent, as (heading, sentence)."""
    return [(term, said.format(days=kept_for_days.get().days)) for term, said in CONSENTS[version]]

"""Which passwords are good enough: long, not among the most used, not made of this trade's words, not known stolen."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from portal.per_app import PerApp

LEAST, LONGEST = 8, 128
# Words that are tried first against a portal like this one.
CONTEXT = (
    "huanhuo",
    "1688",
    "alibaba",
    "taobao",
    "tmall",
    "password",
    "qwerty",
    "admin",
    "woaini",
    "shouhou",
    "yiwu",
    "mima",
)

_breached: PerApp[Path | None] = PerApp("breached_passwords", None)


class PasswordRefused(ValueError):
    """A password that is too short, too long or too easily guessed; ``sentence`` says which."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def use_breached(folder: Path | None) -> None:
    """Look stolen passwords up in this folder: a file for the first five digits of a SHA-1, a line for each rest."""
    _breached.set(folder)


def check(text: str, *names: str) -> None:
    """Raises PasswordRefused; ``names`` of the person, the company and the shop may not stand in the password."""
    if len(text) < LEAST:
        raise PasswordRefused(f"密码至少 {LEAST} 个字符，建议 15 个以上")
    if len(text) > LONGEST:
        raise PasswordRefused(f"密码最多 {LONGEST} 个字符")
    plain = text.lower()
    known = [name.lower() for name in names if len(name) >= 2]
    if any(name in plain for name in known) or len(set(plain)) < 3:
        raise PasswordRefused("这个密码太容易被猜到，请不要使用会员名、店铺名或重复的字符")
    if plain in most_used() or _is_context(plain):
        raise PasswordRefused("这个密码太常见，很容易被猜到，请换一个")
    if _is_breached(text):
        raise PasswordRefused("这个密码已在其他网站的泄露数据中出现，请换一个")


@cache
def most_used() -> frozenset[str]:
    """The 3,000 most used passwords that are long enough."""
    listed = (Path(__file__).with_name("common_passwords.txt")).read_text("utf-8").splitlines()
    return frozenset(line.lower() for line in listed if line and not line.startswith("# "))


def _is_context(plain: str) -> bool:
    """Whether nothing is left of it but digits and signs when the words everybody thinks of are taken out."""
    left = plain
    for word in CONTEXT:
        left = left.replace(word, "")
    return left != plain and sum(char.isalpha() for char in left) < 4


def _is_breached(text: str) -> bool:
    folder = _breached.get()
    if folder is None:
        return False
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().upper()
    file = next((path for name in (digest[:5], f"{digest[:5]}.txt") if (path := folder / name).is_file()), None)
    if file is None:
        return False
    return any(line.partition(":")[0].strip().upper() == digest[5:] for line in file.read_text("ascii").splitlines())

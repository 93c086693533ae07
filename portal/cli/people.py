"""Accounts and shops, from the command line."""

from __future__ import annotations

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from portal import inputs
from portal.calendar import clock
from portal.cli.group import portal
from portal.cli.upkeep import make_database
from portal.extensions import writing
from portal.models import User
from portal.orders import known_shops
from portal.people import accounts, factors, sessions


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("password", hide_input=True, confirmation_prompt=True))
    said = sys.stdin.readline().rstrip("\r\n")
    if not said:
        raise click.UsageError("the password is missing: type it when asked, or send it as a line of standard input")
    return said


def _check_name(text: str, limit: int) -> str:
    """As the sign-in form would read it. Raises AccountRefused for none and for one that is too long."""
    try:
        name = inputs.line(text, limit=limit)
    except inputs.InputRefused as refused:
        raise accounts.AccountRefused(refused.sentence) from None
    if not name:
        raise accounts.AccountRefused("a name can't be empty")
    return name


def _known(member_name: str) -> User:
    """Raises AccountRefused for a name that nobody has."""
    user = accounts.find_named(_check_name(member_name, 64))
    if user is None:
        raise accounts.AccountRefused(f"there is no account {member_name}")
    return user


@portal.command("reset-password")
@click.argument("member_name")
@click.option("--address", default="", help="Where people reach the portal; default: PORTAL_ADDRESS, or this machine.")
@with_appcontext
def reset_password(member_name: str, address: str) -> None:
    """Print a link with which this person sets a new password: once, within 30 minutes. Make sure who asks."""
    user = _known(member_name)
    if user.disabled_at is not None:
        raise accounts.AccountRefused(f"{member_name} is disabled; first: portal enable-user {member_name}")
    with writing():
        token = accounts.make_link(user.id, clock.now())
        accounts.tell(
            user.id, "有人申请重设您的密码", "平台已生成重设密码的链接。不是您本人申请的，请联系平台客服。", clock.now()
        )
    address = address or current_app.extensions["portal_settings"].address or "http://127.0.0.1:8000"
    click.echo(f"{address.rstrip('/')}/reset/{token}")


@portal.command("disable-user")
@click.argument("member_name")
@with_appcontext
def disable_user(member_name: str) -> None:
    """Let nobody sign in to this account; its sessions end at once."""
    user = _known(member_name)
    with writing():
        accounts.disable(user.id, clock.now())
    click.echo(f"{member_name} is disabled, all its sessions have ended")


@portal.command("enable-user")
@click.argument("member_name")
@with_appcontext
def enable_user(member_name: str) -> None:
    """Let a disabled account be used again."""
    user = _known(member_name)
    with writing():
        accounts.enable(user.id, clock.now())
    click.echo(f"{member_name} can sign in")


@portal.command("reset-second-factor")
@click.argument("member_name")
@with_appcontext
def reset_second_factor(member_name: str) -> None:
    """Take away a lost authenticator and its recovery codes; sessions end, the person is told."""
    user = _known(member_name)
    with writing():
        factors.turn_off(user.id)
        sessions.sign_out_others(user.id, "", clock.now())
        accounts.tell(
            user.id,
            "两步验证已重置",
            "平台已重置您的两步验证，请重新设置。不是您本人申请的，请联系平台客服。",
            clock.now(),
        )
    click.echo(f"{member_name} signs in with the password only")


@portal.command("create-user")
@click.argument("member_name")
@click.option("--company", default="", help="The company's name.")
@click.option("--operator", is_flag=True, help="Keeps the calendar and the public rules （运营）.")
@click.option("--mediator", is_flag=True, help="Decides cases for the platform （平台介入）.")
@with_appcontext
def create_user(member_name: str, company: str, mediator: bool, operator: bool) -> None:
    """Make an account, or give a dormant one its password: asked for, or the first line of standard input.

    Never a word of the command: others on the machine can read those, and shells keep them.
    """
    make_database()
    member_name, company = _check_name(member_name, 64), _check_name(company, 200) if company else ""
    password = _password()
    accounts.check_password(password, member_name, company)
    with writing():
        known = accounts.find_named(member_name)
        if known is not None and known.password_hash is None:
            known.password_hash = accounts.hash_password(password)
            known.mediator = known.mediator or mediator
            known.operator = known.operator or operator
            known_shops.vouch_for_cases(known.id, clock.now())
        else:
            accounts.create_user(
                member_name,
                now=clock.now(),
                company_name=company,
                password=password,
                mediator=mediator,
                operator=operator,
            )
    click.echo(f"{member_name} can sign in")


@portal.command("create-shop")
@click.argument("member_name")
@click.argument("name")
@with_appcontext
def create_shop(member_name: str, name: str) -> None:
    """Make a shop owned by an existing account."""
    make_database()
    member_name, name = _check_name(member_name, 64), _check_name(name, 200)
    with writing():
        owner = accounts.find_named(member_name)
        if owner is None:
            raise accounts.AccountRefused(f"there is no account {member_name}; make it with: portal create-user")
        accounts.create_shop(owner, name, clock.now())
    click.echo(f"{name} belongs to {member_name}")

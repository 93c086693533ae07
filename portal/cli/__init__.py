"""The command line: each file adds its commands to the group; nothing else may know it."""

from portal.cli import backups, deploying, importing, people, serving, upkeep
from portal.cli.console import main
from portal.cli.group import portal

__all__ = ["backups", "deploying", "importing", "main", "people", "portal", "serving", "upkeep"]

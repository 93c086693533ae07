"""Accounts, sessions, the roles of a shop's staff, and who may mediate."""

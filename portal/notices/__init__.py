"""Notices to people, and their way out of the portal."""

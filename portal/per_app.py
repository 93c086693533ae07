"""Values that belong to one app, where a process has several."""

from __future__ import annotations

from typing import Generic, TypeVar

from flask import current_app, has_app_context

T = TypeVar("T")


class PerApp(Generic[T]):
    """A value that belongs to the app in whose context it is read: two apps in one process each have their own."""

    def __init__(self, name: str, default: T) -> None:
        self._key = f"portal_{name}"
        self._default = default

    def get(self) -> T:
        """The app's own value; the default outside of any app, or where it was never set."""
        if not has_app_context():
            return self._default
        value: T = current_app.extensions.get(self._key, self._default)
        return value

    def set(self, value: T) -> None:
        """Keep ``value`` for the current app. Raises RuntimeError outside of an app."""
        current_app.extensions[self._key] = value

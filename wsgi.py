"""For a WSGI server: ``wsgi:app`` with settings from the environment."""

from portal import create_app

app = create_app()

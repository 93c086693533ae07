"""For granian: ``portal.serving.app:front`` with settings from the environment."""

from portal import create_app
from portal.config import Settings
from portal.serving.front import Front
from portal.web import compiled
from portal.web.guards import list_large

app = create_app()
compiled.use_kept(app)
front = Front(app, Settings.from_env().threads, list_large(app))

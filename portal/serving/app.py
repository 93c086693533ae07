"""For granian: ``portal.serving.app:front`` with settings from the environment."""

from portal import create_app
from portal.config import Settings
from portal.serving.front import Front

front = Front(create_app(), Settings.from_env().threads)

"""Alembic's environment: the app's own engine and tables. What is asked for is one transaction, all or nothing."""

from __future__ import annotations

from alembic import context
from flask import current_app

from portal.database import hold_schema
from portal.extensions import Model


def run() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with hold_schema(), engine.connect().execution_options(in_one_transaction=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=Model.metadata,
            compare_type=True,
            render_as_batch=connection.dialect.name == "sqlite",
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()

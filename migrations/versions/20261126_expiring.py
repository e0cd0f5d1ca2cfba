"""What ends by itself: indexes for the worker, which looks for mutes and filters that have ended."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'


def upgrade() -> None:
    for table in ('mute', 'keyword_filter'):
        op.create_index(f'{table}_until_index', table, ['until'], unique=False, postgresql_where=sa.text('until IS NOT NULL'))


def downgrade() -> None:
    for table in ('keyword_filter', 'mute'):
        op.drop_index(f'{table}_until_index', table_name=table, postgresql_where=sa.text('until IS NOT NULL'))

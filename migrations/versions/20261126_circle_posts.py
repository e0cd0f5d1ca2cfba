"""Deleting a circle finds the posts to it by an index, not by reading every post."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "post_circle_id_index", "post", ["circle_id"], unique=False, postgresql_where=sa.text("circle_id IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("post_circle_id_index", table_name="post")

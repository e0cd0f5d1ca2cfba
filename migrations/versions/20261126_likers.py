"""Who likes a post, newest like first."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("post_like_post_id_index", "post_like", ["post_id", sa.text("id DESC")], unique=False)


def downgrade() -> None:
    op.drop_index("post_like_post_id_index", table_name="post_like")

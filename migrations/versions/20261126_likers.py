"""Lists, newest first, by index: who likes a post, and an account's folders of bookmarks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("post_like_post_id_index", "post_like", ["post_id", sa.text("id DESC")], unique=False)
    op.create_index(
        "bookmark_folder_account_id_index", "bookmark_folder", ["account_id", sa.text("id DESC")], unique=False
    )


def downgrade() -> None:
    op.drop_index("bookmark_folder_account_id_index", table_name="bookmark_folder")
    op.drop_index("post_like_post_id_index", table_name="post_like")

"""The first tables: accounts, posts, follows, likes, counts, outbox. And the one function that mints ids."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Milliseconds since 2000-01-01 UTC in the upper 41 bits, a sequence in the lower 22 (core/ids.py, EPOCH).
# `at` dates a row that is brought in from elsewhere; an ordinary insert leaves it out.
MINT_ID = """
CREATE FUNCTION mint_id(at timestamptz DEFAULT NULL) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (((floor(extract(epoch FROM coalesce(at, clock_timestamp())) * 1000)::bigint - 946684800000) << 22)
        | (nextval('mint_id_sequence') % 4194304))
$$
"""


def upgrade() -> None:
    op.execute("CREATE SEQUENCE mint_id_sequence")
    op.execute(MINT_ID)
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("bio", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("account_pkey")),
    )
    op.create_index(
        "account_lower_email_key",
        "account",
        [sa.text("lower(email)")],
        unique=True,
        postgresql_where=sa.text("email IS NOT NULL"),
    )
    op.create_index("account_lower_handle_key", "account", [sa.text("lower(handle)")], unique=True)
    op.create_table(
        "count_delta",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("counter", sa.SmallInteger(), nullable=False),
        sa.Column("amount", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("count_delta_pkey")),
    )
    op.create_index(
        "count_delta_subject_id_index",
        "count_delta",
        ["subject_id"],
        unique=False,
        postgresql_include=["counter", "amount"],
    )
    op.create_table(
        "imported_record",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("local_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "external_id", name=op.f("imported_record_pkey")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("checkpoint", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "available_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_pkey")),
    )
    op.create_index(
        "outbox_done_at_index", "outbox", ["done_at"], unique=False, postgresql_where=sa.text("done_at IS NOT NULL")
    )
    op.create_index(
        "outbox_open_index",
        "outbox",
        ["queue", "available_at", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"),
    )
    op.create_table(
        "account_count",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("post_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("follower_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("following_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("account_count_account_id_fkey")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("account_count_pkey")),
    )
    op.create_table(
        "follow",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("follower_id", sa.BigInteger(), nullable=False),
        sa.Column("followee_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("follower_id <> followee_id", name=op.f("follow_not_oneself_check")),
        sa.ForeignKeyConstraint(["followee_id"], ["account.id"], name=op.f("follow_followee_id_fkey")),
        sa.ForeignKeyConstraint(["follower_id"], ["account.id"], name=op.f("follow_follower_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("follow_pkey")),
        sa.UniqueConstraint("follower_id", "followee_id", name=op.f("follow_follower_id_followee_id_key")),
    )
    op.create_index(
        "follow_followee_id_index", "follow", ["followee_id", "id"], unique=False, postgresql_include=["follower_id"]
    )
    op.create_index("follow_follower_id_index", "follow", ["follower_id", sa.text("id DESC")], unique=False)
    op.create_table(
        "post",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("reply_to_id", sa.BigInteger(), nullable=True),
        sa.Column("root_id", sa.BigInteger(), nullable=True),
        sa.Column("repost_of_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "body IS NOT NULL OR repost_of_id IS NOT NULL OR deleted_at IS NOT NULL", name=op.f("post_has_body_check")
        ),
        sa.CheckConstraint(
            "repost_of_id IS NULL OR (body IS NULL AND reply_to_id IS NULL)", name=op.f("post_repost_is_bare_check")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("post_author_id_fkey")),
        sa.ForeignKeyConstraint(["reply_to_id"], ["post.id"], name=op.f("post_reply_to_id_fkey")),
        sa.ForeignKeyConstraint(["repost_of_id"], ["post.id"], name=op.f("post_repost_of_id_fkey")),
        sa.ForeignKeyConstraint(["root_id"], ["post.id"], name=op.f("post_root_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("post_pkey")),
    )
    op.create_index(
        "post_author_id_index",
        "post",
        ["author_id", sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "post_public_index",
        "post",
        [sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("reply_to_id IS NULL AND repost_of_id IS NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "post_reply_to_id_index",
        "post",
        ["reply_to_id", "id"],
        unique=False,
        postgresql_where=sa.text("reply_to_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "post_repost_key",
        "post",
        ["repost_of_id", "author_id"],
        unique=True,
        postgresql_where=sa.text("repost_of_id IS NOT NULL"),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("session_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("session_pkey")),
    )
    op.create_index(op.f("session_account_id_index"), "session", ["account_id"], unique=False)
    op.create_index(
        "session_revoked_at_index",
        "session",
        ["revoked_at"],
        unique=False,
        postgresql_where=sa.text("revoked_at IS NOT NULL"),
    )
    op.create_table(
        "post_count",
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("like_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reply_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("repost_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("post_count_post_id_fkey")),
        sa.PrimaryKeyConstraint("post_id", name=op.f("post_count_pkey")),
    )
    op.create_table(
        "post_like",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("post_like_account_id_fkey")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("post_like_post_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("post_like_pkey")),
        sa.UniqueConstraint("post_id", "account_id", name=op.f("post_like_post_id_account_id_key")),
    )
    op.create_index("post_like_account_id_index", "post_like", ["account_id", sa.text("id DESC")], unique=False)


def downgrade() -> None:
    op.drop_index("post_like_account_id_index", table_name="post_like")
    op.drop_table("post_like")
    op.drop_table("post_count")
    op.drop_index("session_revoked_at_index", table_name="session", postgresql_where=sa.text("revoked_at IS NOT NULL"))
    op.drop_index(op.f("session_account_id_index"), table_name="session")
    op.drop_table("session")
    op.drop_index("post_repost_key", table_name="post", postgresql_where=sa.text("repost_of_id IS NOT NULL"))
    op.drop_index(
        "post_reply_to_id_index",
        table_name="post",
        postgresql_where=sa.text("reply_to_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.drop_index(
        "post_public_index",
        table_name="post",
        postgresql_where=sa.text("reply_to_id IS NULL AND repost_of_id IS NULL AND deleted_at IS NULL"),
    )
    op.drop_index("post_author_id_index", table_name="post", postgresql_where=sa.text("deleted_at IS NULL"))
    op.drop_table("post")
    op.drop_index("follow_follower_id_index", table_name="follow")
    op.drop_index("follow_followee_id_index", table_name="follow", postgresql_include=["follower_id"])
    op.drop_table("follow")
    op.drop_table("account_count")
    op.drop_index(
        "outbox_open_index", table_name="outbox", postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL")
    )
    op.drop_index("outbox_done_at_index", table_name="outbox", postgresql_where=sa.text("done_at IS NOT NULL"))
    op.drop_table("outbox")
    op.drop_table("imported_record")
    op.drop_index("count_delta_subject_id_index", table_name="count_delta", postgresql_include=["counter", "amount"])
    op.drop_table("count_delta")
    op.drop_index("account_lower_handle_key", table_name="account")
    op.drop_index("account_lower_email_key", table_name="account", postgresql_where=sa.text("email IS NOT NULL"))
    op.drop_table("account")
    op.execute("DROP FUNCTION mint_id(timestamptz)")
    op.execute("DROP SEQUENCE mint_id_sequence")

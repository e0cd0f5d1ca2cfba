"""What people do with posts all day: entities, edits, quotes, hashtags, bookmarks, pins, threads; fuller profiles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


# The ids of hashtags, made where there are none. Each look sees what others have committed meanwhile, so two posts with
# the same new hashtag meet on one row. Names come sorted: whoever makes several waits for nobody who waits for them.
HASHTAG_IDS = """
CREATE FUNCTION hashtag_ids(names text[], shown text[]) RETURNS TABLE (id bigint, name text) LANGUAGE plpgsql VOLATILE
AS $$
#variable_conflict use_column
BEGIN
    FOR i IN 1 .. coalesce(array_length(names, 1), 0) LOOP
        LOOP
            RETURN QUERY SELECT hashtag.id, hashtag.name FROM hashtag WHERE hashtag.name = names[i];
            EXIT WHEN FOUND;
            INSERT INTO hashtag (name, shown) VALUES (names[i], shown[i]) ON CONFLICT DO NOTHING;
        END LOOP;
    END LOOP;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "hashtag",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("hashtag_pkey")),
        sa.UniqueConstraint("name", name=op.f("hashtag_name_key")),
    )
    op.create_index(
        "hashtag_name_prefix_index", "hashtag", ["name"], unique=False, postgresql_ops={"name": "text_pattern_ops"}
    )
    op.create_table(
        "bookmark_folder",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("bookmark_folder_account_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("bookmark_folder_pkey")),
    )
    op.create_index("bookmark_folder_name_key", "bookmark_folder", ["account_id", sa.text("lower(name)")], unique=True)
    op.create_table(
        "former_handle",
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("former_handle_account_id_fkey")),
        sa.PrimaryKeyConstraint("handle", name=op.f("former_handle_pkey")),
    )
    op.create_index("former_handle_account_id_index", "former_handle", ["account_id"], unique=False)
    op.create_table(
        "hashtag_count",
        sa.Column("hashtag_id", sa.BigInteger(), nullable=False),
        sa.Column("post_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("follower_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["hashtag_id"], ["hashtag.id"], name=op.f("hashtag_count_hashtag_id_fkey")),
        sa.PrimaryKeyConstraint("hashtag_id", name=op.f("hashtag_count_pkey")),
    )
    op.create_table(
        "hashtag_follow",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("hashtag_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("hashtag_follow_account_id_fkey")),
        sa.ForeignKeyConstraint(["hashtag_id"], ["hashtag.id"], name=op.f("hashtag_follow_hashtag_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("hashtag_follow_pkey")),
        sa.UniqueConstraint("account_id", "hashtag_id", name=op.f("hashtag_follow_account_id_hashtag_id_key")),
    )
    op.create_index(
        "hashtag_follow_account_id_index", "hashtag_follow", ["account_id", sa.text("id DESC")], unique=False
    )
    op.create_index(
        "hashtag_follow_hashtag_id_index",
        "hashtag_follow",
        ["hashtag_id", "id"],
        unique=False,
        postgresql_include=["account_id"],
    )
    op.create_table(
        "bookmark",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("folder_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("bookmark_account_id_fkey")),
        sa.ForeignKeyConstraint(["folder_id"], ["bookmark_folder.id"], name=op.f("bookmark_folder_id_fkey")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("bookmark_post_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("bookmark_pkey")),
        sa.UniqueConstraint("account_id", "post_id", name=op.f("bookmark_account_id_post_id_key")),
    )
    op.create_index("bookmark_account_id_index", "bookmark", ["account_id", sa.text("id DESC")], unique=False)
    op.create_index(
        "bookmark_folder_id_index",
        "bookmark",
        ["folder_id", sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("folder_id IS NOT NULL"),
    )
    op.create_table(
        "pin",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("pin_account_id_fkey")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("pin_post_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("pin_pkey")),
        sa.UniqueConstraint("account_id", "post_id", name=op.f("pin_account_id_post_id_key")),
    )
    op.create_table(
        "post_edit",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("entities", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("content_warning", sa.Text(), nullable=True),
        sa.Column("is_sensitive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("post_edit_post_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("post_edit_pkey")),
        sa.UniqueConstraint("post_id", "version", name=op.f("post_edit_post_id_version_key")),
    )
    op.create_table(
        "post_hashtag",
        sa.Column("hashtag_id", sa.BigInteger(), nullable=False),
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["hashtag_id"], ["hashtag.id"], name=op.f("post_hashtag_hashtag_id_fkey")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("post_hashtag_post_id_fkey")),
        sa.PrimaryKeyConstraint("hashtag_id", "post_id", name=op.f("post_hashtag_pkey")),
    )
    op.create_index("post_hashtag_post_id_index", "post_hashtag", ["post_id"], unique=False)
    op.create_table(
        "post_mention",
        sa.Column("post_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("post_mention_account_id_fkey")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("post_mention_post_id_fkey")),
        sa.PrimaryKeyConstraint("post_id", "account_id", name=op.f("post_mention_pkey")),
    )
    op.create_index(
        "post_mention_account_id_index", "post_mention", ["account_id", sa.text("post_id DESC")], unique=False
    )
    op.create_table(
        "thread_follow",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("root_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("thread_follow_account_id_fkey")),
        sa.ForeignKeyConstraint(["root_id"], ["post.id"], name=op.f("thread_follow_root_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("thread_follow_pkey")),
        sa.UniqueConstraint("account_id", "root_id", name=op.f("thread_follow_account_id_root_id_key")),
    )
    op.create_index("thread_follow_account_id_index", "thread_follow", ["account_id", sa.text("id DESC")], unique=False)
    op.create_index(
        "thread_follow_root_id_index",
        "thread_follow",
        ["root_id", "id"],
        unique=False,
        postgresql_include=["account_id"],
    )
    op.create_table(
        "thread_mute",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("mint_id()"), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("root_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("thread_mute_account_id_fkey")),
        sa.ForeignKeyConstraint(["root_id"], ["post.id"], name=op.f("thread_mute_root_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("thread_mute_pkey")),
        sa.UniqueConstraint("account_id", "root_id", name=op.f("thread_mute_account_id_root_id_key")),
    )
    op.create_index("thread_mute_account_id_index", "thread_mute", ["account_id", sa.text("id DESC")], unique=False)
    op.add_column("account", sa.Column("bio_entities", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column(
        "account",
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("account", sa.Column("website", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("location", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("is_bot", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("account", sa.Column("avatar_url", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("header_url", sa.Text(), nullable=True))
    op.create_index(
        "account_handle_prefix_index",
        "account",
        [sa.literal_column("lower(handle)").label("lower_handle")],
        unique=False,
        postgresql_ops={"lower_handle": "text_pattern_ops"},
    )
    op.create_index(
        "account_words_index",
        "account",
        [sa.text("to_tsvector('simple'::regconfig, (display_name || ' '::text) || handle)")],
        unique=False,
        postgresql_using="gin",
    )
    op.add_column("post", sa.Column("quote_id", sa.BigInteger(), nullable=True))
    op.add_column("post", sa.Column("entities", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("post", sa.Column("content_warning", sa.Text(), nullable=True))
    op.add_column("post", sa.Column("is_sensitive", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("post", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("post", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("post", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "post_author_quotes_index",
        "post",
        ["author_id", sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("quote_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "post_erasable_index",
        "post",
        ["deleted_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL AND body IS NOT NULL"),
    )
    op.create_index(
        "post_quote_id_index",
        "post",
        ["quote_id", sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("quote_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "post_repost_of_id_index",
        "post",
        ["repost_of_id", sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("repost_of_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_foreign_key(op.f("post_quote_id_fkey"), "post", "post", ["quote_id"], ["id"])
    op.add_column("post_count", sa.Column("quote_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    op.create_check_constraint(
        op.f("post_repost_quotes_nothing_check"), "post", "repost_of_id IS NULL OR quote_id IS NULL"
    )
    op.execute(HASHTAG_IDS)


def downgrade() -> None:
    op.execute("DROP FUNCTION hashtag_ids(text[], text[])")
    op.drop_constraint(op.f("post_repost_quotes_nothing_check"), "post", type_="check")
    op.drop_column("post_count", "quote_count")
    op.drop_constraint(op.f("post_quote_id_fkey"), "post", type_="foreignkey")
    op.drop_index(
        "post_repost_of_id_index",
        table_name="post",
        postgresql_where=sa.text("repost_of_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.drop_index(
        "post_quote_id_index",
        table_name="post",
        postgresql_where=sa.text("quote_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.drop_index(
        "post_erasable_index",
        table_name="post",
        postgresql_where=sa.text("deleted_at IS NOT NULL AND body IS NOT NULL"),
    )
    op.drop_index(
        "post_author_quotes_index",
        table_name="post",
        postgresql_where=sa.text("quote_id IS NOT NULL AND deleted_at IS NULL"),
    )
    op.drop_column("post", "edited_at")
    op.drop_column("post", "version")
    op.drop_column("post", "language")
    op.drop_column("post", "is_sensitive")
    op.drop_column("post", "content_warning")
    op.drop_column("post", "entities")
    op.drop_column("post", "quote_id")
    op.drop_index("account_words_index", table_name="account", postgresql_using="gin")
    op.drop_index("account_handle_prefix_index", table_name="account")
    op.drop_column("account", "header_url")
    op.drop_column("account", "avatar_url")
    op.drop_column("account", "is_bot")
    op.drop_column("account", "location")
    op.drop_column("account", "website")
    op.drop_column("account", "fields")
    op.drop_column("account", "bio_entities")
    op.drop_index("thread_mute_account_id_index", table_name="thread_mute")
    op.drop_table("thread_mute")
    op.drop_index("thread_follow_root_id_index", table_name="thread_follow", postgresql_include=["account_id"])
    op.drop_index("thread_follow_account_id_index", table_name="thread_follow")
    op.drop_table("thread_follow")
    op.drop_index("post_mention_account_id_index", table_name="post_mention")
    op.drop_table("post_mention")
    op.drop_index("post_hashtag_post_id_index", table_name="post_hashtag")
    op.drop_table("post_hashtag")
    op.drop_table("post_edit")
    op.drop_table("pin")
    op.drop_index("bookmark_folder_id_index", table_name="bookmark", postgresql_where=sa.text("folder_id IS NOT NULL"))
    op.drop_index("bookmark_account_id_index", table_name="bookmark")
    op.drop_table("bookmark")
    op.drop_index("hashtag_follow_hashtag_id_index", table_name="hashtag_follow", postgresql_include=["account_id"])
    op.drop_index("hashtag_follow_account_id_index", table_name="hashtag_follow")
    op.drop_table("hashtag_follow")
    op.drop_table("hashtag_count")
    op.drop_index("former_handle_account_id_index", table_name="former_handle")
    op.drop_table("former_handle")
    op.drop_index("bookmark_folder_name_key", table_name="bookmark_folder")
    op.drop_table("bookmark_folder")
    op.drop_index("hashtag_name_prefix_index", table_name="hashtag", postgresql_ops={"name": "text_pattern_ops"})
    op.drop_table("hashtag")

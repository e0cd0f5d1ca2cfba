"""What accounts keep of their feeds: who reads, who is pulled, preferences and positions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FLAGS = ("hides_replies", "hides_reposts", "hides_quotes", "hides_seen")


def _account_id() -> sa.Column[int]:
    return sa.Column("account_id", sa.BigInteger, nullable=False)


def _of_one_feed() -> list[sa.Column[int]]:
    return [
        _account_id(),
        sa.Column("feed", sa.SmallInteger, nullable=False),
        sa.Column("target_id", sa.BigInteger, nullable=False),
    ]


def _keys(table: str, *columns: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=f"{table}_account_id_fkey"),
        sa.PrimaryKeyConstraint(*columns, name=f"{table}_pkey"),
    ]


def _time(name: str, *, is_required: bool) -> sa.Column[object]:
    default = sa.text("now()") if is_required else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not is_required, server_default=default)


def upgrade() -> None:
    op.create_table(
        "reader",
        _account_id(),
        sa.Column("active_on", sa.Date, server_default=sa.text("CURRENT_DATE"), nullable=False),
        *_keys("reader", "account_id"),
    )
    # Whoever has a timeline has read. Those who have none leave by themselves.
    op.execute("INSERT INTO reader (account_id) SELECT id FROM account")
    op.create_table(
        "pulled_author",
        _account_id(),
        _time("since", is_required=True),
        _time("leaves_at", is_required=False),
        *_keys("pulled_author", "account_id"),
    )
    op.create_table(
        "feed_preference",
        *_of_one_feed(),
        *(sa.Column(flag, sa.Boolean, server_default=sa.text("false"), nullable=False) for flag in FLAGS),
        sa.Column("languages", ARRAY(sa.Text), server_default=sa.text("'{}'"), nullable=False),
        *_keys("feed_preference", "account_id", "feed", "target_id"),
    )
    op.create_table(
        "read_position",
        *_of_one_feed(),
        sa.Column("entry_id", sa.BigInteger, nullable=False),
        _time("moved_at", is_required=True),
        *_keys("read_position", "account_id", "feed", "target_id"),
    )


def downgrade() -> None:
    for table in ("read_position", "feed_preference", "pulled_author", "reader"):
        op.drop_table(table)

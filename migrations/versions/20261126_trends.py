"""What trends: rankings of hashtags and posts, and when the next ones are due."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trend_round",
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("number", sa.BigInteger, server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("kind", name="trend_round_pkey"),
    )
    op.create_table(
        "trend",
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("round", sa.BigInteger, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("subject_id", sa.BigInteger, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("act_count", sa.Integer, nullable=False),
        sa.Column("account_count", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("kind", "round", "place", name="trend_pkey"),
    )


def downgrade() -> None:
    for table in ("trend", "trend_round"):
        op.drop_table(table)

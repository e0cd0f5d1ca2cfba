"""How far the nightly recount of counts has come."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recount",
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reached_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("checked", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("drifted", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("subjects", name=op.f("recount_pkey")),
    )


def downgrade() -> None:
    op.drop_table("recount")

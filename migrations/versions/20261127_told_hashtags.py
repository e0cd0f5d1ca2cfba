"""Show hashtags as somebody wrote them where everybody may read it: the first spelling may be that of a hidden post."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


# The ids of hashtags, made where there are none; `shown` has a spelling where everybody may read it, else NULL, and the
# first one stays. Each look sees what others have committed meanwhile, so two posts with the same new hashtag meet on
# one row. Names come sorted: whoever makes several waits for nobody who waits for them.
HASHTAG_IDS = """
CREATE OR REPLACE FUNCTION hashtag_ids(names text[], shown text[]) RETURNS TABLE (id bigint, name text)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    told text;
    is_untold boolean;
BEGIN
    FOR i IN 1 .. coalesce(array_length(names, 1), 0) LOOP
        told := hashtag_ids.shown[i];
        LOOP
            SELECT hashtag.id, hashtag.name, hashtag.shown IS NULL INTO id, name, is_untold
            FROM hashtag WHERE hashtag.name = names[i];
            EXIT WHEN FOUND;
            INSERT INTO hashtag (name, shown) VALUES (names[i], told) ON CONFLICT DO NOTHING;
        END LOOP;
        IF is_untold AND told IS NOT NULL THEN
            UPDATE hashtag SET shown = told WHERE hashtag.id = hashtag_ids.id AND hashtag.shown IS NULL;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$
"""
# What is here may be how a hidden post had it, unless a post that everybody may read has it so.
FORGET_UNTOLD = """
UPDATE hashtag SET shown = NULL WHERE NOT EXISTS (
    SELECT FROM post_hashtag
    JOIN post ON post.id = post_hashtag.post_id
    JOIN account ON account.id = post.author_id,
    jsonb_array_elements(post.entities) AS entity
    WHERE post_hashtag.hashtag_id = hashtag.id
      AND post.deleted_at IS NULL AND post.taken_down_at IS NULL AND post.visibility = 0 AND NOT post.is_gated
      AND NOT account.is_private AND account.suspended_at IS NULL
      AND entity ->> 0 = '2' AND entity ->> 5 = hashtag.shown
)
"""
FORMER_HASHTAG_IDS = """
CREATE OR REPLACE FUNCTION hashtag_ids(names text[], shown text[]) RETURNS TABLE (id bigint, name text)
LANGUAGE plpgsql VOLATILE AS $$
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
    op.alter_column("hashtag", "shown", nullable=True)
    op.execute(HASHTAG_IDS)
    op.execute(FORGET_UNTOLD)


def downgrade() -> None:
    op.execute("UPDATE hashtag SET shown = name WHERE shown IS NULL")
    op.execute(FORMER_HASHTAG_IDS)
    op.alter_column("hashtag", "shown", nullable=False)

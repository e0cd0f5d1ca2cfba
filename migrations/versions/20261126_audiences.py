"""Who may see what: audiences, blocks, mutes, filters, lists, circles, requests to follow, reports."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

# What the rules (access/policy.py) need to know of an account, as bits; access/facts.py says what each means. NULL if
# there is no such account.
USER_FACTS = """
CREATE FUNCTION user_facts(viewer bigint, subject bigint) RETURNS integer LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
    IF viewer = subject THEN RETURN 1; END IF;
    RETURN (
        SELECT
            CASE WHEN account.suspended_at IS NULL THEN 0
                ELSE 2 + CASE WHEN is_moderator(viewer) THEN 64 ELSE 0 END END
            + CASE WHEN EXISTS (SELECT FROM block WHERE blocker_id = subject AND blocked_id = viewer)
                THEN 4 ELSE 0 END
            + CASE WHEN EXISTS (SELECT FROM block WHERE blocker_id = viewer AND blocked_id = subject)
                THEN 8 ELSE 0 END
            + CASE WHEN account.is_private THEN 16
                + CASE WHEN EXISTS (SELECT FROM follow WHERE follower_id = viewer AND followee_id = subject)
                    THEN 32 ELSE 0 END ELSE 0 END
        FROM account WHERE account.id = subject
    );
END
$$
"""
IS_MODERATOR = """
CREATE FUNCTION is_moderator(subject bigint) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM account WHERE id = subject AND role > 0 AND suspended_at IS NULL);
END
$$
"""
# The same of a post, as pairs: the facts of its author and of its audience, then those of every post above it, up to
# the first one that the viewer wrote. Posts above that nothing restricts are left out.
POST_FACTS = """
CREATE FUNCTION post_facts(viewer bigint, subject bigint) RETURNS integer[] LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    facts integer[] := '{}';
    next_id bigint := subject;
    step record;
BEGIN
    LOOP
        SELECT
            post.author_id, post.reply_to_id, user_facts(viewer, post.author_id) AS author,
            audience_facts(viewer, post, greatest(post.visibility, CASE WHEN account.is_private THEN 2 ELSE 0 END))
                AS audience
        INTO step FROM post JOIN account ON account.id = post.author_id WHERE post.id = next_id;
        EXIT WHEN NOT FOUND OR (step.author_id = viewer AND next_id <> subject);
        IF next_id = subject OR step.author <> 0 OR step.audience <> 0 THEN
            facts := facts || step.author || step.audience;
        END IF;
        next_id := step.reply_to_id;
        EXIT WHEN next_id IS NULL OR step.author_id = viewer;
    END LOOP;
    RETURN facts;
END
$$
"""
AUDIENCE_FACTS = """
CREATE FUNCTION audience_facts(viewer bigint, subject post, audience integer) RETURNS integer
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    facts integer := 0;
BEGIN
    IF subject.taken_down_at IS NOT NULL THEN
        facts := 128 + CASE WHEN is_moderator(viewer) THEN 256 ELSE 0 END;
    END IF;
    IF audience <= 1 THEN RETURN facts; END IF;
    facts := facts + audience;
    IF EXISTS (SELECT FROM follow WHERE follower_id = viewer AND followee_id = subject.author_id) THEN
        facts := facts + 8;
    END IF;
    IF audience = 3 AND EXISTS (SELECT FROM follow WHERE follower_id = subject.author_id AND followee_id = viewer) THEN
        facts := facts + 16;
    END IF;
    IF audience = 4 AND EXISTS (
        SELECT FROM circle_member WHERE circle_id = subject.circle_id AND account_id = viewer
    ) THEN
        facts := facts + 32;
    END IF;
    IF EXISTS (SELECT FROM post_mention WHERE post_id = subject.id AND account_id = viewer) THEN
        facts := facts + 64;
    END IF;
    RETURN facts;
END
$$
"""
# Notes with every reply who wrote what is above it (models.posts.Post.above_author_ids), whoever writes it and how.
NOTE_ABOVE = """
CREATE FUNCTION note_above() RETURNS trigger LANGUAGE plpgsql
AS $$
DECLARE
    parent record;
BEGIN
    SELECT author_id, above_author_ids, is_gated, visibility INTO parent FROM post WHERE id = NEW.reply_to_id;
    NEW.above_author_ids := nullif(array_remove(parent.above_author_ids || parent.author_id, NEW.author_id), '{}');
    NEW.is_gated := parent.is_gated OR parent.visibility > 1;
    IF cardinality(NEW.above_author_ids) > 100 THEN
        NEW.above_author_ids := NULL;
        NEW.is_gated := true;
    END IF;
    RETURN NEW;
END
$$
"""
ON_REPLY = """
CREATE TRIGGER note_above BEFORE INSERT ON post FOR EACH ROW WHEN (NEW.reply_to_id IS NOT NULL)
EXECUTE FUNCTION note_above()
"""
# Every post was public until now.
NOTE_ABOVE_OF_OLD = """
WITH RECURSIVE walk AS (
    SELECT id, author_id, reply_to_id AS next_id, '{}'::bigint[] AS above FROM post WHERE reply_to_id IS NOT NULL
    UNION ALL
    SELECT
        walk.id, walk.author_id, post.reply_to_id,
        CASE WHEN post.author_id = walk.author_id OR post.author_id = ANY (walk.above) THEN walk.above
            ELSE walk.above || post.author_id END
    FROM walk JOIN post ON post.id = walk.next_id
)
UPDATE post SET
    above_author_ids = CASE WHEN cardinality(walk.above) <= 100 THEN nullif(walk.above, '{}') END,
    is_gated = cardinality(walk.above) > 100
FROM walk WHERE walk.id = post.id AND walk.next_id IS NULL
"""


def upgrade() -> None:
    op.create_table('block',
    sa.Column('id', sa.BigInteger(), server_default=sa.text('mint_id()'), nullable=False),
    sa.Column('blocker_id', sa.BigInteger(), nullable=False),
    sa.Column('blocked_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('blocker_id <> blocked_id', name=op.f('block_not_oneself_check')),
    sa.ForeignKeyConstraint(['blocked_id'], ['account.id'], name=op.f('block_blocked_id_fkey')),
    sa.ForeignKeyConstraint(['blocker_id'], ['account.id'], name=op.f('block_blocker_id_fkey')),
    sa.PrimaryKeyConstraint('id', name=op.f('block_pkey')),
    sa.UniqueConstraint('blocker_id', 'blocked_id', name=op.f('block_blocker_id_blocked_id_key'))
    )
    op.create_index('block_blocked_id_index', 'block', ['blocked_id', 'blocker_id'], unique=False)
    op.create_index('block_blocker_id_index', 'block', ['blocker_id', sa.literal_column('id DESC')], unique=False)
    op.create_table('circle',
    sa.Column('id', sa.BigInteger(), server_default=sa.text('mint_id()'), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('circle_account_id_fkey')),
    sa.PrimaryKeyConstraint('id', name=op.f('circle_pkey'))
    )
    op.create_index('circle_account_id_index', 'circle', ['account_id', sa.literal_column('id DESC')], unique=False)
    op.create_index('circle_name_key', 'circle', ['account_id', sa.literal_column('lower(name)')], unique=True)
    op.create_table('dismissed_suggestion',
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('dismissed_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('dismissed_suggestion_account_id_fkey')),
    sa.ForeignKeyConstraint(['dismissed_id'], ['account.id'], name=op.f('dismissed_suggestion_dismissed_id_fkey')),
    sa.PrimaryKeyConstraint('account_id', 'dismissed_id', name=op.f('dismissed_suggestion_pkey'))
    )
    op.create_table('follow_request',
    sa.Column('id', sa.BigInteger(), server_default=sa.text('mint_id()'), nullable=False),
    sa.Column('follower_id', sa.BigInteger(), nullable=False),
    sa.Column('followee_id', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('follower_id <> followee_id', name=op.f('follow_request_not_oneself_check')),
    sa.ForeignKeyConstraint(['followee_id'], ['account.id'], name=op.f('follow_request_followee_id_fkey')),
    sa.ForeignKeyConstraint(['follower_id'], ['account.id'], name=op.f('follow_request_follower_id_fkey')),
    sa.PrimaryKeyConstraint('id', name=op.f('follow_request_pkey')),
    sa.UniqueConstraint('follower_id', 'followee_id', name=op.f('follow_request_follower_id_followee_id_key'))
    )
    op.create_index('follow_request_followee_id_index', 'follow_request', ['followee_id', sa.literal_column('id DESC')], unique=False)
    op.create_index('follow_request_follower_id_index', 'follow_request', ['follower_id', sa.literal_column('id DESC')], unique=False)
    op.create_table('keyword_filter',
    sa.Column('id', sa.BigInteger(), server_default=sa.text('mint_id()'), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('keyword', sa.Text(), nullable=False),
    sa.Column('is_whole_word', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('action', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('contexts', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('keyword_filter_account_id_fkey')),
    sa.PrimaryKeyConstraint('id', name=op.f('keyword_filter_pkey'))
    )
    op.create_index('keyword_filter_account_id_index', 'keyword_filter', ['account_id', sa.literal_column('id DESC')], unique=False)
    op.create_table('list',
    sa.Column('id', sa.BigInteger(), server_default=sa.text('mint_id()'), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('is_private', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('is_exclusive', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('replies', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('list_account_id_fkey')),
    sa.PrimaryKeyConstraint('id', name=op.f('list_pkey'))
    )
    op.create_index('list_account_id_index', 'list', ['account_id', sa.literal_column('id DESC')], unique=False)
    op.create_index('list_exclusive_index', 'list', ['account_id', 'id'], unique=False, postgresql_where=sa.text('is_exclusive'))
    op.create_index('list_name_key', 'list', ['account_id', sa.literal_column('lower(name)')], unique=True)
    op.create_table('mute',
    sa.Column('id', sa.BigInteger(), server_default=sa.text('mint_id()'), nullable=False),
    sa.Column('muter_id', sa.BigInteger(), nullable=False),
    sa.Column('muted_id', sa.BigInteger(), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('is_only_of_reposts', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('hides_notifications', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.CheckConstraint('muter_id <> muted_id', name=op.f('mute_not_oneself_check')),
    sa.ForeignKeyConstraint(['muted_id'], ['account.id'], name=op.f('mute_muted_id_fkey')),
    sa.ForeignKeyConstraint(['muter_id'], ['account.id'], name=op.f('mute_muter_id_fkey')),
    sa.PrimaryKeyConstraint('id', name=op.f('mute_pkey')),
    sa.UniqueConstraint('muter_id', 'muted_id', name=op.f('mute_muter_id_muted_id_key'))
    )
    op.create_index('mute_muter_id_index', 'mute', ['muter_id', sa.literal_column('id DESC')], unique=False)
    op.create_table('user_note',
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('subject_id', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('user_note_account_id_fkey')),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('user_note_subject_id_fkey')),
    sa.PrimaryKeyConstraint('account_id', 'subject_id', name=op.f('user_note_pkey'))
    )
    op.create_table('circle_member',
    sa.Column('id', sa.BigInteger(), server_default=sa.text('mint_id()'), nullable=False),
    sa.Column('circle_id', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('circle_member_account_id_fkey')),
    sa.ForeignKeyConstraint(['circle_id'], ['circle.id'], name=op.f('circle_member_circle_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('circle_member_pkey')),
    sa.UniqueConstraint('circle_id', 'account_id', name=op.f('circle_member_circle_id_account_id_key'))
    )
    op.create_index('circle_member_account_id_index', 'circle_member', ['account_id', 'circle_id'], unique=False)
    op.create_index('circle_member_circle_id_index', 'circle_member', ['circle_id', sa.literal_column('id DESC')], unique=False)
    op.create_table('list_member',
    sa.Column('id', sa.BigInteger(), server_default=sa.text('mint_id()'), nullable=False),
    sa.Column('list_id', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('list_member_account_id_fkey')),
    sa.ForeignKeyConstraint(['list_id'], ['list.id'], name=op.f('list_member_list_id_fkey'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('list_member_pkey')),
    sa.UniqueConstraint('list_id', 'account_id', name=op.f('list_member_list_id_account_id_key'))
    )
    op.create_index('list_member_account_id_index', 'list_member', ['account_id', 'list_id'], unique=False)
    op.create_index('list_member_list_id_index', 'list_member', ['list_id', sa.literal_column('id DESC')], unique=False)
    op.create_table('report',
    sa.Column('id', sa.BigInteger(), server_default=sa.text('mint_id()'), nullable=False),
    sa.Column('reporter_id', sa.BigInteger(), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('post_id', sa.BigInteger(), nullable=True),
    sa.Column('said', sa.Text(), nullable=True),
    sa.Column('reason', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('comment', sa.Text(), nullable=True),
    sa.Column('state', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('resolved_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('report_account_id_fkey')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('report_post_id_fkey')),
    sa.ForeignKeyConstraint(['reporter_id'], ['account.id'], name=op.f('report_reporter_id_fkey')),
    sa.PrimaryKeyConstraint('id', name=op.f('report_pkey'))
    )
    op.create_index('report_account_id_index', 'report', ['account_id', sa.literal_column('id DESC')], unique=False)
    op.create_index('report_open_index', 'report', ['id'], unique=False, postgresql_where=sa.text('state = 0'))
    op.create_index('report_reporter_id_index', 'report', ['reporter_id', sa.literal_column('id DESC')], unique=False)
    op.create_table('moderation_action',
    sa.Column('id', sa.BigInteger(), server_default=sa.text('mint_id()'), nullable=False),
    sa.Column('moderator_id', sa.BigInteger(), nullable=True),
    sa.Column('kind', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('account_id', sa.BigInteger(), nullable=False),
    sa.Column('post_id', sa.BigInteger(), nullable=True),
    sa.Column('report_id', sa.BigInteger(), nullable=True),
    sa.Column('note', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('moderation_action_account_id_fkey')),
    sa.ForeignKeyConstraint(['moderator_id'], ['account.id'], name=op.f('moderation_action_moderator_id_fkey')),
    sa.ForeignKeyConstraint(['post_id'], ['post.id'], name=op.f('moderation_action_post_id_fkey')),
    sa.ForeignKeyConstraint(['report_id'], ['report.id'], name=op.f('moderation_action_report_id_fkey')),
    sa.PrimaryKeyConstraint('id', name=op.f('moderation_action_pkey'))
    )
    op.create_index('moderation_action_account_id_index', 'moderation_action', ['account_id', sa.literal_column('id DESC')], unique=False)
    op.create_index('moderation_action_report_id_index', 'moderation_action', ['report_id'], unique=False, postgresql_where=sa.text('report_id IS NOT NULL'))
    op.add_column('account', sa.Column('is_private', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('account', sa.Column('suspended_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('account', sa.Column('role', sa.SmallInteger(), server_default=sa.text('0'), nullable=False))
    op.create_index('account_private_index', 'account', ['id'], unique=False, postgresql_where=sa.text('is_private'))
    op.add_column('post', sa.Column('visibility', sa.SmallInteger(), server_default=sa.text('0'), nullable=False))
    op.add_column('post', sa.Column('circle_id', sa.BigInteger(), nullable=True))
    op.add_column('post', sa.Column('reply_policy', sa.SmallInteger(), server_default=sa.text('0'), nullable=False))
    op.add_column('post', sa.Column('quote_policy', sa.SmallInteger(), server_default=sa.text('0'), nullable=False))
    op.add_column('post', sa.Column('repost_policy', sa.SmallInteger(), server_default=sa.text('0'), nullable=False))
    op.add_column('post', sa.Column('above_author_ids', sa.ARRAY(sa.BigInteger()), nullable=True))
    op.add_column('post', sa.Column('is_gated', sa.Boolean(), server_default=sa.text('false'), nullable=False))
    op.add_column('post', sa.Column('reply_hidden_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('post', sa.Column('quote_detached_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('post', sa.Column('taken_down_at', sa.DateTime(timezone=True), nullable=True))
    op.create_index('post_hidden_reply_index', 'post', ['reply_to_id', sa.literal_column('id DESC')], unique=False, postgresql_where=sa.text('reply_hidden_at IS NOT NULL AND deleted_at IS NULL'))
    op.create_foreign_key(op.f('post_circle_id_fkey'), 'post', 'circle', ['circle_id'], ['id'], ondelete='SET NULL')
    op.drop_index("post_public_index", table_name="post")
    op.create_index(
        "post_public_index",
        "post",
        [sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text(
            "reply_to_id IS NULL AND repost_of_id IS NULL AND visibility = 0 AND deleted_at IS NULL"
        ),
    )
    for statement in (
        IS_MODERATOR,
        USER_FACTS,
        AUDIENCE_FACTS,
        POST_FACTS,
        NOTE_ABOVE,
        NOTE_ABOVE_OF_OLD,
        ON_REPLY,
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER note_above ON post")
    for function in (
        "note_above()",
        "post_facts(bigint, bigint)",
        "audience_facts(bigint, post, integer)",
        "user_facts(bigint, bigint)",
        "is_moderator(bigint)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_index("post_public_index", table_name="post")
    op.create_index(
        "post_public_index",
        "post",
        [sa.text("id DESC")],
        unique=False,
        postgresql_where=sa.text("reply_to_id IS NULL AND repost_of_id IS NULL AND deleted_at IS NULL"),
    )
    op.drop_constraint(op.f('post_circle_id_fkey'), 'post', type_='foreignkey')
    op.drop_index('post_hidden_reply_index', table_name='post', postgresql_where=sa.text('reply_hidden_at IS NOT NULL AND deleted_at IS NULL'))
    op.drop_column('post', 'taken_down_at')
    op.drop_column('post', 'quote_detached_at')
    op.drop_column('post', 'reply_hidden_at')
    op.drop_column('post', 'is_gated')
    op.drop_column('post', 'above_author_ids')
    op.drop_column('post', 'repost_policy')
    op.drop_column('post', 'quote_policy')
    op.drop_column('post', 'reply_policy')
    op.drop_column('post', 'circle_id')
    op.drop_column('post', 'visibility')
    op.drop_index('account_private_index', table_name='account', postgresql_where=sa.text('is_private'))
    op.drop_column('account', 'role')
    op.drop_column('account', 'suspended_at')
    op.drop_column('account', 'is_private')
    op.drop_index('moderation_action_report_id_index', table_name='moderation_action', postgresql_where=sa.text('report_id IS NOT NULL'))
    op.drop_index('moderation_action_account_id_index', table_name='moderation_action')
    op.drop_table('moderation_action')
    op.drop_index('report_reporter_id_index', table_name='report')
    op.drop_index('report_open_index', table_name='report', postgresql_where=sa.text('state = 0'))
    op.drop_index('report_account_id_index', table_name='report')
    op.drop_table('report')
    op.drop_index('list_member_list_id_index', table_name='list_member')
    op.drop_index('list_member_account_id_index', table_name='list_member')
    op.drop_table('list_member')
    op.drop_index('circle_member_circle_id_index', table_name='circle_member')
    op.drop_index('circle_member_account_id_index', table_name='circle_member')
    op.drop_table('circle_member')
    op.drop_table('user_note')
    op.drop_index('mute_muter_id_index', table_name='mute')
    op.drop_table('mute')
    op.drop_index('list_name_key', table_name='list')
    op.drop_index('list_exclusive_index', table_name='list', postgresql_where=sa.text('is_exclusive'))
    op.drop_index('list_account_id_index', table_name='list')
    op.drop_table('list')
    op.drop_index('keyword_filter_account_id_index', table_name='keyword_filter')
    op.drop_table('keyword_filter')
    op.drop_index('follow_request_follower_id_index', table_name='follow_request')
    op.drop_index('follow_request_followee_id_index', table_name='follow_request')
    op.drop_table('follow_request')
    op.drop_table('dismissed_suggestion')
    op.drop_index('circle_name_key', table_name='circle')
    op.drop_index('circle_account_id_index', table_name='circle')
    op.drop_table('circle')
    op.drop_index('block_blocker_id_index', table_name='block')
    op.drop_index('block_blocked_id_index', table_name='block')
    op.drop_table('block')

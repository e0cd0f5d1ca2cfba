"""The statements of the hand-written endpoint: written for exactly what the documents select.

The rules of the API bind them too: counts are totals plus changes that are not folded yet, what is deleted is absent,
a repost shows the post.
"""

from models.counts import Counter

_POST_CHANGE = f"""
    CROSS JOIN LATERAL (
        SELECT
            coalesce(sum(amount) FILTER (WHERE counter = {Counter.POST_LIKES:d}), 0)::bigint AS likes,
            coalesce(sum(amount) FILTER (WHERE counter = {Counter.POST_REPLIES:d}), 0)::bigint AS replies,
            coalesce(sum(amount) FILTER (WHERE counter = {Counter.POST_REPOSTS:d}), 0)::bigint AS reposts
        FROM count_delta WHERE subject_id = post.id
    ) AS change
"""
_POST_COUNTS = """
    coalesce(like_count, 0) + change.likes AS likes,
    coalesce(reply_count, 0) + change.replies AS replies,
    coalesce(repost_count, 0) + change.reposts AS reposts
"""
_IS_LIKED = "EXISTS (SELECT FROM post_like WHERE post_id = post.id AND account_id = $1) AS is_liked"

# $1 viewer, $2 entries. Each author's newest post; the $2 newest of those; nothing below the oldest of them counts.
_HOME_ENTRIES = """
WITH authors AS MATERIALIZED (
    SELECT followee_id AS id FROM follow WHERE follower_id = $1 UNION ALL SELECT $1
), heads AS MATERIALIZED (
    SELECT authors.id AS author_id, newest.id FROM authors CROSS JOIN LATERAL (
        SELECT id FROM post WHERE author_id = authors.id AND deleted_at IS NULL ORDER BY id DESC LIMIT 1
    ) AS newest
    ORDER BY newest.id DESC LIMIT $2
), lowest AS MATERIALIZED (
    SELECT CASE WHEN count(*) >= $2 THEN min(id) ELSE 0 END AS id FROM heads
), entries AS MATERIALIZED (
    SELECT entry.id, entry.post_id FROM heads CROSS JOIN LATERAL (
        SELECT id, coalesce(repost_of_id, id) AS post_id FROM post
        WHERE author_id = heads.author_id AND id >= (SELECT id FROM lowest) AND deleted_at IS NULL
        ORDER BY id DESC LIMIT $2
    ) AS entry
    ORDER BY entry.id DESC LIMIT $2
)
"""
# $1 viewer.
_SHOWN_ENTRIES = f"""
SELECT
    entries.id AS entry_id, post.id, post.body, {_POST_COUNTS}, {_IS_LIKED},
    author.id AS author_id, author.handle, author.display_name,
    coalesce(follower_count, 0) + author_change.followers AS followers,
    EXISTS (SELECT FROM follow WHERE follower_id = $1 AND followee_id = author.id) AS is_followed
FROM entries
JOIN post ON post.id = entries.post_id AND post.deleted_at IS NULL
JOIN account AS author ON author.id = post.author_id
LEFT JOIN post_count ON post_count.post_id = post.id
LEFT JOIN account_count ON account_count.account_id = author.id
{_POST_CHANGE}
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount) FILTER (WHERE counter = {Counter.ACCOUNT_FOLLOWERS:d}), 0)::bigint AS followers
    FROM count_delta WHERE subject_id = author.id
) AS author_change
ORDER BY entries.id DESC
"""
# $1 viewer, $2 entries.
HOME_FEED = _HOME_ENTRIES + _SHOWN_ENTRIES
HOME_ENTRY_IDS = f"{_HOME_ENTRIES} SELECT id FROM entries"
# $1 viewer, $2 ids of entries.
HOME_FEED_AMONG = f"""
WITH entries AS MATERIALIZED (
    SELECT id, coalesce(repost_of_id, id) AS post_id FROM post WHERE id = ANY($2::bigint[]) AND deleted_at IS NULL
)
{_SHOWN_ENTRIES}
"""

# $1 posts, $2 replies of each.
FEED_REPLIES = """
SELECT parent.id AS parent_id, reply.id, reply.body, author.handle, author.display_name
FROM unnest($1::bigint[]) AS parent(id)
CROSS JOIN LATERAL (
    SELECT id, body, author_id FROM post WHERE reply_to_id = parent.id AND deleted_at IS NULL ORDER BY id LIMIT $2
) AS reply
JOIN account AS author ON author.id = reply.author_id
ORDER BY reply.id
"""

# $1 viewer, $2 post.
POST = f"""
SELECT
    post.id, post.body, {_POST_COUNTS}, {_IS_LIKED}, author.id AS author_id, author.handle, author.display_name
FROM post
JOIN account AS author ON author.id = post.author_id
LEFT JOIN post_count ON post_count.post_id = post.id
{_POST_CHANGE}
WHERE post.id = $2 AND post.deleted_at IS NULL AND post.repost_of_id IS NULL
"""

# $1 viewer, $2 post, $3 replies.
REPLIES = f"""
SELECT
    post.id, post.body, {_POST_COUNTS}, {_IS_LIKED}, author.id AS author_id, author.handle, author.display_name
FROM (
    SELECT id, body, author_id FROM post WHERE reply_to_id = $2 AND deleted_at IS NULL ORDER BY id LIMIT $3
) AS post
JOIN account AS author ON author.id = post.author_id
LEFT JOIN post_count ON post_count.post_id = post.id
{_POST_CHANGE}
ORDER BY post.id
"""

# $1 viewer, $2 handle.
USER = f"""
SELECT
    account.id, handle, display_name, bio,
    coalesce(post_count, 0) + change.posts AS posts,
    coalesce(follower_count, 0) + change.followers AS followers,
    coalesce(following_count, 0) + change.following AS following,
    EXISTS (SELECT FROM follow WHERE follower_id = $1 AND followee_id = account.id) AS is_followed
FROM account
LEFT JOIN account_count ON account_id = account.id
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(amount) FILTER (WHERE counter = {Counter.ACCOUNT_POSTS:d}), 0)::bigint AS posts,
        coalesce(sum(amount) FILTER (WHERE counter = {Counter.ACCOUNT_FOLLOWERS:d}), 0)::bigint AS followers,
        coalesce(sum(amount) FILTER (WHERE counter = {Counter.ACCOUNT_FOLLOWING:d}), 0)::bigint AS following
    FROM count_delta WHERE subject_id = account.id
) AS change
WHERE lower(handle) = lower($2)
"""

# $1 viewer, $2 author, $3 entries.
USER_POSTS = f"""
SELECT entry.id AS entry_id, post.id, post.body, {_POST_COUNTS}, {_IS_LIKED}
FROM (
    SELECT id, coalesce(repost_of_id, id) AS post_id FROM post
    WHERE author_id = $2 AND reply_to_id IS NULL AND deleted_at IS NULL ORDER BY id DESC LIMIT $3
) AS entry
JOIN post ON post.id = entry.post_id AND post.deleted_at IS NULL
LEFT JOIN post_count ON post_count.post_id = post.id
{_POST_CHANGE}
ORDER BY entry.id DESC
"""

# $1 author, $2 body, $3 the event's class, $4 its queues. One statement is one transaction.
CREATE_POST = f"""
WITH new AS (
    INSERT INTO post (author_id, body) VALUES ($1, $2) RETURNING id, body
), change AS (
    INSERT INTO count_delta (subject_id, counter, amount) VALUES ($1, {Counter.ACCOUNT_POSTS:d}, 1)
), event AS (
    INSERT INTO outbox (queue, event, facts)
    SELECT unnest($4::text[]), $3, jsonb_build_object('entry_id', id, 'author_id', $1) FROM new
)
SELECT new.id, new.body, author.id AS author_id, author.handle, author.display_name
FROM new CROSS JOIN account AS author WHERE author.id = $1
"""

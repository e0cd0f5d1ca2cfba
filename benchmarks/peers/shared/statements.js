// The statements of a server with loaders: one for each kind of thing, for any number of them. A row comes with its
// counts, which are totals plus changes that are not folded yet. What is deleted is absent, a repost shows the post.

export const COUNTERS = { likes: 1, replies: 2, reposts: 3, posts: 5, followers: 6, following: 7 };

const change = (name) => `coalesce(sum(amount) FILTER (WHERE counter = ${COUNTERS[name]}), 0) AS ${name}`;

// Of `post`.
const POST = `post.id, post.author_id, post.body, (coalesce(like_count, 0) + change.likes)::int AS likes,
  (coalesce(reply_count, 0) + change.replies)::int AS replies,
  (coalesce(repost_count, 0) + change.reposts)::int AS reposts`;
const POST_COUNTS = `LEFT JOIN post_count ON post_count.post_id = post.id CROSS JOIN LATERAL (
  SELECT ${change("likes")}, ${change("replies")}, ${change("reposts")} FROM count_delta WHERE subject_id = post.id
) AS change`;

const USERS = `
  SELECT account.id, handle, display_name, bio, (coalesce(post_count, 0) + change.posts)::int AS posts,
    (coalesce(follower_count, 0) + change.followers)::int AS followers,
    (coalesce(following_count, 0) + change.following)::int AS following
  FROM account LEFT JOIN account_count ON account_id = account.id CROSS JOIN LATERAL (
    SELECT ${change("posts")}, ${change("followers")}, ${change("following")}
    FROM count_delta WHERE subject_id = account.id
  ) AS change`;

/**
 * The newest `limit` entries of a home feed, as a CTE `entries`. Each author's newest post; the newest of those;
 * nothing below the oldest of them counts. `tag` makes SQL of the text: String.raw, or another library's.
 */
export const homeEntries = (tag, viewerId, limit) => tag`
  WITH authors AS MATERIALIZED (
    SELECT followee_id AS id FROM follow WHERE follower_id = ${viewerId} UNION ALL SELECT ${viewerId}
  ), heads AS MATERIALIZED (
    SELECT authors.id AS author_id, newest.id FROM authors CROSS JOIN LATERAL (
      SELECT id FROM post WHERE author_id = authors.id AND deleted_at IS NULL ORDER BY id DESC LIMIT 1
    ) AS newest
    ORDER BY newest.id DESC LIMIT ${limit}
  ), lowest AS MATERIALIZED (
    SELECT CASE WHEN count(*) >= ${limit} THEN min(id) ELSE 0 END AS id FROM heads
  ), entries AS MATERIALIZED (
    SELECT entry.id, entry.post_id FROM heads CROSS JOIN LATERAL (
      SELECT id, coalesce(repost_of_id, id) AS post_id FROM post
      WHERE author_id = heads.author_id AND id >= (SELECT id FROM lowest) AND deleted_at IS NULL
      ORDER BY id DESC LIMIT ${limit}
    ) AS entry
    ORDER BY entry.id DESC LIMIT ${limit}
  )`;

function replies(order) {
  return `
    SELECT reply_to_id, ${POST} FROM unnest($1::bigint[]) AS parent(id) CROSS JOIN LATERAL (
      SELECT id, author_id, body, reply_to_id FROM post
      WHERE reply_to_id = parent.id AND deleted_at IS NULL ORDER BY id ${order} LIMIT $2
    ) AS post
    ${POST_COUNTS}
    ORDER BY post.id ${order}`;
}

// pg prepares a statement that has a name, once for each connection.
const texts = {
  // $1 viewer, $2 entries.
  homeFeed: `
    ${homeEntries(String.raw, "$1", "$2")}
    SELECT entries.id AS entry_id, ${POST}
    FROM entries JOIN post ON post.id = entries.post_id AND post.deleted_at IS NULL ${POST_COUNTS}
    ORDER BY entries.id DESC`,

  // $1 author, $2 entries.
  userPosts: `
    SELECT entry.id AS entry_id, ${POST} FROM (
      SELECT id, coalesce(repost_of_id, id) AS post_id FROM post
      WHERE author_id = $1 AND reply_to_id IS NULL AND deleted_at IS NULL ORDER BY id DESC LIMIT $2
    ) AS entry
    JOIN post ON post.id = entry.post_id AND post.deleted_at IS NULL ${POST_COUNTS}
    ORDER BY entry.id DESC`,

  post: `SELECT ${POST} FROM post ${POST_COUNTS}
    WHERE post.id = $1 AND deleted_at IS NULL AND repost_of_id IS NULL`,

  repliesOldest: replies("ASC"),
  repliesNewest: replies("DESC"),

  user: `${USERS} WHERE lower(handle) = lower($1)`,
  users: `${USERS} WHERE account.id = ANY($1::bigint[])`,

  // $1 viewer.
  liked: "SELECT post_id AS id FROM post_like WHERE account_id = $1 AND post_id = ANY($2::bigint[])",
  followed: "SELECT followee_id AS id FROM follow WHERE follower_id = $1 AND followee_id = ANY($2::bigint[])",

  // $1 author, $2 body. One statement is one transaction.
  createPost: `
    WITH new AS (
      INSERT INTO post (author_id, body) VALUES ($1, $2) RETURNING id, author_id, body
    ), change AS (
      INSERT INTO count_delta (subject_id, counter, amount) VALUES ($1, ${COUNTERS.posts}, 1)
    ), event AS (
      INSERT INTO outbox (queue, event, facts)
      SELECT 'fanout', 'EntryAdded', jsonb_build_object('entry_id', id, 'author_id', $1::bigint) FROM new
    )
    SELECT id, author_id, body, 0 AS likes, 0 AS replies, 0 AS reposts FROM new`,
};

export const statements = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, { name, text }]));

// The slice of Rookery's schema that the documents need, as far as the tables do not give it.

import { TYPES } from "postgraphile/@dataplan/pg";
import { extendSchema, gql, jsonPgSmartTags } from "postgraphile/utils";

import { decodeId, encodeId, POST, timeOf, USER } from "../shared/ids.js";
import { COUNTERS, homeEntries, statements } from "../shared/statements.js";
import * as texts from "../shared/texts.js";

const HIDDEN = { tags: { behavior: "-*" } };
// Rows are reached through fields of ours, which leave out what is deleted.
const NOT_A_ROOT = "-query:resource:single -query:resource:connection -query:resource:list -order -filter";
const READ_ONLY = "-resource:insert -resource:update -resource:delete";

/** Names for what the tables give, and what of them nobody sees. */
export const tags = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      account: {
        tags: { name: "user", behavior: `${NOT_A_ROOT} ${READ_ONLY}` },
        attribute: { id: HIDDEN, email: HIDDEN, password_hash: HIDDEN },
      },
      post: {
        tags: { behavior: `${NOT_A_ROOT} ${READ_ONLY}` },
        attribute: {
          id: HIDDEN,
          author_id: HIDDEN,
          deleted_at: HIDDEN,
          reply_to_id: HIDDEN,
          repost_of_id: HIDDEN,
          root_id: HIDDEN,
        },
      },
      account_count: HIDDEN,
      alembic_version: HIDDEN,
      count_delta: HIDDEN,
      follow: HIDDEN,
      imported_record: HIDDEN,
      outbox: HIDDEN,
      post_count: HIDDEN,
      post_like: HIDDEN,
      session: HIDDEN,
    },
    constraint: {
      "post.post_author_id_fkey": {
        tags: { fieldName: "author", foreignBehavior: "-manyRelation:resource:connection -manyRelation:resource:list" },
      },
      "post.post_reply_to_id_fkey": HIDDEN,
      "post.post_repost_of_id_fkey": HIDDEN,
      "post.post_root_id_fkey": HIDDEN,
    },
    procedure: {
      mint_id: HIDDEN,
    },
  },
});

export const slice = extendSchema((build) => {
  const { sql } = build;
  const { access, connection, context, lambda, object } = build.grafast;
  const { pgSelect, sideEffectWithPgClient } = build.dataplanPg;
  const { post: posts, user: users } = build.pgResources;

  const viewer = () => context().get("viewerId");
  const idOf = ($row) => sql`${$row.getClassStep().alias}.id`;
  const viewerIn = ($row) => {
    const $query = $row.getPgRoot();
    return $query.placeholder($query.withLayerPlan(viewer), TYPES.bigint);
  };

  /** The plan of an opaque id. */
  const opaqueId = (kind) => ($row) => lambda($row.get("id"), (number) => encodeId(kind, number), true);
  const createdAt = ($row) => lambda($row.get("id"), timeOf, true);

  /** The plan of a count: the folded total and the changes since. */
  const count = (table, key, column, counter) => ($row) =>
    $row.select(
      sql`(coalesce((SELECT ${sql.identifier(column)} FROM ${sql.identifier(table)}
          WHERE ${sql.identifier(key)} = ${idOf($row)}), 0)
        + (SELECT coalesce(sum(amount), 0) FROM count_delta
          WHERE subject_id = ${idOf($row)} AND counter = ${sql.literal(COUNTERS[counter])}))::int`,
      TYPES.int,
    );
  const postCount = (column, counter) => count("post_count", "post_id", column, counter);
  const userCount = (column, counter) => count("account_count", "account_id", column, counter);

  /** Posts in the order of their entries in a feed, newest first. */
  const inOrderOfEntries = ($entries) => {
    $entries.orderBy({ fragment: sql`${$entries.alias}.entry_id`, codec: TYPES.bigint, direction: "DESC" });
    $entries.setOrderIsUnique();
    return connection($entries);
  };
  const byId = (direction) => ({
    apply(query) {
      query.orderBy({ attribute: "id", direction });
      query.setOrderIsUnique();
    },
  });
  const single = ($rows) => {
    $rows.setUnique();
    return $rows.single();
  };

  return {
    typeDefs: gql`
      enum FollowState { NONE REQUESTED FOLLOWING }
      enum ReplySort { OLDEST NEWEST }

      extend type Post {
        id: ID!
        createdAt: String!
        likeCount: Int!
        replyCount: Int!
        repostCount: Int!
        viewerHasLiked: Boolean!
        replies(sort: ReplySort! = OLDEST): PostConnection!
      }

      extend type User {
        id: ID!
        createdAt: String!
        postCount: Int!
        followerCount: Int!
        followingCount: Int!
        viewerFollow: FollowState!
        posts: PostConnection!
      }

      type MutationError { code: String! message: String! }
      input CreatePostInput { body: String! }
      type CreatePostPayload { post: Post errors: [MutationError!]! }

      extend type Query {
        homeFeed: PostConnection!
        post(id: ID!): Post
        user(handle: String!): User
      }

      extend type Mutation {
        createPost(input: CreatePostInput!): CreatePostPayload!
      }
    `,

    enums: {
      ReplySort: { values: { OLDEST: byId("ASC"), NEWEST: byId("DESC") } },
    },

    objects: {
      Query: {
        plans: {
          homeFeed(_, { $first, $last, $offset, $before, $after }) {
            const $entries = pgSelect({
              resource: posts,
              identifiers: [],
              name: "home_feed",
              args: [
                { step: viewer(), pgCodec: TYPES.bigint },
                { step: lambda([$first, $last, $offset, $before, $after], entriesNeeded, true), pgCodec: TYPES.int },
              ],
              from: (viewerId, limit) => sql`(
                ${homeEntries(sql, viewerId.placeholder, limit.placeholder)}
                SELECT entries.id AS entry_id, post.*
                FROM entries JOIN post ON post.id = entries.post_id AND post.deleted_at IS NULL
              )`,
            });
            return inOrderOfEntries($entries);
          },
          post(_, { $id }) {
            const $posts = posts.find({ id: lambda($id, (id) => decodeId(POST, id), true) });
            $posts.where(sql`${$posts.alias}.deleted_at IS NULL AND ${$posts.alias}.repost_of_id IS NULL`);
            return single($posts);
          },
          user(_, { $handle }) {
            const $users = users.find();
            $users.where(sql`lower(${$users.alias}.handle) = lower(${$users.placeholder($handle, TYPES.text)})`);
            return single($users);
          },
        },
      },

      Post: {
        plans: {
          id: opaqueId(POST),
          createdAt,
          likeCount: postCount("like_count", "likes"),
          replyCount: postCount("reply_count", "replies"),
          repostCount: postCount("repost_count", "reposts"),
          viewerHasLiked: ($post) =>
            $post.select(
              sql`EXISTS (SELECT FROM post_like WHERE post_id = ${idOf($post)} AND account_id = ${viewerIn($post)})`,
              TYPES.boolean,
            ),
          replies: {
            plan($post) {
              const $replies = posts.find({ reply_to_id: $post.get("id") });
              $replies.where(sql`${$replies.alias}.deleted_at IS NULL`);
              return connection($replies);
            },
            args: {
              sort: {
                applyPlan(_, $connection, sort) {
                  sort.apply($connection.getSubplan());
                },
              },
            },
          },
        },
      },

      User: {
        plans: {
          id: opaqueId(USER),
          createdAt,
          postCount: userCount("post_count", "posts"),
          followerCount: userCount("follower_count", "followers"),
          followingCount: userCount("following_count", "following"),
          viewerFollow: ($user) =>
            $user.select(
              sql`CASE WHEN EXISTS (
                SELECT FROM follow WHERE follower_id = ${viewerIn($user)} AND followee_id = ${idOf($user)}
              ) THEN 'FOLLOWING' ELSE 'NONE' END`,
              TYPES.text,
            ),
          posts($user) {
            const $entries = pgSelect({
              resource: posts,
              identifiers: [{ step: $user.get("id"), matches: (alias) => sql`${alias}.entry_author_id` }],
              name: "user_posts",
              from: sql`(
                SELECT entry.id AS entry_id, entry.author_id AS entry_author_id, post.*
                FROM post AS entry
                JOIN post ON post.id = coalesce(entry.repost_of_id, entry.id) AND post.deleted_at IS NULL
                WHERE entry.reply_to_id IS NULL AND entry.deleted_at IS NULL
              )`,
            });
            return inOrderOfEntries($entries);
          },
        },
      },

      Mutation: {
        plans: {
          createPost(_, { $input }) {
            const $given = object({ viewerId: viewer(), body: access($input, "body") });
            return sideEffectWithPgClient(posts.executor, $given, createPost);
          },
        },
      },
      CreatePostPayload: {
        plans: {
          post: ($payload) => posts.get({ id: access($payload, "id") }),
        },
      },
    },
  };
});

/** How much of a feed a page needs: for the first page its length and one more, else (null) all of it. */
function entriesNeeded([first, ...others]) {
  return first == null || others.some((other) => other != null) ? null : first + 1;
}

async function createPost(client, given) {
  const body = texts.normalised(given.body);
  const problem = texts.problemOf(body);
  if (problem !== null) {
    return { id: null, errors: [problem] };
  }
  const { rows } = await client.query({ ...statements.createPost, values: [given.viewerId, body] });
  return { id: rows[0].id, errors: [] };
}

// Mercurius with its JIT over the two statements of the hand-written endpoint, which bring what HomeFeed shows and no
// more. For that document only: whatever those statements do not bring cannot be asked.

import mercurius from "mercurius";

import { Batch } from "./shared/batch.js";
import { connectionOf } from "./shared/connections.js";
import { encodeId, LISTING, POST, timeOf, USER } from "./shared/ids.js";
import { typeDefs } from "./shared/schema.js";
import { createApp, serve } from "./shared/serving.js";
import { rowsOf } from "./shared/store.js";
import { viewerOf } from "./shared/viewer.js";

const homeFeed = { name: "homeFeed", text: process.env.HOME_FEED };
const feedReplies = { name: "feedReplies", text: process.env.FEED_REPLIES };

/** The replies to each post, in the order of the posts: `first` of each. */
async function repliesTo(postIds, first) {
  const byParent = new Map(postIds.map((id) => [id, []]));
  for (const row of await rowsOf(feedReplies, [postIds, first])) {
    byParent.get(row.parent_id).push(row);
  }
  return postIds.map((id) => byParent.get(id));
}

const resolvers = {
  Query: {
    async homeFeed(_, { first }, { viewerId }) {
      return connectionOf(LISTING.homeFeed, await rowsOf(homeFeed, [viewerId, first + 1]), first);
    },
  },
  // A row is both: a post and its author.
  Post: {
    id: (row) => encodeId(POST, row.id),
    createdAt: (row) => timeOf(row.id),
    author: (row) => row,
    likeCount: (row) => Number(row.likes),
    replyCount: (row) => Number(row.replies),
    repostCount: (row) => Number(row.reposts),
    viewerHasLiked: (row) => row.is_liked,
    async replies(row, { first }, context) {
      context.replies ??= new Batch((ids) => repliesTo(ids, first));
      const rows = (await context.replies.of([row.id])).get(row.id);
      return connectionOf(LISTING.repliesOldest, rows, first);
    },
  },
  User: {
    id: (row) => encodeId(USER, row.author_id),
    displayName: (row) => row.display_name,
    followerCount: (row) => Number(row.followers),
    viewerFollow: (row) => (row.is_followed ? "FOLLOWING" : "NONE"),
  },
};

const app = createApp();
app.register(mercurius, {
  schema: typeDefs,
  resolvers,
  jit: 1,
  context: (request) => ({ viewerId: viewerOf(request.headers.authorization), replies: null }),
});
await serve(app);

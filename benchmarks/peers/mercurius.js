// Mercurius with its JIT and its loaders: one statement for each kind of thing on a level.

import mercurius from "mercurius";

import { repliesOf, resolvers } from "./shared/resolvers.js";
import { typeDefs } from "./shared/schema.js";
import { createApp, serve } from "./shared/serving.js";
import * as store from "./shared/store.js";
import { viewerOf } from "./shared/viewer.js";

const loaders = {
  Post: {
    author: (queries) => store.users(queries.map(({ obj }) => obj.author_id)),
    viewerHasLiked: (queries, { viewerId }) =>
      store.areLiked(
        viewerId,
        queries.map(({ obj }) => obj.id),
      ),
    async replies(queries) {
      // A document may ask for several pages of a post; each page of all posts is one statement.
      const pages = Map.groupBy(queries, ({ params }) => `${params.sort} ${params.first}`);
      const found = new Map();
      const load = async (page) => {
        const connections = await repliesOf(page.map(({ obj }) => obj), page[0].params);
        page.forEach((query, place) => found.set(query, connections[place]));
      };
      await Promise.all(Array.from(pages.values(), load));
      return queries.map((query) => found.get(query));
    },
  },
  User: {
    async viewerFollow(queries, { viewerId }) {
      const followed = await store.areFollowed(
        viewerId,
        queries.map(({ obj }) => obj.id),
      );
      return followed.map((isFollowed) => (isFollowed ? "FOLLOWING" : "NONE"));
    },
  },
};

const app = createApp();
app.register(mercurius, {
  schema: typeDefs,
  resolvers,
  loaders,
  jit: 1,
  context: (request) => ({ viewerId: viewerOf(request.headers.authorization) }),
});
await serve(app);

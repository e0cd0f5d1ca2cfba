// Apollo Server on Fastify, with dataloader.

import { ApolloServer } from "@apollo/server";
import fastifyApollo, { fastifyApolloDrainPlugin } from "@as-integrations/fastify";
import DataLoader from "dataloader";

import { repliesOf, resolvers } from "./shared/resolvers.js";
import { typeDefs } from "./shared/schema.js";
import { createApp, serve } from "./shared/serving.js";
import * as store from "./shared/store.js";
import { viewerOf } from "./shared/viewer.js";

/** The loaders of one request. */
function loadersFor(viewerId) {
  const replies = new Map();
  return {
    users: new DataLoader(store.users),
    areLiked: new DataLoader((ids) => store.areLiked(viewerId, ids)),
    areFollowed: new DataLoader((ids) => store.areFollowed(viewerId, ids)),
    /** A loader for each page that the document asks of posts. */
    replies(page) {
      const key = `${page.sort} ${page.first}`;
      if (!replies.has(key)) {
        replies.set(key, new DataLoader((posts) => repliesOf(posts, page)));
      }
      return replies.get(key);
    },
  };
}

const loaded = {
  Post: {
    author: (post, _, { users }) => users.load(post.author_id),
    viewerHasLiked: (post, _, { areLiked }) => areLiked.load(post.id),
    replies: (post, page, { replies }) => replies(page).load(post),
  },
  User: {
    viewerFollow: (user, _, { areFollowed }) =>
      areFollowed.load(user.id).then((isFollowed) => (isFollowed ? "FOLLOWING" : "NONE")),
  },
};

const app = createApp();
const apollo = new ApolloServer({
  typeDefs,
  resolvers: [resolvers, loaded],
  plugins: [fastifyApolloDrainPlugin(app)],
});
await apollo.start();
app.register(fastifyApollo(apollo), {
  context: async (request) => {
    const viewerId = viewerOf(request.headers.authorization);
    return { viewerId, ...loadersFor(viewerId) };
  },
});
await serve(app);

// What Mercurius and Apollo resolve alike: the roots, and fields that need nothing but the row.

import { connectionOf, cursorOf } from "./connections.js";
import { decodeId, encodeId, LISTING, POST, timeOf, USER } from "./ids.js";
import * as store from "./store.js";
import * as texts from "./texts.js";

const LARGEST_PAGE = 100;

/** The size of a page. Throws RangeError for one that is not allowed. */
function pageSize(first) {
  if (first < 1 || first > LARGEST_PAGE) {
    throw new RangeError(`\`first\` must be between 1 and ${LARGEST_PAGE}, not ${first}.`);
  }
  return first;
}

/** For many posts, their replies as connections. */
export async function repliesOf(posts, { first, sort }) {
  const found = await store.repliesTo(posts.map(({ id }) => id), { first: pageSize(first), sort });
  const listing = sort === "OLDEST" ? LISTING.repliesOldest : LISTING.repliesNewest;
  return found.map((rows) => connectionOf(listing, rows, first));
}

const Query = {
  async homeFeed(_, { first }, { viewerId }) {
    return connectionOf(LISTING.homeFeed, await store.homeFeed(viewerId, pageSize(first)), first);
  },
  post(_, { id }) {
    const number = decodeId(POST, id);
    return number === null ? null : store.post(number);
  },
  user(_, { handle }) {
    return store.userByHandle(handle);
  },
};

const Mutation = {
  async createPost(_, { input }, { viewerId }) {
    const body = texts.normalised(input.body);
    const problem = texts.problemOf(body);
    if (problem !== null) {
      return { post: null, errors: [problem] };
    }
    return { post: await store.createPost(viewerId, body), errors: [] };
  },
};

const Post = {
  id: (post) => encodeId(POST, post.id),
  createdAt: (post) => timeOf(post.id),
  likeCount: (post) => post.likes,
  replyCount: (post) => post.replies,
  repostCount: (post) => post.reposts,
};

const User = {
  id: (user) => encodeId(USER, user.id),
  displayName: (user) => user.display_name,
  createdAt: (user) => timeOf(user.id),
  postCount: (user) => user.posts,
  followerCount: (user) => user.followers,
  followingCount: (user) => user.following,
  async posts(user, { first }) {
    return connectionOf(LISTING.userPosts, await store.userPosts(user.id, pageSize(first)), first);
  },
};

const Edge = {
  cursor: ({ listing, node }) => cursorOf(listing, node),
};

export const resolvers = { Query, Mutation, Post, User, FeedEdge: Edge, PostEdge: Edge };

// Posts and users from the tables, a batch at a time.

import pg from "pg";

import { database } from "./settings.js";
import { statements } from "./statements.js";

export const pool = new pg.Pool(database);

/** The rows of a prepared statement. */
export async function rowsOf(statement, values) {
  return (await pool.query({ ...statement, values })).rows;
}

/** One row more than `first`, if there is one, tells that the feed goes on. */
export function homeFeed(viewerId, first) {
  return rowsOf(statements.homeFeed, [viewerId, first + 1]);
}

export function userPosts(userId, first) {
  return rowsOf(statements.userPosts, [userId, first + 1]);
}

export async function post(id) {
  return (await rowsOf(statements.post, [id]))[0] ?? null;
}

export async function userByHandle(handle) {
  return (await rowsOf(statements.user, [handle]))[0] ?? null;
}

/** The replies to each post, in the order of the posts: `first` of each, and one more if there is one. */
export async function repliesTo(postIds, { first, sort }) {
  const statement = sort === "OLDEST" ? statements.repliesOldest : statements.repliesNewest;
  const byParent = new Map(postIds.map((id) => [id, []]));
  for (const row of await rowsOf(statement, [[...byParent.keys()], first + 1])) {
    byParent.get(row.reply_to_id).push(row);
  }
  return postIds.map((id) => byParent.get(id));
}

/** The users with these ids, in the same order. */
export async function users(ids) {
  const rows = await rowsOf(statements.users, [[...new Set(ids)]]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id));
}

/** Whether the viewer likes each of the posts. */
export function areLiked(viewerId, postIds) {
  return areThere(statements.liked, viewerId, postIds);
}

/** Whether the viewer follows each of the users. */
export function areFollowed(viewerId, userIds) {
  return areThere(statements.followed, viewerId, userIds);
}

/** Writes the post, the change of count and the event; gives the post. */
export async function createPost(viewerId, body) {
  return (await rowsOf(statements.createPost, [viewerId, body]))[0];
}

async function areThere(statement, viewerId, ids) {
  const rows = await rowsOf(statement, [viewerId, [...new Set(ids)]]);
  const found = new Set(rows.map((row) => row.id));
  return ids.map((id) => found.has(id));
}

// What PostGraphile is made of: our tables, our names for them, and our plans for what is not in them.

import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

import { database } from "../shared/settings.js";
import { viewerOf } from "../shared/viewer.js";
import { slice, tags } from "./schema.js";

const { connectionString, ...poolConfig } = database;

export const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [tags, slice],
  // Our own ids take the place of PostGraphile's.
  disablePlugins: ["NodePlugin"],
  pgServices: [makePgService({ connectionString, poolConfig, schemas: ["public"] })],
  grafast: {
    context: ({ node }) => ({ viewerId: viewerOf(node.req.headers.authorization) }),
  },
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
};

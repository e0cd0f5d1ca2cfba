// PostGraphile over the same tables: it makes the schema of them and plans each document into SQL. What is no column,
// and rules that the tables do not tell, are plans of ours.

import { createServer } from "node:http";

import { postgraphile } from "postgraphile";
import { grafserv } from "postgraphile/grafserv/node";

import { preset } from "./postgraphile/preset.js";
import { host, port } from "./shared/settings.js";

const instance = postgraphile(preset);
await instance.getSchema();
const answer = instance.createServ(grafserv).createHandler();
const server = createServer((request, response) => {
  if (request.url === "/health/ready") {
    response.end();
  } else {
    answer(request, response);
  }
});
server.listen(port, host);
process.once("SIGTERM", () => server.close(() => process.exit()));

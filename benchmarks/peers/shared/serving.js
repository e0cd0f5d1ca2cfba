// What every peer on Fastify does alike.

import Fastify from "fastify";

import { host, port } from "./settings.js";

/** A Fastify that tells when it is ready. */
export function createApp() {
  const app = Fastify();
  app.get("/health/ready", async () => "");
  return app;
}

/** Listens, and ends in order when it is told to. */
export async function serve(app) {
  await app.listen({ host, port });
  process.once("SIGTERM", () => app.close().then(() => process.exit()));
}

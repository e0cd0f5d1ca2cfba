// Who asks: the access tokens of core/tokens.py, a JWS (HS256) of account, session and expiry.

import { createHmac, timingSafeEqual } from "node:crypto";

import { GraphQLError } from "graphql";

import { secret } from "./settings.js";

const MOST_CHECKED = 10_000;
const key = createHmac("sha256", secret).update("rookery access").digest();
const checked = new Map();

/** No valid token came. Fastify and PostGraphile look for the status in one place, Apollo in another. */
export class UnauthorizedError extends GraphQLError {
  statusCode = 401;

  constructor(message) {
    super(message, { extensions: { code: "UNAUTHENTICATED", http: { status: 401 } } });
  }
}

/** The account id behind an Authorization header. Throws UnauthorizedError. */
export function viewerOf(authorization) {
  const token = authorization?.slice(0, 7).toLowerCase() === "bearer " ? authorization.slice(7) : "";
  let claims = checked.get(token);
  if (claims === undefined) {
    claims = check(token);
    if (checked.size >= MOST_CHECKED) {
      checked.delete(checked.keys().next().value);
    }
    checked.set(token, claims);
  }
  if (claims.expiresAtMs <= Date.now()) {
    throw new UnauthorizedError("The access token has expired.");
  }
  return claims.accountId;
}

function check(token) {
  const [head, payload, signature, ...rest] = token.split(".");
  if (signature === undefined || rest.length) {
    throw new UnauthorizedError("No access token.");
  }
  const given = Buffer.from(signature, "base64url");
  const wanted = createHmac("sha256", key).update(`${head}.${payload}`).digest();
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted) || read(head).alg !== "HS256") {
    throw new UnauthorizedError("The access token is not valid.");
  }
  const { a, e } = read(payload);
  return { accountId: a, expiresAtMs: e * 1_000 };
}

function read(part) {
  return JSON.parse(Buffer.from(part, "base64url").toString());
}

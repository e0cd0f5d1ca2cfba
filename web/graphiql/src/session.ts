// Signing in through the API itself. A session lives in this page's memory only and ends with it.
import { ENDPOINT } from './fetcher';
import LOGIN from './operations/login.graphql?raw';
import REFRESH_SESSION from './operations/refresh-session.graphql?raw';

export type Session = { handle: string; accessToken: string; refreshToken: string; expiresAt: string };

type TokenPayload = {
  accessToken: string | null;
  refreshToken: string | null;
  expiresAt: string | null;
  viewer: { user: { handle: string } } | null;
  errors: { message: string }[];
};

/** Throws an Error whose message is for the person, be it a refusal or a request that failed. */
export function signIn(handle: string, password: string): Promise<Session> {
  return requestTokens(LOGIN, { handle, password });
}

export function renew(session: Session): Promise<Session> {
  return requestTokens(REFRESH_SESSION, { refreshToken: session.refreshToken });
}

async function requestTokens(query: string, input: Record<string, string>): Promise<Session> {
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const answer = (await response.json()) as { data?: { payload?: TokenPayload }; errors?: { message: string }[] };
  const payload = answer.data?.payload;
  if (payload?.accessToken && payload.refreshToken && payload.expiresAt && payload.viewer) {
    const { accessToken, refreshToken, expiresAt, viewer } = payload;
    return { accessToken, refreshToken, expiresAt, handle: viewer.user.handle };
  }
  const problems = [...(answer.errors ?? []), ...(payload?.errors ?? [])].map((error) => error.message);
  throw new Error(problems.join(' ') || `The server answered ${response.status}.`);
}

// The headers editor's text as data and back. Pure functions.

type Headers = Record<string, unknown>;

const AUTHORIZATION = 'authorization';

export function withLowerCaseNames(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The headers in `text`, or undefined when it is no JSON object (someone is typing). */
export function parseHeaders(text: string): Headers | undefined {
  if (text.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? (parsed as Headers) : undefined;
  } catch {
    return undefined;
  }
}

/** `text` with `token` as the bearer, or without any when undefined. Text that is no JSON object stays as it is. */
export function withBearer(text: string, token: string | undefined): string {
  const headers = parseHeaders(text);
  if (headers === undefined) return text;
  const others = Object.entries(headers).filter(([name]) => name.toLowerCase() !== AUTHORIZATION);
  const all = token === undefined ? others : [...others, ['Authorization', `Bearer ${token}`]];
  return all.length === 0 ? '' : JSON.stringify(Object.fromEntries(all), null, 2);
}

export function bearerOf(text: string): string | undefined {
  const authorization = withLowerCaseNames(parseHeaders(text) ?? {})[AUTHORIZATION];
  return typeof authorization === 'string' ? authorization.replace(/^Bearer\s+/i, '') : undefined;
}

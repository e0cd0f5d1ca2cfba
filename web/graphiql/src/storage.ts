// Local storage as GraphiQL may use it: everything but headers, because those hold a bearer token.
import type { Storage } from '@graphiql/toolkit';

const NAMESPACE = 'graphiql:';

// Where GraphiQL writes headers: the tabs, which `shouldPersistHeaders` covers, and the history, which it does not.
const KEYS_WITH_HEADERS = new Set(['graphiql:tabState', 'graphiql:queries', 'graphiql:favorites']);

function ownKeys(): string[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(NAMESPACE));
}

function withoutHeaders(json: string): string {
  return JSON.stringify(JSON.parse(json), (name, value: unknown) => (name === 'headers' ? null : value));
}

export const storageWithoutHeaders: Storage = {
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) => localStorage.setItem(key, KEYS_WITH_HEADERS.has(key) ? withoutHeaders(value) : value),
  removeItem: (key) => localStorage.removeItem(key),
  // Others of this origin have things stored, too.
  clear: () => ownKeys().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return ownKeys().length;
  },
};

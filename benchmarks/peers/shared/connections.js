// Relay connections over rows, of which one more was fetched than is shown.

import { encodeCursor } from "./ids.js";

/** The connection of the first `first` rows of a listing. */
export function connectionOf(listing, rows, first) {
  const shown = rows.length > first ? rows.slice(0, first) : rows;
  return {
    edges: shown.map((node) => ({ listing, node })),
    pageInfo: {
      hasNextPage: rows.length > first,
      endCursor: shown.length ? cursorOf(listing, shown.at(-1)) : null,
    },
  };
}

/** A row's place is its entry in a feed, else its own id. */
export function cursorOf(listing, row) {
  return encodeCursor(listing, row.entry_id ?? row.id);
}

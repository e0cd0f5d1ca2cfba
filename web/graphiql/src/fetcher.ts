// How operations reach the API: queries and mutations over HTTP, subscriptions over a WebSocket, both at /graphql.
import { createGraphiQLFetcher, type Fetcher, type FetcherOpts, type FetcherParams } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';

import { withLowerCaseNames } from './headers';

export const ENDPOINT = new URL('/graphql', window.location.origin).href;

const send = createGraphiQLFetcher({
  url: ENDPOINT,
  subscriptionUrl: ENDPOINT.replace(/^http/, 'ws'),
  enableIncrementalDelivery: false,
});

/**
 * The toolkit sends the headers editor as HTTP headers and as the socket's `connection_init` payload.
 * Lower case makes `Authorization` mean the same in both: a header's name ignores case, a JSON key does not.
 */
export const fetcher: Fetcher = (params, options) =>
  send(...withFreshDocument(params, { ...options, headers: withLowerCaseNames(options?.headers ?? {}) }));

/**
 * The editor learns a moment late which operations its text holds, so someone who is quick after changing tabs
 * would send the new text under the old tab's operation name. What is sent decides instead.
 */
function withFreshDocument(params: FetcherParams, options: FetcherOpts): [FetcherParams, FetcherOpts] {
  try {
    const documentAST = parse(params.query);
    const names = documentAST.definitions
      .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
      .map((operation) => operation.name?.value);
    const isKnown = names.includes(params.operationName ?? undefined);
    return [{ ...params, operationName: isKnown ? params.operationName : names[0] }, { ...options, documentAST }];
  } catch {
    // The server explains syntax errors.
    return [params, options];
  }
}

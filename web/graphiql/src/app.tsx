// GraphiQL as Rookery serves it: explorer, history, headers, example tabs and a sign-in panel.
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';

import { EXAMPLE_TABS } from './examples';
import { fetcher } from './fetcher';
import rook from './rook.svg';
import { SignIn } from './sign-in';
import { storageWithoutHeaders } from './storage';

// Outside the component: the provider compares plugins by identity.
const PLUGINS = [explorerPlugin({ showAttribution: false }), HISTORY_PLUGIN];

/**
 * Headers are never written to local storage: they hold a bearer token, which any script of the origin could read there.
 * Development makes no exception, because a token lives for minutes and signing in again is one click.
 */
export function App() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={PLUGINS}
      defaultTabs={EXAMPLE_TABS}
      defaultEditorToolsVisibility="headers"
      shouldPersistHeaders={false}
      storage={storageWithoutHeaders}
      inputValueDeprecation
    >
      <GraphiQL.Logo>
        <img className="rookery-logo" src={rook} alt="" />
        <span className="rookery-name">Rookery</span>
        <SignIn />
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

// The page is served at /graphiql/ by the API itself; `outDir` is given by the caller, who swaps it in when it is whole.
import { defineConfig } from 'vite';

// For work on the page: `npx vite` with the API on its default port. The page stays one origin for the browser.
const API = 'http://127.0.0.1:8000';

export default defineConfig({
  base: '/graphiql/',
  build: {
    target: 'es2022',
    // The polyfill would be the only thing that is not ours in the page, and every browser with ES2022 has the feature.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // "use client" means something to server rendering only; every library that carries it would be a warning.
      checks: { moduleLevelDirective: false },
    },
    // Monaco is one chunk of 2.8 MB; splitting it further makes the first visit slower.
    chunkSizeWarningLimit: 4000,
  },
  // The content security policy allows no blob: workers, and module workers share chunks with the page.
  worker: { format: 'es' },
  server: { proxy: { '/graphql': { target: API, ws: true, changeOrigin: true } } },
});

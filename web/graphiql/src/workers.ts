// Monaco's background workers as files of our own origin. Imported for its effect, before the first editor.
// GraphiQL has such a module too; with it, Vite's dev server loses the workers, and it logs every start.
import type {} from 'monaco-editor';
import EditorWorker from 'monaco-editor/esm/vs/editor/editor.worker.js?worker';
import JsonWorker from 'monaco-editor/esm/vs/language/json/json.worker.js?worker';
import GraphQLWorker from 'monaco-graphql/esm/graphql.worker.js?worker';

const WORKER_BY_LABEL: Record<string, new () => Worker> = { json: JsonWorker, graphql: GraphQLWorker };

window.MonacoEnvironment = {
  getWorker: (_moduleId, label) => new (WORKER_BY_LABEL[label] ?? EditorWorker)(),
};

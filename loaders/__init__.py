"""The read side: every SELECT that feeds a response, batched by key. `fetch_…` is raw; a loader is guarded."""

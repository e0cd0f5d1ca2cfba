"""Home timelines in Redis: bounded, rebuildable copies of home feeds. Losing them costs speed, never truth."""

"""The composition root: settings, transports, worker, commands, embedded servers."""

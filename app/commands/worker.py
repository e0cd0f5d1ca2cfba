"""`rookery worker`: hands out what is in the outbox."""


def worker() -> None:
    """Fan posts out to timelines and fold counts. Needs DATABASE_URL and REDIS_URL; run as many as you like."""
    import asyncio
    import signal

    import uvloop

    from app.collector import spare_what_lives_on
    from app.commands.checks import require_servers
    from app.logging import configure_logging
    from app.worker import Worker

    settings = require_servers()
    configure_logging(settings)

    async def run() -> None:
        working = Worker(settings)
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sig, working.stop)
        await working.open()
        try:
            await working.run()
        finally:
            await working.close()

    spare_what_lives_on()
    uvloop.run(run())

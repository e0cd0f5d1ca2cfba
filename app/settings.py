"""Every number and secret that an operator may turn, each with its unit in the name.

Read here once, at the edge, and handed down as plain values; nothing below `app` reads the environment.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent
DEVELOPMENT_SECRET = "not-a-secret-rookery-development-key"  # noqa: S105 (refused in production, see below)
SHORTEST_SECRET_CHARS = 32
TRACING_PACKAGES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")
LANGUAGE_PACKAGES = ("py3langid",)


class Settings(BaseSettings):
    """Settings of one process, from environment variables of the same names in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    rookery_env: Literal["development", "production"] = Field(
        default="production",
        description="`rookery dev` implies development; every other command defaults to production.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    database_url: str | None = Field(
        default=None, description="postgresql://user:password@host/database; without it `rookery dev` runs its own."
    )
    redis_url: str | None = Field(
        default=None, description="redis://host:port/0 or unix:///path; without it `rookery dev` runs its own."
    )
    redis_key_prefix: str = Field(default="rookery:", description="Prefix of every key and channel in Redis.")
    secret_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        description="Signs access and refresh tokens; at least 32 characters. Production does not start without one.",
    )
    rookery_data_dir: Path | None = Field(
        default=None, description="Where the embedded servers keep their data; default `.data` in the checkout."
    )
    serve_processes: int = Field(default=1, ge=1, le=64, description="Server processes of `rookery serve`.")

    database_pool_size: int = Field(default=16, ge=1, description="Connections to Postgres per process, at most.")
    database_connect_timeout_s: float = Field(default=3.0, gt=0, description="Longest wait for a connection to open.")
    database_acquire_timeout_s: float = Field(default=2.0, gt=0, description="Longest wait for a free connection.")
    database_command_timeout_s: float = Field(default=8.0, gt=0, description="Longest time for one statement.")
    redis_timeout_s: float = Field(default=0.25, gt=0, description="Longest time for one call to Redis.")
    operation_deadline_s: float = Field(default=10.0, gt=0, description="Longest time for one query or mutation.")

    access_token_ttl_s: int = Field(default=900, ge=10, description="Life of an access token.")
    refresh_token_ttl_days: int = Field(default=60, ge=1, description="Life of a session that is not used.")
    password_hashes_at_once: int = Field(default=2, ge=1, le=4, description="Argon2id computations side by side.")

    timeline_ttl_days: int = Field(default=14, ge=1, description="A timeline nobody reads leaves Redis after this.")
    timelines_verified_per_thousand: int = Field(
        default=1,
        ge=0,
        le=1000,
        description="How many of a thousand first pages of home feeds are compared with Postgres, behind the answer.",
    )
    pull_above_followers: int = Field(
        default=50_000,
        ge=1,
        le=1_000_000_000,
        description="Posts of an author with more active followers are merged at read, not pushed; see timelines.md.",
    )
    pull_above_posts_per_day: int = Field(
        default=100,
        ge=1,
        le=1_000_000,
        description="The same of an author who has posted more often in the last day.",
    )
    counters_recount_hour_utc: int = Field(
        default=3, ge=0, le=23, description="Hour of the day, in UTC, at which workers begin to recount all counts."
    )
    trends_every_s: float = Field(default=60.0, gt=0, description="How often workers rank anew what trends.")
    trends_half_life_h: float = Field(
        default=6.0, gt=0, le=72, description="What was done so long ago counts half of what is done now."
    )
    trends_fewest_accounts: int = Field(
        default=3, ge=1, description="What fewer accounts have to do with in three days is no trend."
    )
    trends_youngest_account_h: float = Field(
        default=24.0, ge=0, description="What accounts do that are younger does not make trends."
    )
    compiled_execution: bool = Field(
        default=True, description="Whether operations run compiled; `false` leaves all of them to graphql-core."
    )
    shadow_reads_per_thousand: int = Field(
        default=0,
        ge=0,
        le=1000,
        description="How many of a thousand queries are run on graphql-core as well, and compared; see compiler.md.",
    )
    tracing: bool = Field(
        default=False, description="Whether operations and batches of loaders are OpenTelemetry spans; see tracing.md."
    )
    detect_language: bool = Field(
        default=False, description="Whether posts that do not name their language get one if it is plain; see text.md."
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important lines that the log gets."
    )

    @property
    def is_production(self) -> bool:
        return self.rookery_env == "production"

    @property
    def data_dir(self) -> Path:
        return self.rookery_data_dir or CHECKOUT / ".data"

    @model_validator(mode="after")
    def _refuse_default_secret(self) -> Self:
        secret = self.secret_key.get_secret_value()
        if self.is_production and (secret == DEVELOPMENT_SECRET or len(secret) < SHORTEST_SECRET_CHARS):
            raise ValueError(
                "SECRET_KEY is missing, the development default, or shorter than 32 characters. "
                "Production needs a secret of its own, for example from: openssl rand -hex 32"
            )
        return self

    @model_validator(mode="after")
    def _refuse_tracing_without_its_packages(self) -> Self:
        if self.tracing:
            _require_extra("tracing", TRACING_PACKAGES, setting="TRACING")
        return self

    @model_validator(mode="after")
    def _refuse_detection_without_its_packages(self) -> Self:
        if self.detect_language:
            _require_extra("language", LANGUAGE_PACKAGES, setting="DETECT_LANGUAGE")
        return self


def _require_extra(name: str, packages: tuple[str, ...], *, setting: str) -> None:
    """Raises ValueError, for whoever runs the process, unless the packages of an extra are installed."""
    if not all(map(_is_installed, packages)):
        raise ValueError(
            f"{setting}=true needs packages that are not installed: those of the extra `{name}`. "
            f'Install them with: .venv/bin/python -m uv pip install -c requirements-dev.lock -e ".[{name}]"'
        )


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # not even the package around it is there
        return False


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read at the first call."""
    return Settings()

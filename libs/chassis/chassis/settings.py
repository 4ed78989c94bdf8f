"""A service's settings: environment variables, and files for secrets; a secret has no default."""

import base64
import binascii
import os
import re
import sys
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from chassis import failpoint

EXIT_BAD_SETTINGS = 2


def _is_key(secret: SecretStr) -> SecretStr:
    try:
        raw = base64.urlsafe_b64decode(secret.get_secret_value().encode())
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:  # noqa: PLR2004  AES-256
        raise ValueError("must be 32 bytes in base64url")
    return secret


Key = Annotated[SecretStr, AfterValidator(_is_key)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no time zone; write it like Europe/Moscow") from None
    return name


def _failpoint(text: str) -> str:
    failpoint.parse(text)
    return text


def written(pattern: str, how: str) -> AfterValidator:
    """The whole text is of this pattern; `how` ends the sentence «it must be»."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"must be {how}")
        return text

    return AfterValidator(check)


DATABASE = "the database's address, like postgresql://user@host:5432/name"
BROKERS = "host:port, and more of them after commas"
LEVEL = "debug, info, warning or error"
PrintedLine = Annotated[str, written(r"[^\x00-\x1f\x7f]{3,200}", "3 to 200 letters on one line")]
Port = Annotated[int, Field(ge=0, le=65535)]
TimeZone = Annotated[str, AfterValidator(_zone)]


class DatabaseSettings(BaseSettings):
    """What opens a database. Each may come as `$SECRETS_DIR/<name in lower case>`."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)

    database_url: Annotated[str, written(r"postgres(ql)?://.*", DATABASE)]
    database_password: SecretStr
    database_pool_size: Annotated[int, Field(ge=3, le=100)] = 12


class ServiceSettings(DatabaseSettings):
    """What every service must know."""

    kafka_bootstrap: Annotated[str, written(r"[^\s:,]+:\d+(,[^\s:,]+:\d+)*", BROKERS)]
    kafka_topic_prefix: str = ""
    kafka_replication_factor: Annotated[int, Field(ge=1)] = 1
    kafka_fetch_max_wait_ms: Annotated[int, Field(ge=1)] = 500
    kafka_session_timeout_ms: Annotated[int, Field(ge=1000)] = 10_000
    inbox_kept_days: Annotated[int, Field(ge=31)] = 45  # longer than SGO's topics: ADR 8
    encryption_key: Key
    http_host: str = "127.0.0.1"
    http_port: Port
    identity_url: str = "http://127.0.0.1:8101"
    log_level: Annotated[str, written(r"debug|info|warning|error", LEVEL)] = "info"
    otel_exporter_otlp_endpoint: str | None = None
    failpoint: Annotated[str, AfterValidator(_failpoint)] | None = None  # for tests of crashes only

    @property
    def key_bytes(self) -> bytes:
        return base64.urlsafe_b64decode(self.encryption_key.get_secret_value().encode())


SettingsT = TypeVar("SettingsT", bound=DatabaseSettings)


def load(kind: type[SettingsT]) -> SettingsT:
    """Read the settings, or leave with one clear sentence for each that is missing or wrong."""
    try:
        return kind(_secrets_dir=os.environ.get("SECRETS_DIR"))  # noqa: TID251
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            name = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
            why = problem["msg"].replace("Value error,", "it", 1)
            what = "is missing" if problem["type"] == "missing" else f"is wrong: {why}"
            sys.stderr.write(
                f"Setting {name} {what}. Set the environment variable {name},"
                f" or put it into the file $SECRETS_DIR/{name.lower()}.\n"
            )
        raise SystemExit(EXIT_BAD_SETTINGS) from None
    except SettingsError as error:
        _, _, name = str(error).partition('"')
        sys.stderr.write(
            f"Setting {name.partition(chr(34))[0].upper()} is wrong: it must be JSON.\n"
        )
        raise SystemExit(EXIT_BAD_SETTINGS) from None

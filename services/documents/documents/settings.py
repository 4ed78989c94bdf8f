"""The environment variables of the documents service."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis.settings import Port, ServiceSettings
from pydantic import AfterValidator, Field


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no time zone; write it like Europe/Moscow") from None
    return name


class Settings(ServiceSettings):
    """What is printed: `portal_url` beside the login and password, `public_url` in the QR.

    `public_url` is where families reach `/verify`: the address of certificates from outside.
    """

    http_port: Port = 8103
    region_time_zone: Annotated[str, AfterValidator(_zone)] = "Europe/Moscow"
    portal_url: Annotated[str, Field(pattern=r"^https://[^\s\x00-\x1f]{3,80}$")]
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s\x00-\x1f]{3,80}$")]

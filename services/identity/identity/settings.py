"""The environment variables of the identity service."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis.settings import Port, ServiceSettings
from pydantic import AfterValidator


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no time zone; write it like Europe/Moscow") from None
    return name


class Settings(ServiceSettings):
    http_port: Port = 8101
    region_time_zone: Annotated[str, AfterValidator(_zone)] = "Europe/Moscow"

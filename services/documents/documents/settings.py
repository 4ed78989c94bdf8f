"""The environment variables of the documents service."""

from typing import Annotated

from chassis.settings import Port, PrintedLine, ServiceSettings, TimeZone
from pydantic import Field


class Settings(ServiceSettings):
    """What is printed: `portal_url` beside the login and password, `public_url` in the QR.

    `public_url` is where families reach `/verify`: the address of certificates from outside.
    """

    http_port: Port = 8103
    region_time_zone: TimeZone = "Europe/Moscow"
    portal_url: Annotated[str, Field(pattern=r"^https://[^\s\x00-\x1f]{3,80}$")]
    operator_name: PrintedLine  # who answers for the data: in each act, as the law wants
    operator_address: PrintedLine
    processor: PrintedLine | None = None  # name and address of who does it on the operator's behalf
    backups_kept_days: Annotated[int, Field(ge=1, le=3650)] = 30  # for the act of an erasure
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s\x00-\x1f]{3,80}$")]

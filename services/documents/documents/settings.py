"""The environment variables of the documents service."""

from typing import Annotated, Literal

from chassis.settings import Port, PrintedLine, ServiceSettings, TimeZone, written
from pydantic import Field

HTTPS = "an address that begins with https:// and has up to 80 characters more and no spaces"
HTTP = (
    "an address that begins with https:// (or http://) and has up to 80 characters more, no spaces"
)


class Settings(ServiceSettings):
    """What is printed: `portal_url` beside the login and password, `public_url` in the QR.

    `public_url` is where families reach `/verify`: the address of certificates from outside.
    `credentials_template`: an earlier one while replicas run that do not know the newest.
    """

    http_port: Port = 8103
    region_time_zone: TimeZone = "Europe/Moscow"
    portal_url: Annotated[str, written(r"https://[^\s\x00-\x1f]{3,80}", HTTPS)]
    credentials_template: Literal["credentials-1", "credentials-2"] = "credentials-2"
    operator_name: PrintedLine  # who answers for the data: in each act, as the law wants
    operator_address: PrintedLine
    processor: PrintedLine | None = None  # name and address of who does it on the operator's behalf
    backups_kept_days: Annotated[int, Field(ge=1, le=3650)] = 30  # for the act of an erasure
    public_url: Annotated[str, written(r"https?://[^\s\x00-\x1f]{3,80}", HTTP)]

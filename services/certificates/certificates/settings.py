"""The environment variables of the certificates service, and the region's rules made of them."""

from typing import Annotated
from zoneinfo import ZoneInfo

from chassis.settings import Port, PrintedLine, ServiceSettings, TimeZone, written
from pydantic import AfterValidator, Field

from certificates import consent
from certificates.decide import Region, parse_validity


def _validity(text: str) -> str:
    parse_validity(text)
    return text


class Settings(ServiceSettings):
    http_port: Port = 8102
    region_code: Annotated[str, written(r"[0-9]{2}", "two digits, like 78")] = "78"
    region_time_zone: TimeZone = "Europe/Moscow"
    validity: Annotated[str, AfterValidator(_validity)] = "until_18"
    module_enabled: bool = True
    module_off_in: frozenset[str] = frozenset()
    operator_name: PrintedLine  # who answers for the data: named in the consent
    operator_address: PrintedLine
    processor: PrintedLine | None = None  # name and address of who does it on the operator's behalf
    minimum_age: Annotated[int, Field(ge=0, le=17)] = 5

    def region(self) -> Region:
        return Region(
            code=self.region_code,
            zone=ZoneInfo(self.region_time_zone),
            validity=parse_validity(self.validity),
            module_enabled=self.module_enabled,
            module_off_in=self.module_off_in,
            minimum_age=self.minimum_age,
        )

    def consent_text(self) -> consent.Text:
        return consent.text_of(self.operator_name, self.operator_address, self.processor)

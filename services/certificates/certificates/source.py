"""Who says the events of this service: `ce_source`."""

from typing import Final

SOURCE: Final = "/certificates"

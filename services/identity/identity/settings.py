"""The environment variables of the identity service."""

from chassis.settings import Port, ServiceSettings, TimeZone


class Settings(ServiceSettings):
    http_port: Port = 8101
    region_time_zone: TimeZone = "Europe/Moscow"

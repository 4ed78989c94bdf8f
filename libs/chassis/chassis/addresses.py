"""What counts as one address where calls are counted."""

from ipaddress import ip_address, ip_network


def network_of(address: str) -> str:
    """An IPv6 household has 2^64 addresses: its network counts as one."""
    try:
        if ip_address(address).version == 6:  # noqa: PLR2004
            return str(ip_network(f"{address}/64", strict=False))
    except ValueError:
        pass
    return address

"""What counts as one address."""

import pytest
from chassis.addresses import network_of


def test_addresses_of_one_ipv6_network_count_as_one():
    one, two, other = map(network_of, ("2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"))
    assert one == two != other


@pytest.mark.parametrize("address", ["10.0.0.1", "no address", ""])
def test_every_other_address_is_its_own(address):
    assert network_of(address) == address

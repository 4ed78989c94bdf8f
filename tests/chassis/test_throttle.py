"""How often an address may ask; the moment is passed in."""

from datetime import timedelta

from chassis.throttle import ADDRESSES_MAX, Throttle

from tests.builders import NOW


def test_so_many_in_a_window_and_then_a_wait_to_its_end():
    throttle = Throttle(times=3, window_s=60)
    assert [throttle.wait_s("a", NOW) for _ in range(4)] == [0, 0, 0, 60]
    assert throttle.wait_s("a", NOW + timedelta(seconds=59.5)) == 1
    assert throttle.wait_s("a", NOW + timedelta(seconds=60)) == 0


def test_addresses_do_not_disturb_each_other():
    throttle = Throttle(times=1, window_s=60)
    assert (throttle.wait_s("a", NOW), throttle.wait_s("b", NOW)) == (0, 0)


def test_memory_is_bounded():
    throttle = Throttle(times=1, window_s=60)
    for n in range(ADDRESSES_MAX + 10):
        throttle.wait_s(f"{n}", NOW)
    assert len(throttle._seen) == ADDRESSES_MAX

"""How near deadlines are."""

from datetime import UTC, datetime, timedelta

from console.shell.horizon import WIDTH, boxes

NOW = datetime(2026, 11, 24, 14, tzinfo=UTC)


def test_each_deadline_stands_in_one_box() -> None:
    hours = (-2000, -1, 0, 3, 9.9, 10, 24 * 6.9, 24 * 7, 24 * 29, 24 * 30, 24 * 400)
    found = boxes([None, *(NOW + timedelta(hours=each) for each in hours)], NOW)
    assert [box.count for box in found] == [2, 4, 2, 2, 2]
    assert all(0 <= tick <= WIDTH for box in found for tick in box.ticks)


def test_empty_boxes_raise_no_alarm() -> None:
    assert [(box.count, box.tone) for box in boxes([], NOW)] == [(0, "")] * 5

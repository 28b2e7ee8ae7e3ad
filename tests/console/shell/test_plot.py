"""The balance of the last days, drawn."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from console.shell import plot as shell_plot

TODAY = date(2026, 11, 24)


def test_days_are_counted_back_from_what_is_available_now() -> None:
    changes = {TODAY: (0, -2680), TODAY - timedelta(days=1): (5000, 3796)}
    shown = shell_plot.days(changes, 2320, TODAY, 4)
    assert [(each.day.day, each.came, each.went, each.balance) for each in shown] == [
        (21, 0, 0, 1204),
        (22, 0, 0, 1204),
        (23, 5000, 1204, 5000),
        (24, 0, 2680, 2320),
    ]


def test_the_scale_is_round_and_begins_at_zero() -> None:
    shown = shell_plot.days({}, 1_130_000, TODAY)
    plot = shell_plot.plot(shown, "usd")
    assert [tick.label for tick in plot.ticks] == ["0", "5,000", "10,000", "15,000"]


def test_a_yen_balance_has_no_decimals() -> None:
    plot = shell_plot.plot(shell_plot.days({}, 1200, TODAY), "jpy")
    assert [tick.label for tick in plot.ticks] == ["0", "500", "1,000", "1,500"]


def test_the_last_day_with_money_coming_in_is_marked() -> None:
    day = TODAY - timedelta(days=3)
    plot = shell_plot.plot(shell_plot.days({day: (500_00, 500_00)}, 700_00, TODAY), "usd")
    assert plot.mark
    assert plot.mark[2] == "money in"
    assert shell_plot.plot(shell_plot.days({}, 700_00, TODAY), "usd").mark is None


def test_of_several_days_the_one_with_most_money_is_marked() -> None:
    least, most = TODAY - timedelta(days=2), TODAY - timedelta(days=9)
    moves = {least: (500_00, 500_00), most: (9_000_00, 9_000_00), TODAY: (1, 1)}
    shown = shell_plot.days(moves, 10_000_00, TODAY)
    plot = shell_plot.plot(shown, "usd")
    assert plot.mark
    assert plot.mark[0] == float(plot.line.split()[shown.index(max(shown, key=lambda day: day.came))].split(",")[0])


def test_the_words_at_the_left_have_room_for_a_big_balance() -> None:
    assert shell_plot.plot(shell_plot.days({}, 700_00, TODAY), "usd").left == shell_plot.LEFT
    big = shell_plot.plot(shell_plot.days({}, 123_456_789_00, TODAY), "usd")
    longest = max(len(tick.label) for tick in big.ticks)
    assert big.words_end >= longest * shell_plot.LETTER


def test_how_long_it_lasts_follows_the_last_week() -> None:
    spent = {TODAY - timedelta(days=back): (0, -100_00) for back in range(7)}
    shown = shell_plot.days(spent, 250_00, TODAY)
    assert shell_plot.lasts(shown, 250_00) == timedelta(days=2.5)
    assert shell_plot.lasts(shell_plot.days({}, 250_00, TODAY), 250_00) is None
    assert shell_plot.lasts(shown, 0) is None


@given(
    available=st.integers(-(10**12), 10**12),
    moves=st.dictionaries(
        st.integers(0, 13), st.tuples(st.integers(0, 10**11), st.integers(-(10**11), 10**11)), max_size=14
    ),
)
def test_every_point_lies_inside_the_drawing(available: int, moves: dict[int, tuple[int, int]]) -> None:
    changes = {TODAY - timedelta(days=back): move for back, move in moves.items()}
    plot = shell_plot.plot(shell_plot.days(changes, available, TODAY), "usd")
    points = [tuple(map(float, point.split(","))) for point in plot.line.split()]
    assert len(points) == 14
    assert all(0 <= across <= plot.width and 0 <= down <= plot.height for across, down in points)
    assert 2 <= len(plot.ticks) <= 9

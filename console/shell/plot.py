"""The balance of the last days as a drawing: figures in, coordinates out. Pure; the template draws the SVG."""

from dataclasses import dataclass
from datetime import date, timedelta

from console.shell import formats

WIDTH, HEIGHT = 560, 200
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 16, 28  # room for the words round the plot; at the left at least
LETTER = 6.6  # a letter's width, at most
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Day:
    """One day's money in minor units. `balance` is what was there at its end."""

    day: date
    came: int
    went: int
    balance: int


@dataclass(frozen=True)
class Tick:
    """A line across, with its words."""

    y: float
    label: str

    @property
    def below(self) -> float:
        """Where the words stand: a little below the line's height, so that it meets their middle."""
        return self.y + 4


@dataclass(frozen=True)
class Plot:
    """Coordinates for a line over an area; `mark` is the day that matters most, with its words."""

    line: str
    area: str
    ticks: list[Tick]
    last: tuple[float, float]
    mark: tuple[float, float, str] | None
    first_label: str
    last_label: str
    left: float  # where the plot begins
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def base(self) -> float:
        """Where the words below the plot stand."""
        return self.height - 8.0

    @property
    def words_end(self) -> float:
        """Where the words at the left of the plot end."""
        return self.left - 10

    @property
    def right(self) -> int:
        """Where it ends."""
        return self.width - RIGHT


def days(changes: dict[date, tuple[int, int]], available: int, today: date, many: int = 14) -> list[Day]:
    """The last days, oldest first, counted back from what is available now."""
    found, balance = [], available
    for back in range(many):
        day = today - timedelta(days=back)
        came, change = changes.get(day, (0, 0))
        found.append(Day(day, came, came - change, balance))
        balance -= change
    return found[::-1]


def plot(shown: list[Day], currency: str) -> Plot:
    """The plot of some days, the scale beginning at zero or below."""
    step, low, high = _scale([each.balance for each in shown], currency)
    scale = (HEIGHT - TOP - BOTTOM) / (high - low)

    def y(amount: float) -> float:
        return round(HEIGHT - BOTTOM - (amount - low) * scale, 1)

    ticks = [
        Tick(y(low + step * count), _label(low + step * count, currency))
        for count in range(round((high - low) / step) + 1)
    ]
    left = max(LEFT, 10 + LETTER * max(len(tick.label) for tick in ticks))
    gap = (WIDTH - left - RIGHT) / max(len(shown) - 1, 1)
    points = [(round(left + place * gap, 1), y(each.balance)) for place, each in enumerate(shown)]
    line = " ".join(f"{across},{down}" for across, down in points)
    ground = y(low)
    return Plot(
        line=line,
        area=f"{points[0][0]},{ground} {line} {points[-1][0]},{ground}",
        ticks=ticks,
        last=points[-1],
        mark=_mark(shown, points),
        first_label=f"{shown[0].day.day} {shown[0].day:%b}",
        last_label="today",
        left=round(left, 1),
    )


def _mark(shown: list[Day], points: list[tuple[float, float]]) -> tuple[float, float, str] | None:
    """The day on which most money came in, the last of such days."""
    most, place = max((each.came, place) for place, each in enumerate(shown))
    if most <= 0:
        return None
    across, down = points[place]
    return min(max(across, points[0][0] + 28), WIDTH - RIGHT - 28), max(down - 8, 11.0), "money in"


def _scale(amounts: list[int], currency: str) -> tuple[int, int, int]:
    """(step, lowest, highest) in minor units: three or four round steps that hold all amounts, zero among them."""
    low, high = min(0, *amounts), max(0, *amounts)
    unit = 10 ** formats.decimals(currency)
    step = round_step((high - low) / 3, unit)
    bottom = step * (low // step)
    top = -step * (-high // step)
    return step, bottom, max(top, bottom + step)


def round_step(wanted: float, unit: int = 1) -> int:
    """The first round number of whole steps, at least `unit`, that is no less than `wanted`."""
    power = unit
    while power * 10 <= wanted:
        power *= 10
    steps = (power * each for each in STEPS)
    return next(int(step) for step in steps if step >= wanted and step % 1 == 0)


def _label(amount: float, currency: str) -> str:
    """A tick's words: whole units where they are whole."""
    words = formats.money(round(amount), currency)
    return words.removesuffix(".00").removesuffix(".000")


def lasts(shown: list[Day], available: int) -> timedelta | None:
    """How long the balance lasts at the pace of the last seven days; None where nothing was spent."""
    week = shown[-7:]
    spent = sum(max(each.went, 0) for each in week)
    if spent <= 0 or available <= 0:
        return None
    return timedelta(days=available * len(week) / spent)

"""Where values lie in a row, in percent of its width."""

from collections.abc import Callable
from xml.etree.ElementTree import Element

from matplotlib.ticker import MaxNLocator

from .markup import tag

MOST_TICKS = 4


class Scale:
    """From values to places in an SVG that is as wide as there is room.

    Args:
        low, high: Values at the left and the right end.

    Attributes:
        ticks: Round values between them.
    """

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        ticks = MaxNLocator(MOST_TICKS).tick_values(low, high).tolist()
        self.ticks = [tick for tick in ticks if low <= tick <= high]

    def share(self, value: float) -> float:
        """Place of a value in percent; what is beyond an end is put there."""
        share = (value - self.low) / (self.high - self.low)
        return 100 * min(max(share, 0.0), 1.0)

    def at(self, value: float) -> str:
        """Place of a value, as SVG has it."""
        return f'{self.share(value):.4g}%'

    def line(
        self, start: float, stop: float, y: float, width: float, colour: str
    ) -> Element:
        """A horizontal line.

        Args:
            start, stop: Values at its ends.
            y: Its height in px.
            width, colour: Of the line.
        """
        return tag(
            'line',
            x1=self.at(start),
            x2=self.at(stop),
            y1=y,
            y2=y,
            stroke=colour,
            stroke_width=width,
        )

    def grid(self, height: int) -> list[Element]:
        """Vertical lines at the ticks, that at 0 dark and on top."""
        return [
            tag(
                'line',
                x1=self.at(tick),
                x2=self.at(tick),
                y2=height,
                class_='tick' if tick else 'zero',
            )
            for tick in sorted({*self.ticks, 0.0}, key=abs, reverse=True)
        ]

    def axis(
        self, text: Callable[[float, int], str], unit: str = ''
    ) -> Element:
        """The ticks as numbers.

        Args:
            text: Writes a number with so many digits behind the point.
            unit: Written behind the last one.
        """
        digits = next(
            (n for n in (0, 1) if all(t == round(t, n) for t in self.ticks)), 2
        )
        texts = [text(tick, digits) for tick in self.ticks]
        if unit:
            texts[-1] += f' {unit}'
        return tag(
            'svg',
            *(
                tag(
                    'text',
                    written,
                    x=self.at(tick),
                    y=11,
                    text_anchor='middle',
                )
                for tick, written in zip(self.ticks, texts, strict=True)
            ),
            height=15,
            aria_hidden='true',
        )

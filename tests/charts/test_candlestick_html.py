"""The chart of a viewer in one HTML file."""

import pandas as pd
import pytest

from finance_core import i18n
from finance_core.bars import candles, curves
from finance_core.bars.curves import Chosen
from finance_core.charts import candlestick_html
from finance_core.charts.style import Style
from tests import pages


@pytest.fixture
def bars() -> pd.DataFrame:
    return candles.clean(pages.made_table(halted=3))[0].tail(60)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_chart_in_a_file_is_gap_free_and_needs_no_network(bars: pd.DataFrame, language: i18n.Language) -> None:
    i18n.use_language(language)
    chosen = [Chosen("ma", (5,)), Chosen("macd", (12, 26, 9)), Chosen("sar", (0.02, 0.2))]
    averages = curves.curves(bars, chosen)
    figure = candlestick_html.candlestick(bars, averages, Style(sample=True, scale="log"), "삼성전자 005930")
    i18n.use_language("ko")
    candlesticks, volume, average, macd, signal, *histogram, sar = figure.data
    assert list(candlesticks.close) == bars["close"].tolist()
    assert list(average.y)[4:] == averages[0].values.tolist()[4:]
    assert (macd.name, signal.name) == ("MACD(12,26,9)", f"MACD(12,26,9) {'시그널' if language == 'ko' else 'signal'}")
    assert [macd.yaxis, *(bars.yaxis for bars in histogram)] == ["y3"] * 3, "a pane of its own"
    assert (sar.mode, sar.yaxis) == ("markers", "y")
    assert list(volume.y) == bars["volume"].tolist()
    assert figure.layout.xaxis.type == "category"
    assert figure.layout.yaxis.type == "log"
    assert ("표본" if language == "ko" else "Sample") in figure.layout.title.text
    page = figure.to_html()
    assert "삼성전자" in page or "\\uc0bc" in page
    assert 'src="http' not in page

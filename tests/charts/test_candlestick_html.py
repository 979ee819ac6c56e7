"""The chart of a viewer in one HTML file."""

import pandas as pd
import pytest

from finance_core import i18n
from finance_core.bars import candles, indicators
from finance_core.categories import Average
from finance_core.charts import candlestick_html
from finance_core.charts.style import Style
from tests import pages


@pytest.fixture
def bars() -> pd.DataFrame:
    return candles.clean(pages.made_table(halted=3))[0].tail(60)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_chart_in_a_file_is_gap_free_and_needs_no_network(bars: pd.DataFrame, language: i18n.Language) -> None:
    i18n.use_language(language)
    averages = indicators.moving_averages(bars["close"], [Average(5)])
    figure = candlestick_html.candlestick(bars, averages, Style(sample=True, scale="log"), "삼성전자 005930")
    i18n.use_language("ko")
    candlesticks, average, volume = figure.data
    assert list(candlesticks.close) == bars["close"].tolist()
    assert list(average.y)[4:] == averages[Average(5)].tolist()[4:]
    assert list(volume.y) == bars["volume"].tolist()
    assert figure.layout.xaxis.type == "category"
    assert figure.layout.yaxis.type == "log"
    assert ("표본" if language == "ko" else "Sample") in figure.layout.title.text
    page = figure.to_html()
    assert "삼성전자" in page or "\\uc0bc" in page
    assert 'src="http' not in page

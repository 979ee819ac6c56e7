"""The table of indicators: the name of each, what it is computed from, where and how it is drawn.

To add an indicator, add a row to `INDICATORS` and nothing else: menus, URLs, charts, tables and downloads follow the
table. The arithmetic is in `formulas`; the indicators that a visitor chose, and their values, are in `curves`.

>>> row = INDICATORS["rsi"]
>>> row.pane, row.inputs, [setting.default for setting in row.settings]
('own', ('close',), [14])
"""

from dataclasses import replace
from typing import Final

from finance_core.bars import formulas
from finance_core.bars.indicator import Indicator, Line, Setting
from finance_core.i18n import N_


def _window(default: int, name: str = N_("봉 수")) -> Setting:
    return Setting(name, default, 2, 500)


def _windows(*windows: int) -> int:
    """Bars before the first value where windows of these lengths follow one another: a mean of means."""
    return sum(windows) - len(windows)


BANDS: Final = Line(N_("상단")), Line(N_("중심")), Line(N_("하단"))
PERCENT: Final = 0.0, 100.0
MURPHY: Final = "John J. Murphy, Technical Analysis of the Financial Markets (1999)"
WILDER: Final = "J. Welles Wilder, New Concepts in Technical Trading Systems (1978)"
LANE: Final = "George C. Lane, Lane's Stochastics, Technical Analysis of Stocks & Commodities (1984)"
NISON: Final = "Steve Nison, Beyond Candlesticks (1994)"

MA: Final = Indicator(
    key="ma",
    label="MA",
    name=N_("단순이동평균"),
    definition=N_("최근 N개 봉의 평균입니다."),
    source=MURPHY,
    inputs=("close",),
    formula=formulas.simple_average,
    warm_up=_windows,
    settings=(_window(20),),
    pane="price",
    unit="price",
)
EMA: Final = replace(
    MA,
    key="ema",
    label="EMA",
    name=N_("지수이동평균"),
    definition=N_("새 봉의 무게가 2/(N+1)인 평균입니다. 처음 N개 봉의 평균에서 시작합니다."),
    formula=formulas.exponential_average,
    settings=(_window(12),),
)
WMA: Final = replace(
    MA,
    key="wma",
    label="WMA",
    name=N_("가중이동평균"),
    definition=N_("최근 N개 봉을 오래된 것부터 1, 2, …, N의 무게로 평균한 값입니다."),
    formula=formulas.weighted_average,
)


def _of_volume(row: Indicator, label: str, name: str) -> Indicator:
    """The average `row` over volumes."""
    key, settings = f"volume_{row.key}", (_window(20),)
    return replace(
        row, key=key, label=label, name=name, inputs=("volume",), settings=settings, pane="volume", unit="shares"
    )


_ROWS: Final = (
    MA,
    EMA,
    WMA,
    Indicator(
        key="bollinger",
        label=N_("볼린저"),
        name=N_("볼린저 밴드"),
        definition=N_("최근 N개 종가의 평균과, 그 위아래로 표준편차(모집단)의 몇 배만큼 떨어진 두 선입니다."),
        source="John Bollinger, Bollinger on Bollinger Bands (2001)",
        inputs=("close",),
        formula=formulas.bollinger,
        warm_up=lambda window, _deviations: window - 1,
        settings=(_window(20), Setting(N_("표준편차"), 2, 0.1, 10, 0.1)),
        lines=BANDS,
        filled=(0, 2),
        pane="price",
        unit="price",
    ),
    Indicator(
        key="envelope",
        label=N_("엔벨로프"),
        name=N_("엔벨로프"),
        definition=N_("최근 N개 종가의 평균과, 그 위아래로 정한 %만큼 떨어진 두 선입니다."),
        source=MURPHY,
        inputs=("close",),
        formula=formulas.envelope,
        warm_up=lambda window, _percent: window - 1,
        settings=(_window(20), Setting("%", 6, 0.1, 50, 0.1)),
        lines=BANDS,
        filled=(0, 2),
        pane="price",
        unit="price",
    ),
    Indicator(
        key="ichimoku",
        label=N_("일목"),
        name=N_("일목균형표"),
        definition=N_(
            "선마다 기간의 최고가와 최저가의 중간입니다. 선행스팬은 기준선의 봉 수만큼 오른쪽에, 후행스팬(종가)은 "
            "그만큼 왼쪽에 그립니다. 선행스팬은 거래소 달력에 있는 앞날까지 이어집니다."
        ),
        source="Goichi Hosoda, Ichimoku Kinko Hyo (1969)",
        inputs=("high", "low", "close"),
        formula=formulas.ichimoku,
        warm_up=lambda conversion, base, span: max(conversion, base, span) - 1,
        settings=(_window(9, N_("전환선")), _window(26, N_("기준선")), _window(52, N_("선행스팬 B"))),
        lines=(
            Line(N_("전환선")),
            Line(N_("기준선"), hue=1),
            Line(N_("선행스팬 A"), hue=2, shift=lambda _conversion, base, _span: base),
            Line(N_("선행스팬 B"), hue=3, shift=lambda _conversion, base, _span: base),
            Line(N_("후행스팬"), hue=4, shift=lambda _conversion, base, _span: -base),
        ),
        filled=(2, 3),
        pane="price",
        unit="price",
    ),
    Indicator(
        key="sar",
        label="SAR",
        name=N_("파라볼릭 SAR"),
        definition=N_("새 고점이나 저점마다 빨라지며 가격에 다가가는 점입니다. 가격이 닿으면 반대편으로 옮깁니다."),
        source=WILDER,
        inputs=("high", "low"),
        formula=formulas.parabolic_sar,
        warm_up=lambda _step, _most: 1,
        settings=(Setting(N_("가속"), 0.02, 0.001, 0.5, 0.001), Setting(N_("최대"), 0.2, 0.01, 1, 0.01)),
        lines=(Line(mark="dots"),),
        pane="price",
        unit="price",
    ),
    _of_volume(MA, N_("거래량 MA"), N_("거래량 단순이동평균")),
    _of_volume(EMA, N_("거래량 EMA"), N_("거래량 지수이동평균")),
    _of_volume(WMA, N_("거래량 WMA"), N_("거래량 가중이동평균")),
    Indicator(
        key="rsi",
        label="RSI",
        name=N_("RSI (상대강도지수)"),
        definition=N_("와일더의 평균으로 잰 등락 가운데 상승의 몫(%)입니다. 종가가 움직인 적이 없으면 없습니다."),
        source=WILDER,
        inputs=("close",),
        formula=formulas.rsi,
        warm_up=lambda window: window,
        settings=(_window(14),),
        levels=(30, 70),
        bounds=PERCENT,
    ),
    Indicator(
        key="macd",
        label="MACD",
        name="MACD",
        definition=N_("종가의 단기 지수이동평균에서 장기를 뺀 값, 그 지수이동평균(시그널), 둘의 차이입니다."),
        source="Gerald Appel, The Moving Average Convergence-Divergence Trading Method (1979)",
        inputs=("close",),
        formula=formulas.macd,
        warm_up=lambda _fast, slow, signal: _windows(slow, signal),
        settings=(_window(12, N_("단기")), _window(26, N_("장기")), _window(9, N_("시그널"))),
        lines=(Line(), Line(N_("시그널"), hue=1), Line(N_("오실레이터"), mark="columns")),
        unit="price",
        levels=(0,),
        ascending=2,
    ),
    Indicator(
        key="stochastic",
        label=N_("스토캐스틱"),
        name=N_("스토캐스틱 슬로우"),
        definition=N_(
            "기간의 최저가와 최고가 사이 종가의 자리(%)를 평균한 %K와 그 평균 %D입니다. 가격이 하나뿐이면 없습니다."
        ),
        source=LANE,
        inputs=("high", "low", "close"),
        formula=formulas.slow_stochastic,
        warm_up=_windows,
        settings=(_window(14), Setting("%K", 3, 1, 500), Setting("%D", 3, 1, 500)),
        lines=(Line("%K"), Line("%D", hue=1)),
        levels=(20, 80),
        bounds=PERCENT,
    ),
    Indicator(
        key="fast_stochastic",
        label=N_("스토캐스틱 F"),
        name=N_("스토캐스틱 패스트"),
        definition=N_("기간의 최저가와 최고가 사이 종가의 자리 %K와 그 평균 %D입니다. 가격이 하나뿐이면 없습니다."),
        source=LANE,
        inputs=("high", "low", "close"),
        formula=formulas.fast_stochastic,
        warm_up=_windows,
        settings=(_window(14), Setting("%D", 3, 1, 500)),
        lines=(Line("%K"), Line("%D", hue=1)),
        levels=(20, 80),
        bounds=PERCENT,
    ),
    Indicator(
        key="atr",
        label="ATR",
        name=N_("ATR (평균진폭)"),
        definition=N_("전날 종가에서 벌어진 폭까지 센 하루 진폭을 와일더의 평균으로 잰 값입니다."),
        source=WILDER,
        inputs=("high", "low", "close"),
        formula=formulas.atr,
        warm_up=lambda window: window,
        settings=(_window(14),),
        unit="price",
    ),
    Indicator(
        key="obv",
        label="OBV",
        name=N_("OBV (누적 거래량)"),
        definition=N_(
            "종가가 오른 봉의 거래량을 더하고 내린 봉의 거래량을 뺀 합입니다. 첫 봉의 거래량에서 시작합니다."
        ),
        source="Joseph E. Granville, New Key to Stock Market Profits (1963)",
        inputs=("close", "volume"),
        formula=formulas.obv,
        warm_up=lambda: 0,
        unit="shares",
    ),
    Indicator(
        key="mfi",
        label="MFI",
        name=N_("MFI (자금흐름지수)"),
        definition=N_("거래대금 가운데 (고가+저가+종가)/3이 오른 봉의 몫(%)입니다. 거래가 없던 기간에는 없습니다."),
        source="Gene Quong and Avrum Soudack, Volume-Weighted RSI: Money Flow (1989)",
        inputs=("high", "low", "close", "volume"),
        formula=formulas.mfi,
        warm_up=lambda window: window,
        settings=(_window(14),),
        levels=(20, 80),
        bounds=PERCENT,
    ),
    Indicator(
        key="cci",
        label="CCI",
        name=N_("CCI (상품채널지수)"),
        definition=N_("(고가+저가+종가)/3이 그 평균에서 떨어진 거리를 평균편차의 0.015배로 나눈 값입니다."),
        source="Donald R. Lambert, Commodity Channel Index, Commodities (1980)",
        inputs=("high", "low", "close"),
        formula=formulas.cci,
        warm_up=_windows,
        settings=(_window(20),),
        levels=(-100, 100),
    ),
    Indicator(
        key="adx",
        label="ADX",
        name=N_("ADX (평균방향지수)"),
        definition=N_("방향을 가리지 않은 추세의 세기(ADX)와, 오르는 쪽(+DI)과 내리는 쪽(−DI)의 세기입니다."),
        source=WILDER,
        inputs=("high", "low", "close"),
        formula=formulas.adx,
        warm_up=lambda window: 2 * window - 1,
        settings=(_window(14),),
        lines=(Line(), Line("+DI", hue=1), Line("−DI", hue=2)),
        levels=(25,),
        bounds=PERCENT,
    ),
    Indicator(
        key="disparity",
        label=N_("이격도"),
        name=N_("이격도"),
        definition=N_("종가가 최근 N개 종가의 평균의 몇 %인지입니다."),
        source=NISON,
        inputs=("close",),
        formula=formulas.disparity,
        warm_up=_windows,
        settings=(_window(20),),
        levels=(100,),
    ),
    Indicator(
        key="psychological",
        label=N_("투자심리도"),
        name=N_("투자심리도"),
        definition=N_("최근 N개 종가 가운데 전 봉보다 오른 것의 몫(%)입니다."),
        source=MURPHY,
        inputs=("close",),
        formula=formulas.psychological,
        warm_up=lambda window: window,
        settings=(_window(10),),
        levels=(25, 75),
        bounds=PERCENT,
    ),
)

INDICATORS: Final[dict[str, Indicator]] = {row.key: row for row in _ROWS}
"""By key."""

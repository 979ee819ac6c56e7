"""Korean for the words that Streamlit and Plotly themselves write on a page: both have them only in English.

The browser replaces them where they appear (`streamlit_words.js`), but only in `PLACES`, which hold no text of ours: a
company may be called Zoom.
"""

from pathlib import Path
from typing import Final

import streamlit as st

from finance_core import i18n

PLACES: Final = (
    "stFileUploader",
    "stElementToolbar",
    "stTooltipContent",
    "stStatusWidget",
    "stMainMenuButton",
    "stMainMenuPopover",
    "stMainMenuList",
    "stThemeSwitcher",
    "stSkipToContent",
    "stSidebar",
    "stCode",
    "stSidebarCollapseButton",
    "stExpandSidebarButton",
    "stHeaderActionElements",
    "stSelectbox",
    "stMultiSelect",
    "stSelectboxVirtualDropdown",
    "stDataFrameColumnMenu",
    "stDataFrameColumnFormattingMenu",
    "stDataFrameStatisticsMetrics",
    "stDateInput",
    "stDateInputQuickSelect",
    "stDateInputQuickSelectPopover",
    "stNumberInput",
    "InputInstructions",
    "stDialog",
    "stPagination",
)
"""The `data-testid`s of the elements whose words are replaced, beside the buttons of a Plotly figure and of help."""

WORDS: Final = {
    "Pagination": "쪽",
    "Previous page": "앞 쪽",
    "Next page": "다음 쪽",
    "Upload": "올리기",
    "file upload": "파일 올리기",
    "Add files": "파일 더하기",
    "Choose an option": "고르십시오",
    "Connection error": "서버와 연결이 끊겼습니다",
    "Is Streamlit still running? If you accidentally stopped Streamlit, just restart it in your terminal:": (
        "서버를 다시 켜면 이 화면이 저절로 이어집니다. 켜는 명령:"
    ),
    "streamlit run yourscript.py": "streamlit run Home.py",
    "Choose options": "고르십시오",
    "No results": "찾은 것이 없습니다",
    "Error": "오류",
    "No options to select": "고를 것이 없습니다",
    "Open": "펼치기",
    "Clear value": "비우기",
    "Choose date range": "날짜 고르기",
    "Choose date": "날짜 고르기",
    "Date range": "기간",
    "Quick select a date range": "기간 고르기",
    "Select...": "고르십시오",
    "Past Week": "지난 1주",
    "Past Month": "지난 1개월",
    "Past 3 Months": "지난 3개월",
    "Past 6 Months": "지난 6개월",
    "Past Year": "지난 1년",
    "Past 2 Years": "지난 2년",
    "Increment": "늘리기",
    "Decrement": "줄이기",
    "Download as CSV": "CSV로 내려받기",
    "Download as PNG": "PNG로 내려받기",
    "Fullscreen": "전체 화면",
    "Close fullscreen": "전체 화면 닫기",
    "Search": "찾기",
    "Show/hide columns": "열 보이기·숨기기",
    "Copy to clipboard": "복사",
    "Copied": "복사했습니다",
    "Sort ascending": "오름차순 정렬",
    "Sort descending": "내림차순 정렬",
    "Clear selection": "고른 것 비우기",
    "Statistics": "통계",
    "Values": "값의 수",
    "Empty": "빈 칸",
    "Distinct": "서로 다른 값",
    "Average": "평균",
    "Standard deviation": "표준편차",
    "Minimum": "최솟값",
    "25th percentile": "아래 1/4",
    "Median": "중앙값",
    "75th percentile": "위 1/4",
    "Maximum": "최댓값",
    "Sum": "합계",
    "Minimum length": "가장 짧은 길이",
    "Maximum length": "가장 긴 길이",
    "Average length": "평균 길이",
    "Format": "서식",
    "Automatic": "자동",
    "Localized": "자릿수 쉼표",
    "Plain": "쉼표 없이",
    "Compact": "줄여서",
    "Dollar": "달러",
    "Euro": "유로",
    "Yen": "엔",
    "Percent": "퍼센트",
    "Scientific": "지수 표기",
    "Accounting": "회계",
    "Duration": "걸린 시간",
    "Autosize": "너비 맞춤",
    "Pin column": "열 고정",
    "Unpin column": "열 고정 풀기",
    "Hide column": "열 숨기기",
    "Stop": "멈춤",
    "Running...": "실행 중",
    "Main menu": "메뉴",
    "Print": "인쇄",
    "Record screen": "화면 녹화",
    "Stop recording": "녹화 멈춤",
    "Rerun": "다시 실행",
    "Clear cache": "캐시 비우기",
    "Settings": "설정",
    "Theme": "밝기",
    "System": "시스템",
    "Light": "밝게",
    "Dark": "어둡게",
    "Copy version to clipboard": "버전 복사",
    "Sidebar": "옆 메뉴",
    "View less": "접기",
    "App pages": "화면 목록",
    "Skip to main content": "본문으로",
    "Collapse sidebar": "옆 메뉴 접기",
    "Expand sidebar": "옆 메뉴 펼치기",
    "Link to heading": "이 제목의 주소",
    "Download plot as a PNG": "PNG로 내려받기",
    "Zoom": "끌어서 확대",
    "Pan": "끌어서 옮기기",
    "Zoom in": "확대",
    "Zoom out": "축소",
    "Autoscale": "모두 보기",
    "Reset axes": "처음으로",
    "Box Select": "네모로 고르기",
    "Lasso Select": "올가미로 고르기",
    "Close": "닫기",
    "Help": "도움말",
    "Error:": "오류:",
    "Page not found": "없는 화면입니다",
    "The page that you have requested does not seem to exist. Running the app's main page.": (
        "요청하신 화면이 없어 첫 화면을 보여 드립니다."
    ),
}
PATTERNS: Final = {
    r"^Page (\d+)$": "$1쪽",
    r"^(?:Limit )?(\d+)\s?([KMG]B) per file": "파일당 $1$2까지",
    r"^Press (.*)Enter to (?:apply|submit form)$": "$1Enter로 적용",
    r"^Help for (.*)$": "도움말: $1",
    r"^View (\d+) more$": "$1개 더 보기",
    r"^Add: (.*)$": "더하기: $1",
    r"^Remove (.+\.\w+)$": "$1 빼기",
    r"^You can only select up to (\d+) options?\. Remove .*": "$1개까지 고르며, 먼저 하나를 빼야 합니다.",
    r"^(?:.*) files are not allowed\.$": "이런 파일은 받지 않습니다. 적힌 형식으로 저장하여 올리십시오.",
    r"Date set outside allowed range\. Please select a date on or before (.*)\.$": "$1까지의 날짜를 고르십시오.",
    r"Date set outside allowed range\. Please select a date on or after (.*)\.$": "$1부터의 날짜를 고르십시오.",
    r"^(?:Error: )?Number is outside the allowed range\. Please enter a value between (.*) and (.*)\.$": (
        "$1부터 $2까지의 수를 적으십시오."
    ),
    r"^(?:Error: )?Number is below the allowed range\..* or equal to (.*)\.$": "$1 이상의 수를 적으십시오.",
    r"^(?:Error: )?Number is above the allowed range\..* or equal to (.*)\.$": "$1 이하의 수를 적으십시오.",
    r"^You have requested page /(.*), but no .*$": "/$1 화면이 없어 첫 화면을 보여 드립니다.",
}
"""Regular expressions (JavaScript) for texts that contain numbers, with their replacements."""

_words = st.components.v2.component(
    "sisepan_streamlit_words", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def show() -> None:
    """Let the browser show the words in the visitor's language from now on."""
    is_korean = i18n.language() == "ko"
    _words(
        key="streamlit_words",
        data={"places": PLACES, "words": WORDS if is_korean else {}, "patterns": PATTERNS if is_korean else {}},
    )

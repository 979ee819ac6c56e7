"""Draws what lies below a page's first screen only once the visitor comes to it.

The script that draws Plotly's figures takes the browser more than a second, and the chart above would wait for it.
"""

import streamlit as st

_sign = st.components.v2.component(
    "sisepan_near",
    js="""export default ({ parentElement, setTriggerValue }) => {
      const observer = new IntersectionObserver(
        (seen) => seen.some((entry) => entry.isIntersecting) && setTriggerValue("came", true),
      );
      observer.observe((parentElement.host ?? parentElement).closest("[data-testid=stElementContainer]"));
      return () => observer.disconnect();
    }""",
)


def is_near(key: str) -> bool:
    """Whether the visitor has come to this place of the page in this visit; else draws what notices that he comes."""
    if not st.session_state.get(key):
        _sign(key=f"{key}_sign", on_came_change=lambda: st.session_state.update({key: True}))
    return bool(st.session_state.get(key))

"""Arithmetic on frames of daily bars: candles, indicators, comparisons of closes, sessions of exchanges. Pure.

Not here: where bars come from (`storage`, `updaters`) and how they are drawn (`charts`).
Imports `categories` and other small modules of `finance_core` only; no MongoDB, no Streamlit.
"""

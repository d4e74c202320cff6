"""Questions in plain words, by a small grammar over the catalogue of KPIs: no language model.

``[KPI] [by dimension] [period] [compared with ...] [above | below number]``, in any order. Every
word must be explained, or nothing is run: there are an answer, candidates to choose from, or the
words that were not understood, and never a guess.
"""

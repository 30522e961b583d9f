from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.data.preparation.columns import why_useless


@pytest.mark.parametrize("order", ["as sorted", "shuffled"])
def test_free_text_is_recognised_in_whatever_order_the_rows_are(order):
    # A quarter of the rows say "none"; the others have sentences, of which some come again.
    sentences = [f"the patient was seen again on day {i % 900} of all" for i in range(3000)]
    column = pd.Series(["none"] * 1000 + sentences, dtype=object, name="note")
    if order == "shuffled":
        column = column.iloc[np.random.default_rng(0).permutation(4000)]
    found = why_useless(column, first=False, several=True)
    assert found == "free text or names: almost no two rows share a value"


def test_categories_of_several_words_stay():
    names = ["a very long name of a category indeed", "another one that is of the same length"]
    column = pd.Series(np.array(names, dtype=object)[np.arange(3000) % 2], name="kind")
    assert why_useless(column, first=False, several=True) is None

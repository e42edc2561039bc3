"""Equal-length named columns: NumPy arrays, and dictionary-coded text.

Numbers are NumPy arrays with NaN for null; dates are `datetime64[D]` and times `datetime64[s]` with NaT for null; ids
are `int64` with 0 for null; money is `int64` cents; text is `Text`, codes into distinct values with -1 for null.
"""

from healthsim_core.columns.named import Columns, LengthError, Repeated, as_columns
from healthsim_core.columns.text import Column, Text, concat, is_null, spelled

__all__ = ["Column", "Columns", "LengthError", "Repeated", "Text", "as_columns", "concat", "is_null", "spelled"]

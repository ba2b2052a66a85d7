"""Display: tables and cards as text and as static HTML, DataFrames, a terminal."""

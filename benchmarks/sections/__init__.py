"""The page of benchmarks, a module for each part; each lists its result files in the order of the page."""

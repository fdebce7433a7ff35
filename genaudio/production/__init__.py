"""One track end to end: composed, screened, rendered and packaged with its provenance."""

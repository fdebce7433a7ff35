"""What all tests share: reproducible property tests, and as few threads as a busy machine can spare."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

os.environ.setdefault("OMP_NUM_THREADS", "2")
settings.register_profile("genaudio", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("genaudio")

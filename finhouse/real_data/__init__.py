"""The pipeline on data nobody here wrote, compared with reference figures (`make verify-real`)."""

from __future__ import annotations

from finhouse.real_data.verifying import verify_real

__all__ = ["verify_real"]

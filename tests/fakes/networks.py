"""Networks of the tests: what they serve themselves is on loopback, and cameras that nobody asks at 192.0.2.x."""

from __future__ import annotations

from alerts.notices.notice import Services
from config.networks import Networks
from hub.networks import webhooks_allowed

HERE = Networks(cameras=("loopback", "private", "192.0.2.0/24"), webhooks=("loopback", "private", "public"))
LOCAL_SERVICES = Services(allowed=webhooks_allowed(HERE))
"""What is lent to a channel whose recipient is a test."""

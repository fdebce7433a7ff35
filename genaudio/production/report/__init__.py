"""Reports for people: the verdict first, then what to hear and see for oneself."""

from genaudio.production.report.exhibit import Exhibit, Nearest
from genaudio.production.report.page import render_page

__all__ = ["Exhibit", "Nearest", "render_page"]

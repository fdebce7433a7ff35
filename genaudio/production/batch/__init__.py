"""Many tracks from one plan: composed and screened in order, rendered side by side, and gone on with after a stop."""

from genaudio.production.batch.document import PlanError, Problem
from genaudio.production.batch.orders import Order, orders_of
from genaudio.production.batch.plan import Plan
from genaudio.production.batch.reader import read_plan
from genaudio.production.batch.result import BatchResult
from genaudio.production.batch.run import run_batch, try_batch

__all__ = ["BatchResult", "Order", "Plan", "PlanError", "Problem", "orders_of", "read_plan", "run_batch", "try_batch"]

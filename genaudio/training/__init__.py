"""What every training shares: a budget of time or steps, a learning-rate curve, checkpoints that survive a kill."""

from genaudio.training.budget import Budget, parse_seconds
from genaudio.training.checkpoint import load_checkpoint, save_checkpoint
from genaudio.training.recipe import load_recipe
from genaudio.training.schedule import cosine

__all__ = ["Budget", "cosine", "load_checkpoint", "load_recipe", "parse_seconds", "save_checkpoint"]

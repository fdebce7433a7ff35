"""Training on one's own music: files read into works, with an account of what was left out, and a model that grows."""

from genaudio.melody.own_data.account import Account, Reject
from genaudio.melody.own_data.training import OwnTraining, train_own

__all__ = ["Account", "OwnTraining", "Reject", "train_own"]

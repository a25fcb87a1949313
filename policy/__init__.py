"""制度: one whole TOML file for each version ever in force. Past files are never changed."""

from policy.library import Policies, PolicyText, parse_policy, read_policy
from policy.model import Policy

__all__ = ["Policies", "Policy", "PolicyText", "parse_policy", "read_policy"]

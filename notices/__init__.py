"""通知: what customers and staff are told, in Chinese and English; one jinja2 file for each notice and language."""

from notices.render import Answer, Rendered, render, templates
from notices.words import label, matters, to_customer, words

__all__ = ["Answer", "Rendered", "label", "matters", "render", "templates", "to_customer", "words"]

"""制度维护: what of a policy the firm has to see to: what expires before long or did, plans past their review."""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import Enum

from contracts.said import Said
from policy.model import Policy

WARN_BEFORE = timedelta(days=30)
"""So long before its last day an expiry is warned of; ours."""


class Upkeep(Enum):
    """What has to be seen to, with its name, the policy's version and the day."""

    EXPIRES = Said(
        "Policy {version} expires on {day}; publish a new one.",
        "制度 {version} 将于 {day} 到期，请发布新制度。",
    )
    EXPIRED = Said(
        "Policy {version} expired on {day}: no case is opened under it.",
        "制度 {version} 已于 {day} 到期，不再据以受理新案件。",
    )
    NOTICE_EXPIRES = Said(
        "The notice {name} expires on {day}; renew it and publish a policy that says so (after {version}).",
        "通知模板 {name} 将于 {day} 到期，请更新模板并发布相应的新制度（现行 {version}）。",
    )
    NOTICE_EXPIRED = Said(
        "The notice {name} expired on {day}: no case is opened under policy {version}.",
        "通知模板 {name} 已于 {day} 到期，不再依制度 {version} 受理新案件。",
    )
    PLAN_OVERDUE = Said(
        "The contingency plan {name} of policy {version} was to be reviewed by {day}.",
        "制度 {version} 的应急预案 {name} 应于 {day} 前复核，现已逾期。",
    )

    def of(self, policy: Policy, day: date, name: str = "") -> Said:
        """The sentence with its values."""
        return self.value.filled(version=policy.version, day=day.isoformat(), name=name)


def upkeep(policy: Policy, day: date) -> list[Said]:
    """What has to be seen to on a day."""
    found = list(_expiry(policy, policy.expires, day, Upkeep.EXPIRES, Upkeep.EXPIRED))
    for notice, template in policy.templates.items():
        found += _expiry(policy, template.expires, day, Upkeep.NOTICE_EXPIRES, Upkeep.NOTICE_EXPIRED, notice)
    overdue = ((name, plan) for name, plan in policy.plans.items() if plan.overdue_on(day))
    return [*found, *(Upkeep.PLAN_OVERDUE.of(policy, plan.review_by, name) for name, plan in overdue)]


def _expiry(
    policy: Policy, last: date | None, day: date, before: Upkeep, after: Upkeep, name: str = ""
) -> Iterator[Said]:
    if last and day >= last - WARN_BEFORE:
        yield (after if day > last else before).of(policy, last, name)

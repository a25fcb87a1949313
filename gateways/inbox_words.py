"""What an inbox says of a task, in English and in Chinese: why it is there, and what happens if nothing is done."""

from enum import Enum

from contracts.said import Said
from contracts.tasks import RungKind


class Why(Enum):
    """Why a task stands in an inbox."""

    CLAIMED = Said("claimed by you", "由您认领")
    DELEGATED = Said("delegated to you by {who}", "{who} 委托您办理")
    DEPUTY = Said("as deputy of {who}, who is absent until {until}", "{who} 请假至 {until}，由您代为办理")
    YOUR_ROLE = Said("your role {roles}", "您的岗位：{roles}")
    ESCALATED = Said("escalated to your role {roles}", "已升级至您的岗位：{roles}")
    TELEPHONE = Said("the customer is to be telephoned by your role {roles}", "须由您的岗位（{roles}）致电客户")
    ROLE = Said("role {roles}", "岗位：{roles}")


class Otherwise(Enum):
    """What happens if nothing is done."""

    RUNG = Said(
        "{at}: {what}; nothing is approved by silence",
        "{at}：{what}；逾期不办不视为同意",
    )
    GIVEN_UP = Said(
        "{at}: {what}, and the case goes on as the policy says for no answer",
        "{at}：{what}，案件按制度中未答复的规定继续办理",
    )
    DEEMED = Said(
        "on {day} the notice has run out; silence is then deemed agreement by the rule that the policy names",
        "通知期于 {day} 届满；届时未提出异议的，依制度所载规定视为同意",
    )
    NOTHING = Said(
        "stays open; nothing is approved by silence",
        "待办保持未办结；逾期不办不视为同意",
    )
    PAUSED = Said(
        "stays as it is while the case is paused; nothing is approved by silence",
        "案件暂停期间保持现状；逾期不办不视为同意",
    )


CHANGES: dict[RungKind, Said] = {
    RungKind.ESCALATE: Said("escalated to {roles}", "升级至{roles}"),
    RungKind.ESCALATE_AGAIN: Said("escalated to {roles}", "再次升级至{roles}"),
    RungKind.NEXT_CHANNEL: Said("the customer is asked by the next channel", "改用下一渠道联系客户"),
    RungKind.PHONE: Said("the customer is telephoned", "致电客户"),
    RungKind.GIVE_UP: Said("given up", "不再等待"),
}
"""The rungs that change something; a reminder does not."""

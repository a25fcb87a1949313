"""What a decider is told who may not decide: for each ground a code and one sentence in English and in Chinese."""

from enum import Enum

from contracts.refusals import Code, Refused


class Ground(Enum):
    """Why a decision is not taken: the code, and the sentence in both languages with its values in braces."""

    NO_TASK = (
        Code.NOT_FOUND,
        "There is no task {task} in this case.",
        "本案件没有待办 {task}。",
    )
    DECIDED = (
        Code.ALREADY_DECIDED,
        "Task {task} was already decided: {option} by {by} at {at}.",
        "待办 {task} 已办结：{by} 于 {at} 决定“{option}”。",
    )
    ANSWERED = (
        Code.ALREADY_DECIDED,
        "This was already answered on {at}.",
        "该事项已于 {at} 答复。",
    )
    NOT_OPEN = (
        Code.TOO_LATE,
        "Task {task} is no longer open.",
        "待办 {task} 已不再受理。",
    )
    OPTION_UNKNOWN = (
        Code.OPTION_UNKNOWN,
        "Task {task} takes {options}, not '{option}'.",
        "待办 {task} 可选 {options}，没有“{option}”。",
    )
    REASON_MISSING = (
        Code.REASON_MISSING,
        "The decision '{option}' needs a reason (--reason).",
        "决定“{option}”须说明理由（--reason）。",
    )
    DATA_UNKNOWN = (
        Code.BAD_INPUT,
        "The decision '{option}' takes no data of the name {names}.",
        "决定“{option}”不接受名为 {names} 的 data。",
    )
    DATA_MISSING = (
        Code.BAD_INPUT,
        "The decision '{option}' needs data.{name}: {choices}.",
        "决定“{option}”须提供 data.{name}，取值：{choices}。",
    )
    ABSENT = (
        Code.FORBIDDEN,
        "{who} is absent today.",
        "{who} 今日请假。",
    )
    RECUSED = (
        Code.FORBIDDEN,
        "{who} is recused from this case.",
        "{who} 已就本案件回避。",
    )
    OTHER_TASK = (
        Code.FORBIDDEN,
        "This token is for task {bound}.",
        "该令牌仅用于待办 {bound}。",
    )
    OTHER_OPTION = (
        Code.FORBIDDEN,
        "This token is for the option '{bound}'.",
        "该令牌仅用于选项“{bound}”。",
    )
    ROLE_NOT_HELD = (
        Code.FORBIDDEN,
        "{who} holds none of the roles that may decide {task}: {roles}.",
        "{who} 不具备可办理 {task} 的岗位：{roles}。",
    )
    OWN_WORK = (
        Code.FOUR_EYES,
        "{who} made or asked for what task {task} decides; somebody else must decide.",
        "待办 {task} 所决定的事项由 {who} 经办或提出，须由他人决定。",
    )
    CUSTOMER = (
        Code.FOUR_EYES,
        "{who} is the customer of this case; somebody else must decide.",
        "{who} 即本案件客户本人，须由他人决定。",
    )
    RELATED = (
        Code.FOUR_EYES,
        "{who} is related to the customer of this case; somebody else must decide.",
        "{who} 与本案件客户存在关联关系，须由他人决定。",
    )
    TWICE = (
        Code.FOUR_EYES,
        "{who} has decided task {task} before, in person or by a deputy; it takes different people.",
        "{who} 本人或其代理人已就待办 {task} 作出决定，须由不同人员决定。",
    )
    ROLE_STILL_MISSING = (
        Code.FOUR_EYES,
        "What is left to decide on task {task} is kept for the role {roles}, which {who} does not hold.",
        "待办 {task} 余下的名额留给岗位 {roles}，{who} 不具备该岗位。",
    )
    ROLES_ALIKE = (
        Code.FOUR_EYES,
        "Task {task} takes people of different roles; the role of {who} has decided already.",
        "待办 {task} 须由不同岗位的人员决定，{who} 的岗位已有人决定。",
    )

    @property
    def code(self) -> Code:
        """The code of the refusal."""
        return self.value[0]

    def refusal(self, **values: str) -> Refused:
        """The refusal with its values filled in."""
        _, english, chinese = self.value
        return Refused(self.code, english.format(**values), chinese=chinese.format(**values))

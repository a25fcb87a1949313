"""How the workers of tests run workflows: in the sandbox of worker.py, which takes a look at each of them first."""

from typing import Any

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from worker import SANDBOX

_SEEN: set[str] = set()


class PreparedOnce(SandboxedWorkflowRunner):
    """Takes that look once in a process. For each of the workers of a thousand tests it was a quarter of the time that
    they took."""

    def prepare_workflow(self, defn: Any) -> None:
        """The look is an import of all that the workflow imports; an error of it is raised."""
        if defn.name not in _SEEN:
            super().prepare_workflow(defn)
            _SEEN.add(defn.name)


def prepared() -> PreparedOnce:
    """A runner for one worker; it remembers what that worker is told."""
    return PreparedOnce(restrictions=SANDBOX)
